package smtpprobe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// load reads a configuration with Telegraf's loader, without Init. Telegraf
// keeps the secrets it loads in a global list, so that tests that load do not
// run in parallel.
func load(t testing.TB, text string) (*SMTPProbe, error) {
	t.Helper()
	c := config.NewConfig()
	c.Agent.Quiet = true
	path := filepath.Join(t.TempDir(), "telegraf.conf")
	require.NoError(t, os.WriteFile(path, []byte(text+"\n"), 0o600))
	if err := c.LoadAll(path); err != nil {
		return nil, err
	}
	require.Len(t, c.Inputs, 1)
	p, ok := c.Inputs[0].Input.(*SMTPProbe)
	require.True(t, ok)
	p.Log = &debugLog{}
	return p, nil
}

// initialized loads and initializes a plugin.
func initialized(t testing.TB, text string) *SMTPProbe {
	t.Helper()
	p, err := load(t, text)
	require.NoError(t, err)
	require.NoError(t, p.Init())
	return p
}

// relayNamed returns a relay of an initialized plugin.
func relayNamed(t testing.TB, p *SMTPProbe, name string) *relay {
	t.Helper()
	for _, r := range p.parsedRelays {
		if r.name == name {
			return r
		}
	}
	require.Fail(t, "no such relay", name)
	return nil
}

func TestSampleConfig_Loads(t *testing.T) {
	p := initialized(t, new(SMTPProbe).SampleConfig())
	require.Len(t, p.parsedRelays, 1)
	require.Equal(t, smtpprobe.TLSOpportunistic, p.parsedRelays[0].target.TLS)
}

// uncommented returns the sample configuration with every setting active.
func uncommented(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.SplitSeq(new(SMTPProbe).SampleConfig(), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "##"):
		case strings.HasPrefix(trimmed, "# ") && strings.ContainsAny(trimmed, "=["):
			b.WriteString(strings.TrimPrefix(trimmed, "# ") + "\n")
		case !strings.HasPrefix(trimmed, "#"):
			b.WriteString(trimmed + "\n")
		}
	}
	return regexp.MustCompile(`@\{store:\w+\}`).ReplaceAllString(b.String(), "a secret of any store")
}

func TestSampleConfig_EverySettingWithDefault(t *testing.T) {
	text := uncommented(t)
	p, err := load(t, text)
	require.NoError(t, err)

	for key := range relayKeys {
		if key == "name" || key == "url" || key == "tls_enable" {
			continue
		}
		require.Regexp(t, `(?m)^`+key+` = `, text)
	}
	d := New()
	require.Equal(t, d.MaxConcurrent, p.MaxConcurrent)
	require.Equal(t, d.Spread, p.Spread)
	// These are examples in the sample.
	s := p.Settings
	s.Expect, s.Headers, s.ProxyURL, s.DNSServer, s.Credentials, s.ClientCertificate = nil, nil, nil, "", Credentials{}, ClientCertificate{}
	s.TLSCA, s.TLSServerName, s.TLSMinVersion, s.TLSCipherSuites, s.TLSRenegotiationMethod = "", "", "", nil, ""
	require.Empty(t, s.To)
	s.To = nil
	require.Equal(t, d.Settings, s)
}

func TestTOML_UnknownKeys(t *testing.T) {
	for name, text := range map[string]string{
		"plugin": `
			[[inputs.smtpprobe]]
			servers = ["smtp://a.example"]
			colour = "red"`,
		"relay": `
			[[inputs.smtpprobe]]
			[[inputs.smtpprobe.relay]]
			url = "smtp://a.example"
			colour = "red"`,
		"group": `
			[[inputs.smtpprobe]]
			servers = ["smtp://a.example"]
			[[inputs.smtpprobe.group]]
			name = "g"
			relays = ["smtp://a.example"]
			colour = "red"`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, text)
			require.ErrorContains(t, err, `"colour"`)
		})
	}
	t.Run("relay, setting of the plugin", func(t *testing.T) {
		for _, key := range []string{`interval = "5s"`, `alias = "x"`, `tags = {a = "b"}`, `max_concurrent = 3`} {
			_, err := load(t, `
				[[inputs.smtpprobe]]
				[[inputs.smtpprobe.relay]]
				url = "smtp://a.example"
				`+key)
			require.ErrorContains(t, err, "unknown setting", key)
		}
	})
}

// TestInit_ManyRelays limits the memory of each relay and its state. BenchmarkLoad
// measures the time.
func TestInit_ManyRelays(t *testing.T) {
	if testing.Short() {
		t.Skip("loads a large configuration")
	}
	const relays, limit = 10_000, 2048
	var b strings.Builder
	b.WriteString("[[inputs.smtpprobe]]\nhelo = \"probe.example\"\n")
	for i := range relays {
		fmt.Fprintf(&b, "[[inputs.smtpprobe.relay]]\nname = \"r%d\"\nurl = \"smtp://r%d.example\"\n", i, i)
	}
	before := heapInUse()
	p := initialized(t, b.String())
	require.Len(t, p.parsedRelays, relays)
	result := healthyResult()
	p.engine.probe = func(context.Context, *probeRequest) *smtpprobe.Result { return result }
	p.Log = nil
	require.NoError(t, p.Gather(agent.NewAccumulator(dropping{}, nil)))
	require.LessOrEqual(t, int(heapInUse()-before)/relays, limit, "bytes for each relay")
	runtime.KeepAlive(p)
}

func heapInUse() uint64 {
	runtime.GC() //nolint:revive // garbage does not count
	runtime.GC() //nolint:revive // nor do pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
