//go:build e2e

package e2e

// The one user that the servers authenticate.
const (
	username      = "tester"
	password      = "correct-horse"
	wrongPassword = "battery-staple"
)

// secrets must never be seen in what the product writes.
var secrets = []string{password, wrongPassword, clientSecret, refreshToken}
