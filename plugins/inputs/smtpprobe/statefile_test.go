package smtpprobe

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/persister"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// warningLog also records warnings.
type warningLog struct {
	debugLog
	mu       sync.Mutex
	warnings []string
}

func (l *warningLog) Warn(args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warnings = append(l.warnings, args[0].(string)) //nolint:forcetypeassert // the plugin's are strings
}

// started returns a plugin with a state file, as after the start of a process.
// change may set other settings before Init.
func started(t *testing.T, path string, change func(*SMTPProbe)) *fakeEngine {
	t.Helper()
	s := withEngine(t, many(1), func(p *SMTPProbe) {
		p.StateFile = path
		if change != nil {
			change(p)
		}
	})
	s.Log = &warningLog{}
	require.NoError(t, s.Start(nil))
	t.Cleanup(s.Stop)
	return s
}

// copyState copies the state file as a process that is killed now would leave it.
func copyState(t *testing.T, path string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "state")
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if os.IsNotExist(err) { // a temporary file
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied+strings.TrimPrefix(file, path), data, 0o600))
	}
	return copied
}

func sendEvery(interval time.Duration) func(*SMTPProbe) {
	return func(p *SMTPProbe) {
		p.Settings.Probe, p.To, p.SendInterval = "send", []string{"a@b.example"}, config.Duration(interval)
	}
}

func TestStateFile_ConsecutiveFailures(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	for restart := range int64(3) {
		s := started(t, path, nil)
		s.probeAs = refusing
		for i := range int64(2) {
			fields := s.gathered(t).only(t, "smtpprobe").Fields()
			n := 2*restart + i + 1
			require.Equal(t, n, fields["consecutive_failures"])
			require.Equal(t, n, fields["failures_total"])
			require.Equal(t, n, fields["probes_total"])
		}
		s.Stop()
	}
	s := started(t, path, nil)
	fields := s.gathered(t).only(t, "smtpprobe").Fields()
	require.Equal(t, int64(0), fields["consecutive_failures"])
	require.Equal(t, int64(6), fields["failures_total"])
	require.Equal(t, int64(7), fields["probes_total"])
}

func TestStateFile_WrittenAfterGather(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s := started(t, path, nil)
	s.probeAs = refusing
	s.gathered(t)
	require.Eventually(t, func() bool { _, err := os.Stat(path); return err == nil }, 10*time.Second, time.Millisecond)
	then := started(t, copyState(t, path), nil)
	then.probeAs = refusing
	require.Equal(t, int64(2), then.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])
}

func TestStateFile_LastSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		s := started(t, path, nil)
		s.gathered(t)
		s.Stop()
		time.Sleep(time.Hour)
		s = started(t, path, nil)
		s.probeAs = refusing
		require.Equal(t, int64(3600), s.gathered(t).only(t, "smtpprobe").Fields()["seconds_since_success"])
		s.Stop()
	})
}

func TestStateFile_STARTTLSWithdrawn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s := started(t, path, nil)
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		r := working(p)
		r.Capabilities = capabilities([]string{"STARTTLS"})
		return r
	}
	s.gathered(t)
	s.Stop()
	s = started(t, path, nil)
	s.gathered(t)
	require.True(t, s.probed[0].Plan.STARTTLSExpected)
}

func TestStateFile_SendInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		s := started(t, path, sendEvery(5*time.Minute))
		s.gathered(t)
		require.Equal(t, []smtpprobe.Depth{smtpprobe.DepthSend}, s.depths())
		began := time.Now()
		var sent []time.Duration
		for range 50 {
			s.Stop()
			time.Sleep(13 * time.Second)
			s = started(t, path, sendEvery(5*time.Minute))
			s.gathered(t)
			if s.depths()[0] == smtpprobe.DepthSend {
				sent = append(sent, time.Since(began))
			}
		}
		s.Stop()
		require.Len(t, sent, 2, "in 650 seconds")
		require.GreaterOrEqual(t, sent[0], 5*time.Minute)
		require.GreaterOrEqual(t, sent[1]-sent[0], 5*time.Minute)
	})
}

// TestStateFile_KilledWhileSending simulates a process that is killed while it sends
// a message.
func TestStateFile_KilledWhileSending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		s := started(t, path, sendEvery(5*time.Minute))
		var left string
		s.probeAs = func(p *probeRequest) *smtpprobe.Result {
			left = copyState(t, path)
			return working(p)
		}
		s.gathered(t)
		s.Stop()

		then := started(t, left, sendEvery(5*time.Minute))
		for _, pause := range []time.Duration{0, 299 * time.Second} {
			time.Sleep(pause)
			then.gathered(t)
			require.Equal(t, []smtpprobe.Depth{smtpprobe.DepthRcpt}, then.depths())
		}
		time.Sleep(time.Second)
		then.gathered(t)
		require.Equal(t, []smtpprobe.Depth{smtpprobe.DepthSend}, then.depths())
		then.Stop()
	})
}

