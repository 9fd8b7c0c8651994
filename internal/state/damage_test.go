package state_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
)

// written returns the files of a Store with two targets and a section in the
// snapshot, and a later value of the section and two targets in the journal.
func written(t *testing.T) (snapshot, journal []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state")
	at := clock{start}
	s, _ := opened(t, path, state.Options{Now: at.read})
	s.Set("mx1", example())
	s.Set("mx2", example())
	require.NoError(t, s.Section("ledger").Save([]byte(`1`)))
	require.NoError(t, s.Flush())
	require.NoError(t, s.Section("ledger").Save([]byte(`2`)))
	require.NoError(t, s.Put("mx3", example()))
	require.NoError(t, s.Put("mx4", example()))
	snapshot, err := os.ReadFile(path)
	require.NoError(t, err)
	journal, err = os.ReadFile(path + ".journal")
	require.NoError(t, err)
	return snapshot, journal
}

func TestOpen_Damaged(t *testing.T) {
	t.Parallel()
	good, _ := written(t)
	replaced := func(old, by string) []byte {
		changed := bytes.Replace(good, []byte(old), []byte(by), 1)
		require.NotEqual(t, good, changed)
		return changed
	}
	for name, test := range map[string]struct {
		text []byte
		want string
	}{
		"garbage":                    {text: []byte("\x00\xff garbage\n"), want: "its first line is not a header with a valid checksum"},
		"empty":                      {text: nil, want: "it is empty"},
		"other JSON":                 {text: []byte("{\n  \"relays\": []\n}\n"), want: "its first line is not a header"},
		"later version":              {text: replaced(`"version":1`, `"version":2`), want: "it has version 2, and this program reads version 1"},
		"later version, no checksum": {text: []byte(`{"version": 999}`), want: "it has version 999, and this program reads version 1"},
		"no version":                 {text: []byte(`{"seq":1,"sum":"5a5f4ed0"}` + "\n"), want: "its first line is not a header"},
		"changed value":              {text: replaced(`"failures":3`, `"failures":4`), want: "has no valid checksum"},
		"changed checksum":           {text: replaced(`"sum":"`, `"sum":"0`), want: "checksum"},
		"truncated in a line":        {text: good[:len(good)-20], want: "has no valid checksum"},
		"truncated after a line":     {text: good[:bytes.LastIndexByte(good[:len(good)-1], '\n')+1], want: "it has 2 entries instead of 3"},
		"truncated in the header":    {text: good[:10], want: "its first line is not a header"},
		"additional lines":           {text: append(bytes.Clone(good), good[bytes.IndexByte(good, '\n')+1:]...), want: "it has 6 entries instead of 3"},
		"long line":                  {text: append(bytes.Clone(good), bytes.Repeat([]byte("x"), 17<<20)...), want: "a line is longer than"},
		"zeros":                      {text: make([]byte, 4096), want: "its first line is not a header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			require.NoError(t, os.WriteFile(path, test.text, 0o600))
			var warned warnings
			at := clock{start}
			o := state.Options{Warn: warned.add, Now: at.read}
			s, closeNow := opened(t, path, o)
			require.Contains(t, s.Problem(), test.want)
			require.Contains(t, s.Problem(), "damaged, kept as "+path+".damaged, starting without it")
			require.Equal(t, []string{s.Problem()}, warned.all())
			kept, err := os.ReadFile(path + ".damaged")
			require.NoError(t, err)
			require.True(t, bytes.Equal(test.text, kept))
			_, ok := s.Target("mx1")
			require.False(t, ok, "no entry is used")

			require.NoError(t, s.Put("new", example()))
			closeNow()
			require.Empty(t, s.Problem(), "the file was replaced")
			s, _ = opened(t, path, o)
			requireExample(t, s, "new")
			require.Len(t, warned.all(), 1)
		})
	}
}

func TestOpen_DamagedSnapshot_JournalKept(t *testing.T) {
	t.Parallel()
	_, journal := written(t)
	path := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.WriteFile(path, []byte("garbage"), 0o600))
	require.NoError(t, os.WriteFile(path+".journal", journal, 0o600))
	at := clock{start}
	s, closeNow := opened(t, path, state.Options{Now: at.read})
	requireExample(t, s, "mx3")
	closeNow()
	s, _ = opened(t, path, state.Options{Now: at.read})
	requireExample(t, s, "mx3")
}

