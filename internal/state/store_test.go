package state_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a clock that a test sets.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

// warnings collects the warnings of a Store.
type warnings struct {
	mu   sync.Mutex
	list []string
}

func (w *warnings) add(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, text)
}

func (w *warnings) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.list
}

// opened opens the Store of a file. It is closed at the end of the test, or
// earlier by closeNow.
func opened(t *testing.T, path string, o state.Options) (s *state.Store, closeNow func()) {
	t.Helper()
	if o.WriteLimit == 0 {
		o.WriteLimit = time.Minute // the disk of a test machine may be slow
	}
	s, err := state.Open(t.Context(), path, o)
	require.NoError(t, err)
	closeNow = sync.OnceFunc(func() {
		s.Close(context.Background())
	})
	t.Cleanup(closeNow)
	return s, closeNow
}

// example is a target with a value in each field.
func example() *state.Target {
	target := &state.Target{
		Failures: 3, LastSuccess: start.Add(-time.Hour), LastSent: start.Add(-time.Minute),
		OfferedSTARTTLS: true, ProbesTotal: 1000, FailuresTotal: 7,
	}
	target.Changes.Observe(start, change.Text(change.GreetingHost, change.Plain, "mx1.example.org"))
	return target
}

func requireExample(t *testing.T, s *state.Store, key string) {
	t.Helper()
	target, ok := s.Target(key)
	require.True(t, ok, "%q", key)
	expected, err := json.Marshal(example())
	require.NoError(t, err)
	found, err := json.Marshal(target)
	require.NoError(t, err)
	require.JSONEq(t, string(expected), string(found))
}

func TestStore_Target(t *testing.T) {
	t.Parallel()
	at := clock{start}
	for name, write := range map[string]func(*state.Store, string, *state.Target) error{
		"set": func(s *state.Store, key string, t *state.Target) error { s.Set(key, t); return nil },
		"put": (*state.Store).Put,
	} {
		for _, key := range []string{"mx1 192.0.2.1", "", "a\nb\x00\"é", strings.Repeat("x", 10000)} {
			t.Run(fmt.Sprintf("%s %.10q", name, key), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "state")
				s, closeNow := opened(t, path, state.Options{Now: at.read})
				_, ok := s.Target(key)
				require.False(t, ok)
				require.NoError(t, write(s, key, example()))
				requireExample(t, s, key)
				closeNow()

				s, _ = opened(t, path, state.Options{Now: at.read})
				requireExample(t, s, key)
				require.Empty(t, s.Problem())
			})
		}
	}
}

func TestStore_Target_InvalidJSON(t *testing.T) {
	t.Parallel()
	var warned warnings
	s := state.New(state.Options{Warn: warned.add})
	require.NoError(t, s.Restore(state.Document{Version: 1, Entries: []state.Entry{
		{Section: "target", Key: "mx1", Seen: time.Now().Unix(), Value: json.RawMessage(`{"failures":"many"}`)},
		{Section: "target", Key: "mx2", Seen: time.Now().Unix(), Value: json.RawMessage(`{"failures":-1,"probes_total":-1,"colour":"red"}`)},
	}}))
	_, ok := s.Target("mx1")
	require.False(t, ok)
	require.Len(t, warned.all(), 1)
	target, ok := s.Target("mx2")
	require.True(t, ok)
	require.Equal(t, state.Target{}, target)
}

func TestStore_Target_ClockSetBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	at := clock{start}
	s, closeNow := opened(t, path, state.Options{Now: at.read})
	s.Set("mx1", example())
	closeNow()

	at.now = start.Add(-30 * 24 * time.Hour)
	s, closeNow = opened(t, path, state.Options{Now: at.read})
	target, ok := s.Target("mx1")
	require.True(t, ok)
	require.Equal(t, at.now, target.LastSuccess)
	require.Equal(t, at.now, target.LastSent, "the next message is not delayed by a month")
	s.Set("mx2", &target)
	closeNow()

	at.now = at.now.Add(state.Keep + time.Second)
	s, _ = opened(t, path, state.Options{Now: at.read})
	_, ok = s.Target("mx1")
	require.False(t, ok, "not kept for a month longer")
}

