package route

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// asciiName is a name as the DNS has it: in A-labels if it is internationalized
// (RFC 5891), in lower case. What can be no name is a fault of the
// configuration, and is not asked for.
func asciiName(name string) (string, *smtperr.Error) {
	ascii := strings.ToLower(name)
	if !isASCII(name) {
		var err error
		if ascii, err = idna.Lookup.ToASCII(name); err != nil {
			return "", smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseDNS, err)
		}
	}
	if !isName(ascii) {
		return "", smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseDNS,
			fmt.Errorf("%q is neither a host name nor an IP address", name))
	}
	return ascii, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > '~' {
			return false
		}
	}
	return true
}

// isName has the limits of RFC 1035 §2.3.4. The underscore is no letter of host
// names, but such hosts exist, among them MX hosts of large providers. A last
// label of digits is a mistyped IPv4 address (RFC 1123 §2.1).
func isName(name string) bool {
	const longestName, longestLabel = 253, 63
	name = strings.TrimSuffix(name, ".")
	if len(name) > longestName {
		return false
	}
	last := ""
	for last = range strings.SplitSeq(name, ".") {
		if last == "" || len(last) > longestLabel || strings.ContainsFunc(last, isForeign) {
			return false
		}
	}
	return strings.Trim(last, "0123456789") != ""
}

func isForeign(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
}
