//go:build e2e

package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// accessToken returns a JSON Web Token (RFC 7519) for a user, signed with HMAC
// and a key that the server shares.
func accessToken(subject, key string, expires time.Time) string {
	encode := base64.RawURLEncoding.EncodeToString
	now := time.Now()
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
		encode(fmt.Appendf(nil, `{"sub":%q,"iat":%d,"nbf":%d,"exp":%d}`, subject, now.Unix()-60, now.Unix()-60, expires.Unix()))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}
