//go:build e2e

package e2e

// The account that the servers have.
const (
	Username      = "tester"
	Password      = "correct-horse"
	WrongPassword = "battery-staple"

	// The token endpoint's grants (RFC 6749 §4.4, §6).
	clientSecret = "staple-of-the-client"        //nolint:gosec // used in tests only
	refreshToken = "refresh-token-of-the-client" //nolint:gosec // used in tests only
)

// secrets must not appear in any output of the product.
var secrets = []string{Password, WrongPassword, clientSecret, refreshToken}
