//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"
)

const (
	flowRelays   = 20 // every other one sends to the sink
	flowGathers  = 120
	flowKills    = 20
	flowDeadline = 45 * time.Second // of a message
)

// agent is the binary, which is killed and restarted with the same state.
type agent struct {
	t      *testing.T
	config string

	cmd    *exec.Cmd
	prompt io.WriteCloser
	exited chan struct{}

	mu     sync.Mutex
	output bytes.Buffer // complete lines of all runs
	errors bytes.Buffer
}

func (a *agent) start() {
	a.t.Helper()
	a.cmd = exec.Command(smtpprobeBinary(a.t), "--config", a.config)
	var err error
	a.prompt, err = a.cmd.StdinPipe()
	require.NoError(a.t, err)
	a.cmd.Stderr = &a.errors
	out, err := a.cmd.StdoutPipe()
	require.NoError(a.t, err)
	require.NoError(a.t, a.cmd.Start())
	a.exited = make(chan struct{})
	go func() {
		defer close(a.exited)
		text := make([]byte, 64<<10)
		var rest []byte
		for {
			n, err := out.Read(text)
			rest = append(rest, text[:n]...)
			if i := bytes.LastIndexByte(rest, '\n'); i >= 0 {
				a.mu.Lock()
				a.output.Write(rest[:i+1])
				a.mu.Unlock()
				rest = append([]byte(nil), rest[i+1:]...)
			}
			if err != nil {
				return // drop the incomplete last line of a killed process
			}
		}
	}()
}

func (a *agent) gather() { fmt.Fprintln(a.prompt) }

func (a *agent) kill() {
	_ = a.cmd.Process.Kill() //nolint:errcheck // it may have exited
	<-a.exited
	_ = a.cmd.Wait() //nolint:errcheck // it was killed
}

// stop closes stdin and waits until the agent exits.
func (a *agent) stop() {
	_ = a.prompt.Close()
	<-a.exited
	_ = a.cmd.Wait() //nolint:errcheck // the output is compared
}

func (a *agent) metrics() []telegraf.Metric {
	a.mu.Lock()
	defer a.mu.Unlock()
	return readMetrics(a.t, bytes.Clone(a.output.Bytes()))
}

func TestMailFlow(t *testing.T) {
	tls := NewTLSFiles(t)
	store := startMailStore(t, tls)
	sink := PlaceFor(t, "sink")
	third := startMailRelay(t, "third", fmt.Sprintf(`
transport_maps = inline:{ {%s = lmtp:inet:%s}, {%s = lmtp:inet:%s} }
virtual_alias_maps = inline:{ {twin-%s = %s}, {twin-%s = %s} }
`, toInbox, store.At(DovecotLMTP), toSink, sink.At(sinkAt), toInbox, toInbox, toSink, toSink),
		headerCheck(bounced, ".*", "REJECT 5.7.1 not today")+headerCheck(delayed, ".*", "HOLD"))
	second := startMailRelay(t, "second", fmt.Sprintf("relayhost = [%s]:2525\n", third.Address),
		headerCheck(duplicated, "mail.test", "BCC twin-"+toInbox)+headerCheck(duplicated, "sink.test", "BCC twin-"+toSink))
	first := startMailRelay(t, "first", fmt.Sprintf("relayhost = [%s]:2525\n", second.Address), headerCheck(discarded, ".*", "DISCARD"))

	stop := make(chan struct{})
	var releasing sync.WaitGroup
	releasing.Go(func() { third.release(stop) })
	t.Cleanup(func() { close(stop); releasing.Wait() })

	a := &agent{t: t, config: flowConfig(t, first, store, sink, tls)}
	a.start()
	for i := range flowGathers {
		a.gather()
		if i == flowGathers/2 {
			store.Stop(t)
		}
		if i == flowGathers/2+8 {
			store.restart(t)
		}
		if i%(flowGathers/flowKills) == 3 {
			time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
			a.kill()
			a.start()
			continue
		}
		time.Sleep(time.Second)
	}
	// Send no more messages and wait until the deadline of the last ones has
	// passed.
	a.stop()
	config, err := os.ReadFile(a.config)
	require.NoError(t, err)
	quiet := first.WriteFile(t, "quiet.conf", strings.Replace(string(config), "send_interval = \"1s\"", "send_interval = \"1h\"", 1))
	a.config = quiet
	a.start()
	for range int(flowDeadline/time.Second) + 25 {
		time.Sleep(time.Second)
		a.gather()
	}
	time.Sleep(2 * time.Second)
	a.stop()

	metrics := a.metrics()
	events := eventsOf(t, metrics)
	accepted := acceptedBy(t, first)
	t.Logf("%d messages accepted", len(accepted))
	require.Greater(t, len(accepted), flowRelays*flowGathers/2)
	delivered := store.delivered(t)
	seen, missing := map[string]int{}, 0
	for token, queued := range accepted {
		got := events.of(token)
		if len(got) == 0 {
			missing++ // the process was killed before it stored the Message-ID
			continue
		}
		for range len(delivered[token]) - copies(token) {
			// Dovecot was stopped before it replied that it has the message, so
			// that the relay delivered it again.
			i := slices.Index(got, "duplicate")
			require.GreaterOrEqual(t, i, 0, "%s, delivered at %v: %v", token, delivered[token], events.byToken[token])
			got = slices.Delete(got, i, i+1)
		}
		seen[strings.Join(got, "+")]++
		want := wanted(token)
		if !queued {
			want = []string{"lost"} // the agent was killed before the final dot
		}
		require.Contains(t, want, strings.Join(got, "+"), "%s, delivered at %v: %v", token, delivered[token], events.byToken[token])
	}
	t.Logf("events: %v; lost with unknown outcome: %d", seen, events.unknown)
	require.LessOrEqual(t, missing, events.unknown)
	for token := range events.byToken {
		require.Contains(t, accepted, token, "each event is about a message that was sent")
	}
	checkDelays(t, events, delivered)
	checkCounters(t, metrics, events)
}

