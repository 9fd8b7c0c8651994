package mailflow

import (
	"slices"
	"strings"

	"github.com/emersion/go-message/textproto"
	"github.com/emersion/go-msgauth/authres"
)

const maxAuthFields = 20 // Authentication-Results fields that are read

// Checks are the results of sender authentication by trusted servers. A result
// is empty if no trusted server reported it.
type Checks struct{ SPF, DKIM, DMARC string }

// The results that RFC 8601 §2.7 defines.
var (
	spfResults   = []string{"none", "pass", "fail", "softfail", "policy", "neutral", "temperror", "permerror"}
	dkimResults  = []string{"none", "pass", "fail", "policy", "neutral", "temperror", "permerror"}
	dmarcResults = []string{"none", "pass", "fail", "temperror", "permerror"}
)

// readChecks reads the Authentication-Results fields of trusted servers (RFC 8601
// §5). For each method the topmost field counts, because fields are added at the
// top. If a field has results for several DKIM signatures, pass takes precedence.
func readChecks(h *textproto.Header, trusted []string) Checks {
	var c Checks
	if len(trusted) == 0 {
		return c
	}
	for _, value := range values(h, "Authentication-Results", maxAuthFields) {
		id, results, _ := authres.Parse(withoutComments(value)) //nolint:errcheck // results before the error are valid
		if !slices.ContainsFunc(trusted, func(t string) bool { return strings.EqualFold(t, id) }) {
			continue
		}
		c.merge(results)
	}
	return c
}

// merge adds the results of a field for methods that have no result yet.
func (c *Checks) merge(results []authres.Result) {
	var field Checks
	for _, r := range results {
		switch r := r.(type) {
		case *authres.SPFResult:
			take(&field.SPF, r.Value, spfResults)
		case *authres.DKIMResult:
			take(&field.DKIM, r.Value, dkimResults)
		case *authres.DMARCResult:
			take(&field.DMARC, r.Value, dmarcResults)
		}
	}
	for _, m := range []struct{ to, from *string }{{&c.SPF, &field.SPF}, {&c.DKIM, &field.DKIM}, {&c.DMARC, &field.DMARC}} {
		if *m.to == "" {
			*m.to = *m.from
		}
	}
}

// take sets a result if it is known and there is none yet, or if it is pass.
func take(to *string, value authres.ResultValue, known []string) {
	v := string(value)
	if slices.Contains(known, v) && (*to == "" || v == authres.ResultPass) {
		*to = v
	}
}
