package demo_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

var tlsModes = map[string]smtpprobe.TLSMode{
	"smtp":       smtpprobe.TLSOpportunistic,
	"submission": smtpprobe.TLSRequired,
	"smtps":      smtpprobe.TLSImplicit,
	"lmtp":       smtpprobe.TLSNever,
}

func TestFleet_Behavior(t *testing.T) {
	t.Parallel()
	fleet := start(t, demo.Options{Ephemeral: true})
	for _, r := range fleet.Relays() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				for _, outcome := range r.Outcomes {
					require.Equal(t, outcome, outcomeOf(probe(t, fleet, r)))
				}
			}
		})
	}
}

// probe probes a relay with its settings.
func probe(t *testing.T, fleet *demo.Fleet, r demo.Relay) *smtpprobe.Result {
	t.Helper()
	u, err := url.Parse(r.URL)
	require.NoError(t, err)
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	require.NoError(t, err)
	p := smtpprobe.Prober{
		TLS:  &tls.Config{RootCAs: fleet.Authority().Pool(), MinVersion: tls.VersionTLS12},
		Helo: "probe.example.org",
	}
	if r.Name == "silent" {
		p.Timeout = 100 * time.Millisecond
	}
	var plan smtpprobe.Plan
	for _, line := range r.Settings {
		set(t, &plan, line)
	}
	target := smtpprobe.Target{Host: u.Hostname(), Port: uint16(port), LMTP: u.Scheme == "lmtp", TLS: tlsModes[u.Scheme]}
	return p.Probe(t.Context(), target, plan)
}

// set applies a setting of a relay to a plan.
func set(t *testing.T, plan *smtpprobe.Plan, line string) {
	t.Helper()
	key, value, _ := strings.Cut(line, " = ")
	values := strings.Split(strings.Trim(value, "[]"), ", ")
	for i, v := range values {
		text, err := strconv.Unquote(v)
		require.NoError(t, err, line)
		values[i] = text
	}
	switch key {
	case "probe":
		plan.Depth = smtpprobe.Depth(values[0])
	case "from":
		plan.From = values[0]
	case "to":
		plan.To = values
	case "username":
		plan.Auth = &smtpprobe.Auth{Username: values[0]}
	case "password":
		plan.Auth.Password = values[0]
	case "expect":
		class, err := smtperr.ParseClass(values[0])
		require.NoError(t, err)
		plan.Expect = []smtpprobe.Expectation{{Class: class}}
	default:
		require.Fail(t, "unknown setting", line)
	}
}

func outcomeOf(r *smtpprobe.Result) demo.Outcome {
	o := demo.Outcome{Phase: smtperr.PhaseDone}
	if e, ok := errors.AsType[*smtperr.Error](r.Err); ok {
		o = demo.Outcome{Class: e.Class, Reason: e.Reason, Phase: e.Phase}
	}
	if r.Reply != nil {
		o.Code = r.Reply.Code
	}
	return o
}

func TestFleet_NamesAndPorts(t *testing.T) {
	t.Parallel()
	base := freeRange(t)
	dir := filepath.Join(t.TempDir(), "new")
	fleet := start(t, demo.Options{Base: base, Dir: dir})
	names := make(map[string]bool)
	for i, r := range fleet.Relays() {
		require.False(t, names[r.Name], r.Name)
		names[r.Name] = true
		require.NotEmpty(t, r.Description)
		require.NotEmpty(t, r.Outcomes)
		require.True(t, strings.HasSuffix(r.URL, "://127.0.0.1:"+strconv.Itoa(base+i)), r.URL)
	}
	written, err := os.ReadFile(filepath.Join(dir, demo.CAFile))
	require.NoError(t, err)
	require.Equal(t, string(fleet.Authority().PEM()), string(written))
}

// freeRange returns the first of enough consecutive free ports below the ephemeral
// ones.
func freeRange(t *testing.T) int {
	t.Helper()
	for base := 20000; base < 30000; base += 100 {
		fleet, err := demo.Start(t.Context(), demo.Options{Base: base})
		if err == nil {
			fleet.Close()
			return base
		}
	}
	require.Fail(t, "no free range of ports")
	return 0
}

func TestFleet_PortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = demo.Start(t.Context(), demo.Options{Base: l.Addr().(*net.TCPAddr).Port})
	require.ErrorContains(t, err, "healthy: ")
	require.ErrorContains(t, err, "address already in use")
}

func TestFleet_ContextEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	fleet, err := demo.Start(ctx, demo.Options{Ephemeral: true})
	require.NoError(t, err)
	u, err := url.Parse(fleet.Relays()[0].URL)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", u.Host)
	require.NoError(t, err)
	defer conn.Close()
	cancel()
	fleet.Close()
	_, err = net.Dial("tcp", u.Host)
	require.Error(t, err)
}

func start(t *testing.T, o demo.Options) *demo.Fleet {
	t.Helper()
	fleet, err := demo.Start(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(fleet.Close)
	return fleet
}
