//go:build e2e

package e2e

// The one user that the servers authenticate.
const (
	username      = "tester"
	password      = "correct-horse"
	wrongPassword = "battery-staple"

	// What OAuth2's grants are given for.
	clientSecret = "staple-of-the-client"        //nolint:gosec // nobody's
	refreshToken = "refresh-token-of-the-client" //nolint:gosec // nobody's
)

// secrets must never be seen in what the product writes.
var secrets = []string{password, wrongPassword, clientSecret, refreshToken}
