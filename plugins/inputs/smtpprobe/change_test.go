package smtpprobe

import (
	"crypto/x509"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// changeOf is what a point of smtpprobe_change says.
func changeOf(m telegraf.Metric) change.Change {
	text := func(field string) string { return m.Fields()[field].(string) } //nolint:forcetypeassert,errcheck // a panic will do
	return change.Change{
		What: change.What(m.Tags()["what"]), Layer: change.Layer(m.Tags()["layer"]),
		Before: text("before"), After: text("after"), Added: text("added"), Removed: text("removed"),
	}
}

// offered is the result of a session over STARTTLS.
func offered(leaf *x509.Certificate) *smtpprobe.Result {
	return &smtpprobe.Result{
		PlainCaps:    sized(1000, "STARTTLS"),
		Capabilities: sized(2000, "AUTH LOGIN PLAIN"),
		TLS:          &smtpprobe.TLSState{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Complete: true, Verified: true, Leaf: leaf},
	}
}

// parsed is what these lines of EHLO offer.
func parsed(lines ...string) *smtpprobe.Capabilities {
	c := &smtpprobe.Capabilities{Extensions: make(map[string]string)}
	for _, line := range lines {
		keyword, params, _ := strings.Cut(line, " ")
		c.Extensions[keyword] = params
		if keyword == "AUTH" {
			c.Auth = strings.Fields(params)
		}
	}
	return c
}

func sized(size int64, lines ...string) *smtpprobe.Capabilities {
	c := parsed(append(lines, "SIZE")...)
	c.Size, c.HasSize = size, true
	return c
}

// TestChange_Points injects changes one after the other. Each is one point, and
// there is none while nothing changes.
func TestChange_Points(t *testing.T) {
	t.Parallel()
	first, second := &x509.Certificate{Raw: []byte("first")}, &x509.Certificate{Raw: []byte("second")}
	now := offered(first)
	steps := []struct {
		what  string
		apply func()
		want  []change.Change
	}{
		{what: "nothing", apply: func() {}},
		{
			what:  "an extension in the clear",
			apply: func() { now.PlainCaps = sized(1000, "STARTTLS", "DSN") },
			want:  []change.Change{{What: "extensions", Layer: "plain", Before: "SIZE,STARTTLS", After: "DSN,SIZE,STARTTLS", Added: "DSN"}},
		},
		{
			what:  "mechanisms in the clear",
			apply: func() { now.PlainCaps.Auth = []string{"PLAIN"} },
			want:  []change.Change{{What: "auth", Layer: "plain", Before: "", After: "PLAIN", Added: "PLAIN"}},
		},
		{
			what:  "the size in the clear",
			apply: func() { now.PlainCaps.Size = 1001 },
			want:  []change.Change{{What: "size", Layer: "plain", Before: "1000", After: "1001"}},
		},
		{
			what:  "an extension within TLS",
			apply: func() { now.Capabilities = sized(2000, "AUTH LOGIN PLAIN", "CHUNKING") },
			want:  []change.Change{{What: "extensions", Layer: "tls", Before: "AUTH,SIZE", After: "AUTH,CHUNKING,SIZE", Added: "CHUNKING"}},
		},
		{
			what:  "mechanisms within TLS",
			apply: func() { now.Capabilities.Auth = []string{"PLAIN", "XOAUTH2"} },
			want:  []change.Change{{What: "auth", Layer: "tls", Before: "LOGIN,PLAIN", After: "PLAIN,XOAUTH2", Added: "XOAUTH2", Removed: "LOGIN"}},
		},
		{
			what:  "the size within TLS is not announced any more",
			apply: func() { now.Capabilities.HasSize = false },
			want:  []change.Change{{What: "size", Layer: "tls", Before: "2000", After: ""}},
		},
		{
			what:  "the certificate",
			apply: func() { now.TLS.Leaf = second },
			want:  []change.Change{{What: "certificate", Layer: "tls", Before: fingerprint(first), After: fingerprint(second)}},
		},
		{
			what:  "the version of TLS",
			apply: func() { now.TLS.Version, now.TLS.Cipher = "TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
			want: []change.Change{{
				What: "tls", Layer: "tls", Before: "TLS 1.3 TLS_AES_128_GCM_SHA256", After: "TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
			}},
		},
		{
			what:  "two things at once; what was seen before is no change",
			apply: func() { now.PlainCaps = sized(9, "STARTTLS", "HELP") },
			want: []change.Change{
				{What: "extensions", Layer: "plain", Before: "DSN,SIZE,STARTTLS", After: "HELP,SIZE,STARTTLS", Added: "HELP", Removed: "DSN"},
				{What: "size", Layer: "plain", Before: "1001", After: "9"},
			},
		},
		{what: "a handshake that fails hides what is within TLS", apply: func() { now.TLS.Complete, now.Capabilities = false, now.PlainCaps }},
		{what: "all as at first", apply: func() {
			*now = *offered(first)
		}},
	}
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1), nil)
		s.probeAs = func(p *probing) *smtpprobe.Result {
			r := *now
			r.Depth, r.Start, r.Total, r.Expected, r.Reply = p.Plan.Depth, time.Now(), time.Second, true, reply(250, "ok")
			return &r
		}
		for _, i := range steps {
			i.apply()
			for gather := range 3 {
				time.Sleep(10 * time.Second)
				acc := s.gathered(t)
				var found []change.Change
				for _, m := range acc.named("smtpprobe_change") {
					found = append(found, changeOf(m))
					require.Equal(t, "smtp://r0.example", m.Tags()["relay"])
					require.Equal(t, "ehlo", m.Tags()["probe"])
					require.Equal(t, acc.only(t, "smtpprobe").Time(), m.Time())
				}
				if gather == 0 {
					require.Equal(t, i.want, found, i.what)
				} else {
					require.Empty(t, found, "%s, again", i.what)
				}
			}
		}
	})
}

func TestChange_AfterRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	gather := func(extensions ...string) *record {
		s := started(t, path, nil)
		defer s.Stop()
		s.probeAs = func(p *probing) *smtpprobe.Result {
			r := well(p)
			r.Capabilities = parsed(extensions...)
			return r
		}
		return s.gathered(t)
	}
	require.Empty(t, gather("SIZE").named("smtpprobe_change"))
	require.Empty(t, gather("SIZE").named("smtpprobe_change"))
	acc := gather("SIZE", "DSN")
	require.Equal(t, change.Change{
		What: change.Extensions, Layer: change.Plain, Before: "SIZE", After: "DSN,SIZE", Added: "DSN",
	}, changeOf(acc.only(t, "smtpprobe_change")))
	require.Equal(t, int64(1), acc.only(t, "smtpprobe").Fields()["capabilities_changed"])
	require.Empty(t, gather("SIZE", "DSN").named("smtpprobe_change"))
	acc = gather("SIZE")
	require.Empty(t, acc.named("smtpprobe_change"), "it is known")
	require.Equal(t, int64(1), acc.only(t, "smtpprobe").Fields()["capabilities_changed"], "but differs from the last")
}
