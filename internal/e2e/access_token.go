//go:build e2e

package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// accessToken is a JSON Web Token (RFC 7519) for a user, as an identity
// provider signs it with a key that the server knows.
func accessToken(subject, key string, expires time.Time) string {
	part := base64.RawURLEncoding.EncodeToString
	now := time.Now()
	signed := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		part(fmt.Appendf(nil, `{"sub":%q,"iat":%d,"nbf":%d,"exp":%d}`, subject, now.Unix()-60, now.Unix()-60, expires.Unix()))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + part(mac.Sum(nil))
}