func TestStore_Expiry(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	at := clock{start}
	s, closeNow := opened(t, path, state.Options{Now: at.read})
	s.Set("old", example())
	require.NoError(t, s.Section("old").Save([]byte(`{"old":1}`)))
	require.NoError(t, s.Section("used").Save([]byte(`{"used":1}`)))
	closeNow()

	at.now = start.Add(5 * 24 * time.Hour)
	s, _ = opened(t, path, state.Options{Now: at.read})
	used, err := s.Section("used").Load()
	require.NoError(t, err)
	require.JSONEq(t, `{"used":1}`, string(used))
	s.Set("new", example())

	at.now = start.Add(state.Keep + time.Minute)
	s.Set("new", example())
	require.NoError(t, s.Flush())
	_, ok := s.Target("old")
	require.False(t, ok, "expired while the process runs")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(text), `"old"`)
	require.Contains(t, string(text), `"new"`)
	require.Contains(t, string(text), `"used"`, "its component is running, even if it has nothing to save")
}

func TestStore_Forget(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s, closeNow := opened(t, path, state.Options{})
	require.NoError(t, s.Put("mx1", example()))
	s.Set("mx2", example())
	require.NoError(t, s.Flush())
	s.Forget("mx1")
	s.Forget("unknown")
	closeNow()
	s, _ = opened(t, path, state.Options{})
	_, ok := s.Target("mx1")
	require.False(t, ok)
	_, ok = s.Target("mx2")
	require.True(t, ok)
}

func TestStore_Shared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	require.NoError(t, os.WriteFile(path+".old", nil, 0o600))
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))

	first, closeFirst := opened(t, path, state.Options{})
	second, closeSecond := opened(t, filepath.Join(link, "..", filepath.Base(link), "state"), state.Options{})
	require.Same(t, first, second)
	closeFirst()
	require.NoError(t, second.Put("mx1", example()), "the second user has not closed it")
	closeSecond()
	require.ErrorContains(t, second.Put("mx2", example()), "closed")
	third, _ := opened(t, path, state.Options{})
	require.NotSame(t, first, third)
	_, ok := third.Target("mx1")
	require.True(t, ok)
}

func TestStore_Shared_Reopened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	var workers sync.WaitGroup
	for i := range 4 {
		workers.Go(func() {
			for range 25 {
				s, err := state.Open(context.Background(), path, state.Options{})
				if err == nil {
					err = errors.Join(s.Put(fmt.Sprint("mx", i), example()), s.Close(context.Background()))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	s, _ := opened(t, path, state.Options{})
	for i := range 4 {
		_, ok := s.Target(fmt.Sprint("mx", i))
		require.True(t, ok)
	}
}

func TestStore_Files(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	s, closeNow := opened(t, path, state.Options{})
	require.NoError(t, s.Flush())
	require.NoFileExists(t, path, "nothing to write")
	require.NoError(t, s.Put("mx1", example()))
	for _, file := range []string{path + ".journal", path + ".lock"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), file)
	}
	require.NoError(t, os.WriteFile(path, nil, 0o644)) //nolint:gosec // Flush must restrict it
	require.NoError(t, s.Flush())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	info, err = os.Stat(path + ".journal")
	require.NoError(t, err)
	require.Zero(t, info.Size(), "the snapshot includes it")
	closeNow()

	var names []string
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, file := range list {
		names = append(names, file.Name())
	}
	require.Equal(t, []string{"state", "state.journal"}, names)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		require.True(t, json.Valid([]byte(line)), line)
	}
}

func TestStore_Journal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s, _ := opened(t, path, state.Options{})
	require.NoError(t, s.Section("ledger").Save([]byte(`1`)))
	old, err := os.ReadFile(path + ".journal")
	require.NoError(t, err)
	require.NoError(t, s.Section("ledger").Save([]byte(`2`)))
	require.NoError(t, s.Flush())
	snapshot, err := os.ReadFile(path)
	require.NoError(t, err)

	t.Run("record included in the snapshot", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "state")
		require.NoError(t, os.WriteFile(path, snapshot, 0o600))
		require.NoError(t, os.WriteFile(path+".journal", old, 0o600))
		s, _ := opened(t, path, state.Options{})
		value, err := s.Section("ledger").Load()
		require.NoError(t, err)
		require.Equal(t, `2`, string(value))
		require.NoError(t, s.Section("ledger").Save([]byte(`3`)))
		text, err := os.ReadFile(path + ".journal")
		require.NoError(t, err)
		require.Contains(t, string(text), `"seq":3`)
	})
	t.Run("large journal under load", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "state")
		s, _ := opened(t, path, state.Options{})
		large, err := json.Marshal(strings.Repeat("x", 1<<20))
		require.NoError(t, err)
		for range 10 {
			require.NoError(t, s.Section("ledger").Save(large))
			s.FlushSoon()
		}
		require.NoError(t, s.Flush())
		info, err := os.Stat(path + ".journal")
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(5<<20))
	})
}