func flowConfig(t *testing.T, first *mailRelay, store *mailStore, sink Place, tls *TLSFiles) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, `[[inputs.smtpprobe]]
probe = "send"
send_interval = "1s"
timeout = "5s"
flow_key = %q
state_file = %q
tls_ca = %q
starttls = "never"
`, inboxKey, first.File("state"), tls.CA)
	var toDovecot, toSinks []string
	for i := range flowRelays {
		name, to := fmt.Sprintf("relay%02d", i), toInbox
		if i%2 == 1 {
			to = toSink
			toSinks = append(toSinks, name)
		} else {
			toDovecot = append(toDovecot, name)
		}
		fmt.Fprintf(&b, "[[inputs.smtpprobe.relay]]\nname = %q\nurl = \"smtp://%s\"\nfrom = %q\nto = [%q]\n", name, first.At(relayAt), to, to)
	}
	common := fmt.Sprintf("deadline = %q\nlate = %q\nmax_in_flight = 1000\n", flowDeadline, flowDeadline)
	fmt.Fprintf(&b, "[[inputs.smtpprobe.mailbox]]\nname = \"inbox\"\nurl = \"imaps://%s\"\nusername = \"inbox\"\npassword = %q\nrelays = %s\n%s",
		store.At(imapsAt), Password, tomlList(toDovecot), common)
	fmt.Fprintf(&b, "[[inputs.smtpprobe.mailbox]]\nname = \"sink\"\nurl = \"lmtp://%s\"\nrelays = %s\n%s", sink.At(sinkAt), tomlList(toSinks), common)
	return first.WriteFile(t, "smtpprobe.conf", b.String())
}

// acceptedBy returns the tokens of all messages whose header a relay has read, and
// whether it queued the message. It did not if the session ended before the dot.
func acceptedBy(t *testing.T, r *mailRelay) map[string]bool {
	t.Helper()
	queued := make(map[string]bool) // by queue id
	for _, line := range r.Log.Lines(t, "/qmgr[", "(queue active)") {
		queued[queueID(line)] = true
	}
	tokens := make(map[string]bool)
	for _, line := range r.Log.Lines(t, "/cleanup[", "message-id=<1.") {
		tokens[tokenOf(line)] = queued[queueID(line)]
	}
	for _, line := range r.Log.Lines(t, "discard: header Message-Id: ") {
		tokens[tokenOf(line)] = true
	}
	return tokens
}

// queueID returns the queue id of a line of Postfix's log.
func queueID(line string) string {
	_, rest, _ := strings.Cut(line, "]: ")
	id, _, _ := strings.Cut(rest, ":")
	return id
}

var tokenPattern = regexp.MustCompile(`<(1(?:\.[0-9a-f]+){4}\.[A-Za-z0-9_-]{22})@`)

