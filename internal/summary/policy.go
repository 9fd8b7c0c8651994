package summary

import (
	"strconv"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
)

// Policy is the judgment of a session by DANE and MTA-STS, under the names of the metric
// smtpprobe_policy. Values that are not decided or do not apply are nil or empty.
type Policy struct {
	DANE             string `json:"dane,omitempty"`
	TLSAUsable       *int   `json:"tlsa_usable,omitempty"`
	TLSAMatching     *int   `json:"tlsa_matching,omitempty"`
	TLSAMatch        string `json:"tlsa_match,omitempty"`
	STS              string `json:"sts,omitempty"`
	STSCovers        *bool  `json:"sts_covers,omitempty"`
	STSID            string `json:"sts_id,omitempty"`
	STSMaxAge        *int64 `json:"sts_max_age,omitempty"`     // seconds
	STSCertExpiry    *int64 `json:"sts_cert_expiry,omitempty"` // seconds from now, negative if expired
	WouldDeliverDANE *bool  `json:"would_deliver_dane,omitempty"`
	WouldDeliverSTS  *bool  `json:"would_deliver_sts,omitempty"`
	Result           string `json:"result,omitempty"`

	Meaning string   `json:"meaning,omitempty"`
	Advice  string   `json:"advice,omitempty"`
	Errors  []string `json:"errors,omitempty"` // of lookups and of the fetch
}

// PolicyOf converts a verdict. Expiry is relative to the time at.
func PolicyOf(v *policy.Verdict, at time.Time) *Policy {
	p := &Policy{
		DANE: string(v.DANE), TLSAMatch: v.Match, STS: string(v.STS), STSID: v.ID,
		WouldDeliverDANE: delivery(v.DeliverDANE), WouldDeliverSTS: delivery(v.DeliverSTS),
		Result: string(v.Result), Meaning: v.Result.Meaning(), Advice: v.Result.Advice(),
	}
	if v.Matching >= 0 {
		p.TLSAMatching = &v.Matching
	}
	if v.Matching >= 0 || v.Usable > 0 {
		p.TLSAUsable = &v.Usable
	}
	if v.Policy != nil {
		if v.Policy.Mode != policy.STSNone && v.DeliverSTS != policy.NoPolicy {
			p.STSCovers = &v.Covers
		}
		p.STSMaxAge = seconds(v.Policy.MaxAge)
	}
	if !v.CertExpiry.IsZero() {
		p.STSCertExpiry = seconds(v.CertExpiry.Sub(at))
	}
	for _, err := range v.Errors {
		p.Errors = append(p.Errors, escape.Text(err.Error(), maxText))
	}
	return p
}

func seconds(d time.Duration) *int64 {
	s := int64(d / time.Second)
	return &s
}

// delivery returns whether a sender would deliver, or nil unless a policy decides.
func delivery(d policy.Delivery) *bool {
	if d != policy.Delivers && d != policy.WouldDefer {
		return nil
	}
	yes := d == policy.Delivers
	return &yes
}

// TLSA describes the TLSA records: "2 usable TLSA records, 1 matching (3 1 1)".
func (p *Policy) TLSA() string {
	if p.TLSAUsable == nil || *p.TLSAUsable == 0 {
		return ""
	}
	records := strconv.Itoa(*p.TLSAUsable) + " usable TLSA records"
	if *p.TLSAUsable == 1 {
		records = "1 usable TLSA record"
	}
	switch {
	case p.TLSAMatching == nil:
		return records
	case p.TLSAMatch == "":
		return records + ", none matches"
	}
	return records + ", " + strconv.Itoa(*p.TLSAMatching) + " matching (" + p.TLSAMatch + ")"
}