func TestStore_Concurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s, closeNow := opened(t, path, state.Options{})
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			for i := range 50 {
				if err := s.Put(fmt.Sprint(w, " ", i), &state.Target{ProbesTotal: int64(i)}); err != nil {
					t.Error(err)
				}
				s.FlushSoon()
			}
		})
	}
	workers.Wait()
	closeNow()
	s, _ = opened(t, path, state.Options{})
	for w := range 8 {
		for i := range 50 {
			target, ok := s.Target(fmt.Sprint(w, " ", i))
			require.True(t, ok)
			require.Equal(t, int64(i), target.ProbesTotal)
		}
	}
}

func TestSection(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s, closeNow := opened(t, path, state.Options{})
	value, err := s.Section("ledger").Load()
	require.NoError(t, err)
	require.Empty(t, value)
	require.NoError(t, s.Section("ledger").Save([]byte(`{"a":[1,2]}`)))
	require.EqualError(t, s.Section("ledger").Save([]byte(`{`)), `section "ledger": value is not JSON`)
	require.ErrorContains(t, s.Section("ledger").Save([]byte(`"`+strings.Repeat("x", 16<<20)+`"`)), "is too long")
	require.NoError(t, s.Section("ledger").Save([]byte(`{"a":[3]}`)))
	closeNow()
	s, _ = opened(t, path, state.Options{})
	value, err = s.Section("ledger").Load()
	require.NoError(t, err)
	require.JSONEq(t, `{"a":[3]}`, string(value))
	value, err = s.Section("other").Load()
	require.NoError(t, err)
	require.Empty(t, value)
}

func TestDocument(t *testing.T) {
	t.Parallel()
	at := clock{start}
	s := state.New(state.Options{Now: at.read})
	require.NoError(t, s.Put("mx1", example()))
	require.NoError(t, s.Section("ledger").Save([]byte(`[1]`)))
	require.NoError(t, s.Flush())
	require.NoError(t, s.Close(t.Context()))
	text, err := json.Marshal(s.Document())
	require.NoError(t, err)

	var document state.Document
	require.NoError(t, json.Unmarshal(text, &document))
	s = state.New(state.Options{Now: at.read})
	s.Set("mx2", example())
	require.NoError(t, s.Restore(document))
	requireExample(t, s, "mx1")
	requireExample(t, s, "mx2")
	value, err := s.Section("ledger").Load()
	require.NoError(t, err)
	require.Equal(t, `[1]`, string(value))

	require.NoError(t, s.Restore(state.Document{}))
	require.EqualError(t, s.Restore(state.Document{Version: 2}), "state has version 2, and this program reads version 1")

	at.now = start.Add(state.Keep + time.Minute)
	s = state.New(state.Options{Now: at.read})
	require.NoError(t, s.Restore(document))
	_, ok := s.Target("mx1")
	require.False(t, ok, "expired")
}

func TestStore_DiskHangs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s, closeNow := opened(t, path, state.Options{WriteLimit: 500 * time.Millisecond})
	end := s.Hang()
	began := time.Now()
	require.ErrorContains(t, s.Put("mx1", example()), "writing takes longer than 500ms")
	for range 1000 {
		require.Error(t, s.Put("mx2", example()))
		s.Set("mx3", example())
		_, ok := s.Target("mx1")
		require.True(t, ok)
	}
	require.Contains(t, s.Problem(), "writing takes longer than 500ms")
	s.FlushSoon()
	require.Less(t, time.Since(began), 5*time.Second, "only the first one waits")
	end()
	require.Eventually(t, func() bool { return s.Put("mx4", example()) == nil }, time.Minute, time.Millisecond)
	require.NoError(t, s.Flush())
	require.Empty(t, s.Problem())
	closeNow()
	s, _ = opened(t, path, state.Options{})
	for _, key := range []string{"mx1", "mx2", "mx3", "mx4"} {
		_, ok := s.Target(key)
		require.True(t, ok, key)
	}
}

func TestStore_Close_DiskHangs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s, err := state.Open(t.Context(), path, state.Options{})
	require.NoError(t, err)
	s.Set("mx1", example())
	end := s.Hang()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Close(ctx), context.DeadlineExceeded)
	end()
	require.Eventually(t, func() bool { _, err := os.Stat(path + ".lock"); return os.IsNotExist(err) }, time.Minute, time.Millisecond)
}
