package smtpprobe

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// capabilities are those of the last EHLO before and within TLS, each nil if
// there was none.
func (o *observation) capabilities() (plain, encrypted *smtpprobe.Capabilities) {
	if o.TLS != nil && o.TLS.Complete {
		return o.PlainCaps, o.Capabilities
	}
	return o.Capabilities, nil
}

// offerValues are what capabilities say, to be compared with earlier ones.
func offerValues(layer change.Layer, c *smtpprobe.Capabilities) []change.Value {
	if c == nil {
		return nil
	}
	size := ""
	if c.HasSize {
		size = strconv.FormatInt(c.Size, 10)
	}
	return []change.Value{
		change.Set(change.Extensions, layer, c.Keywords()),
		change.Set(change.Auth, layer, c.Auth),
		change.Text(change.Size, layer, size),
	}
}

// otherValues are what else a probe has seen that may change.
func (o *observation) otherValues() []change.Value {
	var values []change.Value
	if o.TLS != nil && o.TLS.Leaf != nil {
		values = append(values, change.Text(change.Certificate, change.Encrypted, fingerprint(o.TLS.Leaf)))
	}
	if o.TLS != nil && o.TLS.Complete {
		values = append(values, change.Text(change.TLS, change.Encrypted, o.TLS.Version+" "+o.TLS.Cipher))
	}
	return values
}

// fingerprint is the start of a certificate's SHA-256.
func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:8])
}

// reportChanges makes a point of everything that changed.
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
