package smtpprobe

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	serializer "github.com/influxdata/telegraf/plugins/serializers/influx"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

var update = flag.Bool("update", false, "write the parts of the README that are made")

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	return string(text)
}

var (
	sampleBlock = regexp.MustCompile("(?s)(```toml @sample.conf\n)(.*?)(```\n)")
	outputBlock = regexp.MustCompile("(?s)(## Example Output\n.*?```text\n)(.*?)(```\n)")
)

// generated is a part of the README that is made; with -update it is written.
func generated(t *testing.T, pattern *regexp.Regexp, made string) string {
	t.Helper()
	text := readme(t)
	found := pattern.FindStringSubmatch(text)
	require.NotNil(t, found)
	if *update {
		text = strings.Replace(text, found[0], found[1]+made+found[3], 1)
		require.NoError(t, os.WriteFile("README.md", []byte(text), 0o600))
		return made
	}
	return found[2]
}

func TestREADME_SampleConfig(t *testing.T) {
	require.Equal(t, sampleConfig, generated(t, sampleBlock, sampleConfig))
}

// TestREADME_ExampleOutput probes what the README shows, and compares all
// but what differs from run to run: times, ports and latencies.
func TestREADME_ExampleOutput(t *testing.T) {
	ca := certs.NewAuthority("example")
	pem := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, ca.WriteFile(pem))
	script := smtptest.Script{Hostname: "mx1.example.org", TLS: certs.Server(ca.Issue(certs.For("127.0.0.1")))}
	healthy := smtptest.Start(t, script)
	script.Hostname = "mx2.example.org"
	failing := smtptest.Start(t, script.With(smtptest.AtRcpt, smtptest.Say("550 5.1.1 <probe@example.org>: Recipient address rejected: User unknown")))
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		probe = "rcpt"
		helo = "probe.example.org"
		to = ["probe@example.org"]
		tls_ca = %q
		[[inputs.smtpprobe.relay]]
		name = "mx1"
		url = "smtp://%s"
		[[inputs.smtpprobe.relay]]
		name = "mx2"
		url = "smtp://%s"
		[[inputs.smtpprobe.group]]
		name = "inbound"
		relays = ["mx1", "mx2"]
		`, pem, healthy.Addr(), failing.Addr()))
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	metrics := append(acc.named("smtpprobe"), acc.only(t, "smtpprobe_group"))

	s := &serializer.Serializer{}
	require.NoError(t, s.Init())
	lines, err := s.SerializeBatch(metrics)
	require.NoError(t, err)
	parser := &influx.Parser{}
	require.NoError(t, parser.Init())
	shown, err := parser.Parse([]byte(generated(t, outputBlock, string(lines))))
	require.NoError(t, err)
	require.Len(t, shown, len(metrics))
	for i, m := range metrics {
		require.Equal(t, steady(m), steady(shown[i]))
	}
}

// steady is a metric without what differs from run to run.
func steady(m telegraf.Metric) map[string]any {
	facts := map[string]any{"": m.Name()}
	for _, tag := range m.TagList() {
		facts["tag "+tag.Key] = tag.Value
	}
	for _, f := range m.FieldList() {
		facts[f.Key] = f.Value
		if strings.HasSuffix(f.Key, "_time") || f.Key == "cert_expiry" || f.Key == "remote_address" ||
			f.Key == "cert_fingerprint" || f.Key == "chain_expiry" {
			facts[f.Key] = typeName(f.Value)
		}
	}
	if facts["tag port"] != nil {
		facts["tag port"] = "a port"
	}
	return facts
}

// everything is a result that has all that a result can have.
func everything() *smtpprobe.Result {
	r := healthyResult()
	r.Expected = false
	r.Err = smtperr.New(smtperr.ClassDisconnected, smtperr.ReasonClosed, smtperr.PhaseDot, nil)
	detail(r.Err).OutcomeUnknown = true
	r.Reply = reply(550, "5.7.1 no")
	r.DotSent, r.MessageID, r.AuthMechanism = true, "<1@probe.example>", "PLAIN"
	r.PlainCaps.Auth = []string{"LOGIN"}
	r.Warnings = []smtpprobe.Warning{smtpprobe.WarnNUL}
	r.Phases = nil
	for _, phase := range smtperr.Phases() {
		code := 250
		switch phase {
		case smtperr.PhaseDNS, smtperr.PhaseConnect, smtperr.PhaseTLS, smtperr.PhaseBody:
			code = 0
		}
		r.Phases = append(r.Phases, done(phase, code, time.Millisecond))
	}
	return r
}

func TestREADME_FieldsAndTags(t *testing.T) {
	text := readme(t)
	section := text[strings.Index(text, "- smtpprobe: "):strings.Index(text, "- smtpprobe_change: ")]
	section = strings.Join(strings.Fields(section), " ")

	m := reported(t, after(0, began, everything())).only(t, "smtpprobe")
	documented := make(map[string]string)
	for _, found := range regexp.MustCompile(`- ((?:[a-z_]+, )*[a-z_]+) \((int|float|string)\b[^)]*\)`).FindAllStringSubmatch(section, -1) {
		for name := range strings.SplitSeq(found[1], ", ") {
			documented[name] = found[2]
		}
	}
	emitted := make(map[string]string)
	for _, f := range m.FieldList() {
		emitted[f.Key] = typeName(f.Value)
	}
	require.Equal(t, emitted, documented)

	tags := map[string]bool{"domain": true, "ip": true}
	for _, tag := range m.TagList() {
		tags[tag.Key] = true
	}
	explained := make(map[string]bool)
	for _, found := range regexp.MustCompile(`- ([a-z_]+) -- `).FindAllStringSubmatch(section, -1) {
		explained[found[1]] = true
	}
	require.Equal(t, tags, explained)
}