func TestOpen_Journal(t *testing.T) {
	t.Parallel()
	snapshot, journal := written(t)
	lines := strings.SplitAfter(string(journal), "\n") // header, ledger, mx3, mx4
	require.Len(t, lines, 5)
	changed := func(line string) string { return strings.Replace(line, `"seq"`, `"SEQ"`, 1) }
	for name, test := range map[string]struct {
		text    string
		ledger  string
		targets []string // of mx3, mx4
		problem string
	}{
		"complete":         {text: string(journal), ledger: "2", targets: []string{"mx3", "mx4"}},
		"empty":            {text: "", ledger: "1"},
		"header only":      {text: lines[0], ledger: "1"},
		"incomplete line":  {text: lines[0] + lines[1] + lines[2][:30], ledger: "2"},
		"line without LF":  {text: lines[0] + lines[1] + strings.TrimSuffix(lines[2], "\n"), ledger: "2"},
		"zeros at the end": {text: lines[0] + lines[1] + strings.Repeat("\x00", 4096), ledger: "2"},
		"invalid last line": {
			text: lines[0] + lines[1] + lines[2] + changed(lines[3]), ledger: "2", targets: []string{"mx3"},
		},
		"invalid line between valid ones": {
			text: lines[0] + lines[1] + changed(lines[2]) + lines[3], ledger: "2", targets: []string{"mx4"},
			problem: "1 invalid lines amid valid ones",
		},
		"several invalid lines": {
			text: lines[0] + lines[1] + changed(lines[2]) + changed(lines[3]), ledger: "2",
			problem: "1 invalid lines amid valid ones",
		},
		"incomplete header": {text: lines[0][:10], ledger: "1"},
		"no header":         {text: lines[1], ledger: "1", problem: "its first line is not a header"},
		"later version":     {text: `{"version":7}` + "\n" + lines[1], ledger: "1", problem: "it has version 7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			require.NoError(t, os.WriteFile(path, snapshot, 0o600))
			require.NoError(t, os.WriteFile(path+".journal", []byte(test.text), 0o600))
			var warned warnings
			at := clock{start}
			o := state.Options{Warn: warned.add, Now: at.read}
			s, closeNow := opened(t, path, o)
			if test.problem == "" {
				require.Empty(t, warned.all())
			} else {
				require.Len(t, warned.all(), 1)
				require.Contains(t, s.Problem(), test.problem)
				require.FileExists(t, path+".journal.damaged")
			}
			check := func() {
				requireExample(t, s, "mx1")
				value, err := s.Section("ledger").Load()
				require.NoError(t, err)
				require.Equal(t, test.ledger, string(value))
				for _, key := range []string{"mx3", "mx4"} {
					_, ok := s.Target(key)
					require.Equal(t, strings.Contains(strings.Join(test.targets, " "), key), ok, key)
				}
			}
			check()
			// A record appended now can be read again without a snapshot in between.
			require.NoError(t, s.Put("mx5", example()))
			copied := filepath.Join(t.TempDir(), "state")
			for _, suffix := range []string{"", ".journal"} {
				data, err := os.ReadFile(path + suffix)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(copied+suffix, data, 0o600))
			}
			closeNow()
			s, _ = opened(t, copied, o)
			check()
			requireExample(t, s, "mx5")
			require.Empty(t, s.Problem())
		})
	}
}

// TestOpen_Journal_Truncated truncates a journal at many offsets: the complete
// records are read.
func TestOpen_Journal_Truncated(t *testing.T) {
	t.Parallel()
	snapshot, journal := written(t)
	path := filepath.Join(t.TempDir(), "state")
	at := clock{start}
	for cut := 0; cut < len(journal); cut += 7 {
		require.NoError(t, os.WriteFile(path, snapshot, 0o600))
		require.NoError(t, os.WriteFile(path+".journal", journal[:cut], 0o600))
		s, closeNow := opened(t, path, state.Options{Now: at.read})
		complete := bytes.Count(journal[:cut], []byte("\n"))
		_, ok := s.Target("mx3")
		require.Equal(t, complete >= 3, ok, "truncated at %d", cut)
		require.Empty(t, s.Problem(), "truncated at %d", cut)
		closeNow()
	}
}

func TestOpen_StaleEntries(t *testing.T) {
	t.Parallel()
	n := 1_000_000
	if testing.Short() || raceDetector {
		n = 10_000
	}
	path := filepath.Join(t.TempDir(), "state")
	require.NoError(t, state.WriteMany(path, n, start))
	began := time.Now()
	at := clock{start.Add(state.Keep + time.Minute)}
	s, _ := opened(t, path, state.Options{Now: at.read})
	require.Empty(t, s.Problem())
	took := time.Since(began)
	require.Less(t, took, time.Minute)
	t.Logf("%d stale entries took %s", n, took)
	require.Empty(t, s.Document().Entries)
	s.Set("mx1", example())
	require.NoError(t, s.Flush())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(10_000))
}

func TestOpen_TooManyEntries(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	require.NoError(t, state.WriteMany(path, 100_050, start))
	at := clock{start.Add(time.Hour)}
	s, _ := opened(t, path, state.Options{Now: at.read})
	s.Set("new", example())
	require.Len(t, s.Document().Entries, 100_000)
	requireExample(t, s, "new")
}
