package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
)

// maxSTSAge is the longest max_age (RFC 8461 §3.2): about a year.
const maxSTSAge = 31557600 * time.Second

// STSPolicy is an MTA-STS policy (RFC 8461 §3.2).
type STSPolicy struct {
	Mode   STS
	MaxAge time.Duration
	MX     []string // host names in lower case; "*." stands for one label
}

// Covers reports whether the policy lists an MX host. A wildcard stands for
// exactly one leftmost label (RFC 8461 §4.1).
func (p *STSPolicy) Covers(host string) bool {
	host = normalize(host)
	_, parent, _ := strings.Cut(host, ".")
	return slices.ContainsFunc(p.MX, func(pattern string) bool {
		domain, wildcard := strings.CutPrefix(pattern, "*.")
		return pattern == host || wildcard && domain == parent
	})
}

// check reports why the mode is not valid, or needs an mx.
func (p *STSPolicy) check() error {
	switch p.Mode {
	case STSNone:
		return nil
	case STSTesting, STSEnforce:
		if len(p.MX) == 0 {
			return errors.New("the policy has no mx")
		}
		return nil
	}
	return errors.New("the policy's mode is not none, testing or enforce")
}

// recordID matches the id of an MTA-STS record (RFC 8461 §3.1).
var recordID = regexp.MustCompile(`^[A-Za-z0-9]{1,32}$`)

var (
	errNoSTSRecord   = errors.New("no MTA-STS record")
	errInvalidID     = errors.New("the MTA-STS record has no valid id")
	errInvalidMaxAge = errors.New("the policy's max_age is not a number of seconds up to 31557600")
)

// parseSTSRecord returns the id in the TXT records of _mta-sts. Exactly one of
// them must be an MTA-STS record (RFC 8461 §3.1). If none is, the error is
// errNoSTSRecord.
func parseSTSRecord(records []dns.RR) (id string, err error) {
	var found []string
	for _, record := range records {
		if t, ok := record.(*dns.TXT); ok {
			if text := strings.Join(t.Txt, ""); isSTSRecord(text) {
				found = append(found, text)
			}
		}
	}
	switch len(found) {
	case 0:
		return "", errNoSTSRecord
	case 1:
	default:
		return "", fmt.Errorf("%d MTA-STS records, of which senders use none", len(found))
	}
	for _, field := range strings.Split(found[0], ";")[1:] {
		key, value, _ := strings.Cut(strings.Trim(field, " \t"), "=")
		if key == "id" && id == "" {
			id = value
		}
	}
	if !recordID.MatchString(id) {
		return "", errInvalidID
	}
	return id, nil
}

// isSTSRecord reports whether a TXT record begins with the version of MTA-STS.
func isSTSRecord(text string) bool {
	version, _, found := strings.Cut(text, ";")
	return found && strings.TrimRight(version, " \t") == "v=STSv1"
}

// parsePolicy parses a policy (RFC 8461 §3.2). Unknown keys are ignored, and so
// are all but the first line with the same key, except mx.
func parsePolicy(body []byte) (*STSPolicy, error) {
	values := make(map[string]string)
	p := &STSPolicy{}
	for line := range strings.Lines(string(body)) {
		key, value, found := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		key, value = strings.Trim(key, " \t"), strings.Trim(value, " \t")
		if !found {
			if key != "" {
				return nil, errors.New("a line of the policy has no colon")
			}
			continue
		}
		if _, repeated := values[key]; !repeated {
			values[key] = value
		}
		if key == "mx" {
			pattern, err := parseMX(value)
			if err != nil {
				return nil, err
			}
			p.MX = append(p.MX, pattern)
		}
	}
	if values["version"] != "STSv1" {
		return nil, errors.New("the policy does not have version: STSv1")
	}
	p.Mode = STS(values["mode"])
	if err := p.check(); err != nil {
		return nil, err
	}
	var err error
	p.MaxAge, err = parseMaxAge(values["max_age"])
	return p, err
}

func parseMaxAge(text string) (time.Duration, error) {
	const maxDigits = 10 // RFC 8461 §3.2
	seconds, err := strconv.ParseUint(text, 10, 64)
	if err != nil || len(text) > maxDigits || seconds > uint64(maxSTSAge/time.Second) {
		return 0, errInvalidMaxAge
	}
	return time.Duration(seconds) * time.Second, nil
}

func parseMX(pattern string) (string, error) {
	domain, wildcard := strings.CutPrefix(pattern, "*.")
	name, err := hostname.ASCII(domain)
	if err != nil || strings.HasSuffix(name, ".") {
		return "", errors.New("an mx of the policy is not a host name")
	}
	if wildcard {
		return "*." + name, nil
	}
	return name, nil
}