func tokenOf(text string) string {
	if m := tokenPattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// selectorOf returns the character that selects what happens to a message.
func selectorOf(token string) string { return token[strings.LastIndexByte(token, '.')+1:][:1] }

// copies returns how often the relays deliver a message that arrives.
func copies(token string) int {
	if strings.Contains(duplicated, selectorOf(token)) {
		return 2
	}
	return 1
}

// wanted returns the possible events of a message.
func wanted(token string) []string {
	first := selectorOf(token)
	switch {
	case strings.Contains(discarded, first):
		return []string{"lost"}
	case strings.Contains(duplicated, first):
		return []string{"arrived+duplicate", "duplicate+late"}
	case strings.Contains(bounced, first):
		return []string{"bounced"}
	}
	return []string{"arrived", "late", "found+lost"}
}

// flowEvents is the points of smtpprobe_arrival without duplicates.
type flowEvents struct {
	byToken map[string][]telegraf.Metric
	counts  map[string]int // by relay and state
	unknown int            // lost without a Message-ID, because the process was killed before the reply
}

func eventsOf(t *testing.T, metrics []telegraf.Metric) *flowEvents {
	t.Helper()
	e := &flowEvents{byToken: map[string][]telegraf.Metric{}, counts: map[string]int{}}
	known := map[string]bool{}
	for _, m := range metrics {
		if m.Name() != "smtpprobe_arrival" {
			continue
		}
		tags := m.Tags()
		series := fmt.Sprint(tags["relay"], tags["mailbox"], tags["state"], tags["folder"], tags["reason"], m.Time().UnixNano())
		if known[series] {
			continue
		}
		known[series] = true
		e.counts[tags["relay"]+" "+tags["state"]]++
		id, _ := m.GetField("message_id")
		text, _ := id.(string)
		token := tokenOf(text)
		if token == "" {
			require.True(t, m.HasField("outcome_unknown") || tags["state"] == "bounced", "%v", m)
			e.unknown++
			continue
		}
		e.byToken[token] = append(e.byToken[token], m)
	}
	return e
}

// of returns the sorted states of a message.
func (e *flowEvents) of(token string) []string {
	var states []string
	for _, m := range e.byToken[token] {
		state, _ := m.GetTag("state")
		states = append(states, state)
	}
	slices.Sort(states)
	return states
}

// checkDelays compares the delays with the modification times of the files.
func checkDelays(t *testing.T, e *flowEvents, delivered map[string][]time.Time) {
	t.Helper()
	compared := 0
	for token, times := range delivered {
		if len(times) != 1 || len(e.byToken[token]) != 1 {
			continue
		}
		ms, err := strconv.ParseInt(strings.Split(token, ".")[4], 10, 64)
		require.NoError(t, err)
		delay, ok := e.byToken[token][0].GetField("delay")
		require.True(t, ok)
		require.InDelta(t, times[0].Sub(time.UnixMilli(ms)).Seconds(), delay, 1.0, token)
		compared++
	}
	require.Greater(t, compared, 100)
}

// checkCounters checks that counters never decrease, even when the process is
// killed, and that in the end they agree with the events.
func checkCounters(t *testing.T, metrics []telegraf.Metric, e *flowEvents) {
	t.Helper()
	last := map[string]map[string]any{}
	for _, m := range metrics {
		if m.Name() != "smtpprobe_flow" {
			continue
		}
		relay, _ := m.GetTag("relay")
		fields := m.Fields()
		for name, before := range last[relay] {
			if strings.HasSuffix(name, "_total") {
				require.GreaterOrEqual(t, fields[name], before, "%s of %s", name, relay)
			}
		}
		last[relay] = fields
	}
	require.Len(t, last, flowRelays)
	for relay, fields := range last {
		n := func(name string) int64 { return fields[name].(int64) }
		require.Zero(t, n("in_flight"), relay)
		require.Equal(t, n("sent_total"), n("arrived_total")+n("late_total")+n("lost_total")+n("bounced_total"), relay)
		for state, field := range map[string]string{
			"arrived": "arrived_total", "late": "late_total", "lost": "lost_total", "found": "found_total",
			"duplicate": "duplicate_total", "bounced": "bounced_total",
		} {
			require.EqualValues(t, e.counts[relay+" "+state], n(field), "%s of %s", state, relay)
		}
	}
}