func TestStateFile_SendAlways(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		for range 2 {
			s := started(t, path, sendEvery(5*time.Minute))
			s.SendAlways()
			s.gathered(t)
			require.Equal(t, []smtpprobe.Depth{smtpprobe.DepthSend}, s.depths(), "--once always sends")
			s.Stop()
			time.Sleep(time.Minute)
		}
		time.Sleep(3 * time.Minute)
		s := started(t, path, sendEvery(5*time.Minute))
		s.gathered(t)
		require.Equal(t, []smtpprobe.Depth{smtpprobe.DepthRcpt}, s.depths(), "the messages of --once count")
		s.Stop()
	})
}

func TestStateFile_OtherTarget(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s := started(t, path, nil)
	s.probeAs = refusing
	s.gathered(t)
	s.Stop()
	for name, change := range map[string]func(*SMTPProbe){
		"port":  func(p *SMTPProbe) { p.Servers = []string{"smtp://r0.example:2525"} },
		"depth": func(p *SMTPProbe) { p.Settings.Probe = "connect" },
		"name": func(p *SMTPProbe) {
			p.Servers, p.Relays = nil, []*Relay{{Name: "other", URL: "smtp://r0.example", Settings: &p.Settings}}
		},
	} {
		s := started(t, path, change)
		s.probeAs = refusing
		require.Equal(t, int64(1), s.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"], name)
		s.Stop()
	}
}

func TestStateFile_TwoInstances(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	a := started(t, path, nil)
	b := started(t, path, func(p *SMTPProbe) { p.Servers = []string{"smtp://other.example"} })
	a.gathered(t)
	b.probeAs = refusing
	b.gathered(t)
	a.Stop()
	b.gathered(t)
	b.Stop()
	b = started(t, path, func(p *SMTPProbe) { p.Servers = []string{"smtp://other.example"} })
	b.probeAs = refusing
	require.Equal(t, int64(3), b.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])
}

func TestStateFile_Restart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s := started(t, path, nil)
	s.probeAs = refusing
	s.gathered(t)
	s.Stop()
	require.NoError(t, s.Start(nil))
	require.Equal(t, int64(2), s.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])
	s.Stop()
	s = started(t, path, nil)
	s.probeAs = refusing
	require.Equal(t, int64(3), s.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])
}

func TestStateFile_Unusable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"damaged": {
			prepare: func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("garbage"), 0o600)) },
			want:    "damaged, kept as",
		},
		"directory": {
			prepare: func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) },
			want:    "is not a regular file",
		},
		"missing directory": {
			prepare: func(t *testing.T, path string) { require.NoError(t, os.Remove(filepath.Dir(path))) },
			want:    "no such file or directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "dir", "state")
			require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
			test.prepare(t, path)
			s := withEngine(t, many(1), func(p *SMTPProbe) { p.StateFile = path; sendEvery(time.Nanosecond)(p) })
			log := &warningLog{}
			s.Log = log
			require.NoError(t, s.Start(nil))
			for i := range int64(3) {
				s.probeAs = refusing
				acc := s.gathered(t)
				m := acc.only(t, "smtpprobe")
				require.Equal(t, i+1, m.Fields()["consecutive_failures"])
				require.Equal(t, "send", m.Tags()["probe"])
				if i == 0 {
					require.Contains(t, acc.only(t, "smtpprobe_gather").Fields()["state_error"], "state_file")
				}
			}
			s.Stop()
			require.Len(t, log.warnings, 1, "Stop does not repeat it")
			require.Contains(t, log.warnings[0], test.want)
			require.Contains(t, log.warnings[0], "state_file")
		})
	}
}

func TestGetState_Persister(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "telegraf.state")
	run := func(path string) map[string]any {
		s := withEngine(t, many(1), func(p *SMTPProbe) { p.StateFile = path })
		s.probeAs = refusing
		p := &persister.Persister{Filename: file}
		require.NoError(t, p.Init())
		require.NoError(t, p.Register("smtpprobe", s.SMTPProbe))
		if _, err := os.Stat(file); err == nil {
			require.NoError(t, p.Load())
		}
		require.NoError(t, s.Start(nil))
		fields := s.gathered(t).only(t, "smtpprobe").Fields()
		s.Stop()
		require.NoError(t, p.Store())
		return fields
	}
	require.Equal(t, int64(1), run("")["consecutive_failures"])
	require.Equal(t, int64(2), run("")["consecutive_failures"])
	require.Equal(t, int64(1), run(filepath.Join(t.TempDir(), "state"))["consecutive_failures"], "the state file takes precedence")
}

func TestSetState_Invalid(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), nil)
	require.EqualError(t, s.SetState(7), "state is a int")
	require.ErrorContains(t, s.SetState(state.Document{Version: 99}), "version 99")
	text, err := json.Marshal(s.GetState())
	require.NoError(t, err)
	require.JSONEq(t, `{"version":1,"entries":[]}`, string(text))
}
