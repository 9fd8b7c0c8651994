package explain

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
)

const policySettings = "policy, policy_interval, dnssec"

// policyRows returns the rows for a result or a state of DANE and MTA-STS, or nil if
// there is none with the name.
func policyRows(name string) []row {
	for _, s := range policy.States() {
		if s.Name == name {
			return []row{{"means", s.Meaning}, {"a sender", s.Deliver}, {"settings", policySettings}}
		}
	}
	r := policy.Result(name)
	if r.Meaning() == "" {
		return nil
	}
	section := "RFC 8460 §4.3"
	if r == policy.Successful {
		section = ""
	}
	return []row{
		{"means", r.Meaning()},
		{"who acts", policyActor(r)},
		{"what to do", r.Advice()},
		{"settings", policySettings},
		{"defined in", section},
	}
}

// policyActor returns the party that has to act on a result.
func policyActor(r policy.Result) string {
	switch r {
	case policy.Successful:
		return ""
	case policy.TLSAInvalid, policy.DNSSECInvalid:
		return "domain: the operator of the DNS zone of the domain or of its MX host"
	case policy.STSPolicyFetchError, policy.STSPolicyInvalid, policy.STSWebPKIInvalid:
		return "domain: the publisher of the MTA-STS policy"
	case policy.ValidationFailure:
		return "relay or domain: the operator of the MX host, or the publisher of the MTA-STS policy"
	}
	return "relay: the operator of the MX host"
}

func writePolicies(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nDANE AND MTA-STS\tMEANS, WHO ACTS, AND WHAT TO DO")
	for _, r := range policy.Results() {
		fmt.Fprintf(table, "%s\t%s\n", r, r.Meaning())
		for _, text := range []string{policyActor(r), r.Advice()} {
			if text != "" {
				fmt.Fprintf(table, "\t%s\n", text)
			}
		}
	}
	return table.Flush()
}

// PoliciesMarkdown writes the table of the results of DANE and MTA-STS in Markdown.
func PoliciesMarkdown(w io.Writer) error {
	var out strings.Builder
	out.WriteString("| `result` | Meaning | What to do |\n|---|---|---|\n")
	for _, r := range policy.Results() {
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", r, r.Meaning(), r.Advice())
	}
	_, err := io.WriteString(w, out.String())
	return err
}
