package smtpprobe

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// capabilities returns the capabilities of the last EHLO before and within TLS, each
// nil if there was no such EHLO.
func (o *observation) capabilities() (plain, encrypted *smtpprobe.Capabilities) {
	if o.TLS != nil && o.TLS.Complete {
		return o.PlainCaps, o.Capabilities
	}
	return o.Capabilities, nil
}

// appendOffers appends the values that decide the field capabilities_changed.
func appendOffers(values []change.Value, layer change.Layer, c *smtpprobe.Capabilities) []change.Value {
	if c == nil {
		return values
	}
	size := ""
	if c.HasSize {
		size = strconv.FormatInt(c.Size, 10)
	}
	return append(values,
		change.Set(change.Extensions, layer, c.Keywords()),
		change.Set(change.Auth, layer, c.Auth),
		change.Text(change.Size, layer, size),
	)
}

// limitsOf returns the parameters of the LIMITS extension (RFC 9422).
func limitsOf(c *smtpprobe.Capabilities) []string {
	var limits []string
	for _, l := range []struct {
		name string
		n    int
	}{{"MAILMAX", c.Limits.Mail}, {"RCPTMAX", c.Limits.Rcpt}, {"RCPTDOMAINMAX", c.Limits.RcptDomain}} {
		if l.n > 0 {
			limits = append(limits, l.name+"="+strconv.Itoa(l.n))
		}
	}
	return limits
}

// appendOthers appends all other values that may change.
func (o *observation) appendOthers(values []change.Value) []change.Value {
	plain, encrypted := o.capabilities()
	if plain != nil {
		values = append(values, change.Set(change.Limits, change.Plain, limitsOf(plain)))
	}
	if encrypted != nil {
		values = append(values, change.Set(change.Limits, change.Encrypted, limitsOf(encrypted)))
	}
	// A greeting that is a refusal may lack the name of the host.
	if greeting := o.summary.FindPhase(string(smtperr.PhaseGreeting)); o.GreetingHost != "" && greeting != nil && greeting.Class == none {
		layer := change.Plain
		if o.implicitTLS {
			layer = change.Encrypted
		}
		values = append(values, change.Text(change.GreetingHost, layer, o.GreetingHost))
	}
	if len(o.addresses) > 0 {
		values = append(values, change.Set(change.Addresses, change.Plain, o.addresses))
	}
	if o.TLS != nil && o.TLS.Leaf != nil {
		values = append(values, change.Text(change.Certificate, change.Encrypted, fingerprint(o.TLS.Leaf)))
	}
	if o.TLS != nil && o.TLS.Complete {
		values = append(values, change.Text(change.TLS, change.Encrypted,
			strings.TrimSpace(o.TLS.Version+" "+o.TLS.Cipher+" "+o.TLS.Group)))
	}
	return values
}

// fingerprint returns the first 8 bytes of the SHA-256 of a certificate.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:8])
}

// watchAddresses returns a context with which a probe sets found to the addresses of
// its host, unless the target is an address or a socket.
func watchAddresses(ctx context.Context, t *smtpprobe.Target, found *[]string) context.Context {
	if _, err := netip.ParseAddr(t.Host); err == nil || t.IP.IsValid() || t.Socket != "" {
		return ctx
	}
	return smtpprobe.WithTrace(ctx, &smtpprobe.Trace{Resolved: func(addrs []netip.Addr) {
		*found = make([]string, len(addrs))
		for i, a := range addrs {
			(*found)[i] = a.String()
		}
	}})
}

// reportChanges adds a metric for each change.
func reportChanges(acc telegraf.Accumulator, at time.Time, depth smtpprobe.Depth, stable []tag, changes []change.Change) {
	for _, c := range changes {
		m := metric.New("smtpprobe_change", nil, nil, at)
		for _, t := range stable {
			m.AddTag(t.key, t.value)
		}
		m.AddTag("probe", string(depth))
		m.AddTag("what", string(c.What))
		m.AddTag("layer", string(c.Layer))
		m.AddField("before", c.Before)
		m.AddField("after", c.After)
		m.AddField("added", c.Added)
		m.AddField("removed", c.Removed)
		acc.AddMetric(m)
	}
}
