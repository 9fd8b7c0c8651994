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

// STS is the state of MTA-STS for one domain.
type STS string

// The states of MTA-STS. The first three are modes of a policy.
const (
	STSNone       STS = "none"
	STSTesting    STS = "testing"
	STSEnforce    STS = "enforce"
	STSFetchError STS = "fetch_error"
	STSInvalid    STS = "invalid"
)

// maxSTSAge is the longest max_age (RFC 8461 §3.2): about a year.
const maxSTSAge = 31557600 * time.Second

// STSPolicy is an MTA-STS policy (RFC 8461 §3.2).
type STSPolicy struct {
	Mode   STS
	MaxAge time.Duration
	MX     []string // host names in lower case, or "*." and a domain
}

// Covers reports whether the policy lists an MX host (RFC 8461 §4.1). A wildcard
// is for one leftmost label.
func (p *STSPolicy) Covers(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	_, parent, _ := strings.Cut(host, ".")
	return slices.ContainsFunc(p.MX, func(pattern string) bool {
		domain, wild := strings.CutPrefix(pattern, "*.")
		return pattern == host || wild && domain == parent
	})
}

// noRecord is the absence of an MTA-STS record.
var errNoRecord = errors.New("no MTA-STS record")

// recordID is the grammar of an id (RFC 8461 §3.1).
var recordID = regexp.MustCompile(`^[A-Za-z0-9]{1,32}$`)

// readRecord finds the id in the TXT records of _mta-sts (RFC 8461 §3.1), of
// which exactly one must be of MTA-STS. Without any, the error is errNoRecord.
func readRecord(records []dns.RR) (id string, err error) {
	var found []string
	for _, record := range records {
		if t, ok := record.(*dns.TXT); ok {
			if text := strings.Join(t.Txt, ""); isSTS(text) {
				found = append(found, text)
			}
		}
	}
	switch len(found) {
	case 0:
		return "", errNoRecord
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
		return "", errors.New("the MTA-STS record has no valid id")
	}
	return id, nil
}

// isSTS reports whether a TXT record begins with the version of MTA-STS.
func isSTS(text string) bool {
	version, _, found := strings.Cut(text, ";")
	return found && strings.TrimRight(version, " \t") == "v=STSv1"
}

// parsePolicy reads a policy (RFC 8461 §3.2). Unknown keys do not count, and of
// a repeated key other than mx only the first.
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
	switch p.Mode = STS(values["mode"]); p.Mode {
	case STSNone, STSTesting, STSEnforce:
	default:
		return nil, errors.New("the policy's mode is not none, testing or enforce")
	}
	if len(p.MX) == 0 && p.Mode != STSNone {
		return nil, errors.New("the policy has no mx")
	}
	var err error
	p.MaxAge, err = parseMaxAge(values["max_age"])
	return p, err
}

func parseMaxAge(text string) (time.Duration, error) {
	const mostDigits = 10
	seconds, err := strconv.ParseUint(text, 10, 64)
	age := time.Duration(seconds) * time.Second
	if err != nil || len(text) > mostDigits || age > maxSTSAge {
		return 0, errors.New("the policy's max_age is not a number of seconds up to 31557600")
	}
	return age, nil
}

func parseMX(pattern string) (string, error) {
	domain, wild := strings.CutPrefix(pattern, "*.")
	name, err := hostname.ASCII(domain)
	if err != nil || strings.HasSuffix(name, ".") {
		return "", errors.New("an mx of the policy is not a host name")
	}
	if wild {
		return "*." + name, nil
	}
	return name, nil
}
