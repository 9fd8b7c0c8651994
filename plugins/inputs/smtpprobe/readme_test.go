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

var update = flag.Bool("update", false, "write the generated parts of the README")

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

// generated returns a generated part of the README. With -update it writes the part
// first.
func generated(t *testing.T, pattern *regexp.Regexp, content string) string {
	t.Helper()
	text := readme(t)
	found := pattern.FindStringSubmatch(text)
	require.NotNil(t, found)
	if *update {
		text = strings.Replace(text, found[0], found[1]+content+found[3], 1)
		require.NoError(t, os.WriteFile("README.md", []byte(text), 0o600))
		return content
	}
	return found[2]
}

func TestREADME_SampleConfig(t *testing.T) {
	require.Equal(t, sampleConfig, generated(t, sampleBlock, sampleConfig))
}

// TestREADME_ExampleOutput compares the metrics of the README with those of a gather,
// except for times, ports and certificates.
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
	documented, err := parser.Parse([]byte(generated(t, outputBlock, string(lines))))
	require.NoError(t, err)
	require.Len(t, documented, len(metrics))
	for i, m := range metrics {
		require.Equal(t, stableValues(m), stableValues(documented[i]))
	}
}

// stableValues returns the tags and fields of a metric, but only the types of fields
// that differ from run to run.
func stableValues(m telegraf.Metric) map[string]any {
	values := map[string]any{"": m.Name()}
	for _, tag := range m.TagList() {
		values["tag "+tag.Key] = tag.Value
	}
	for _, f := range m.FieldList() {
		values[f.Key] = f.Value
		if strings.HasSuffix(f.Key, "_time") || f.Key == "cert_expiry" || f.Key == "remote_address" ||
			f.Key == "cert_fingerprint" || f.Key == "chain_expiry" {
			values[f.Key] = typeName(f.Value)
		}
	}
	if values["tag port"] != nil {
		values["tag port"] = "a port"
	}
	return values
}

// everything returns a result with all fields set.
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
