package state_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
)

// FuzzOpen opens arbitrary files. The entries read from them can be written and
// read again.
func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "state")
	at := clock{start}
	s, err := state.Open(f.Context(), path, state.Options{Now: at.read})
	require.NoError(f, err)
	require.NoError(f, s.Put("mx1", example()))
	journal, err := os.ReadFile(path + ".journal")
	require.NoError(f, err)
	require.NoError(f, s.Close(f.Context()))
	snapshot, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(snapshot, journal)
	f.Add([]byte("{}"), []byte("\n\n"))
	f.Add([]byte(`{"version":2}`), journal[:len(journal)-3])

	f.Fuzz(func(t *testing.T, snapshot, journal []byte) {
		path := filepath.Join(t.TempDir(), "state")
		require.NoError(t, os.WriteFile(path, snapshot, 0o600))
		require.NoError(t, os.WriteFile(path+".journal", journal, 0o600))
		s, closeNow := opened(t, path, state.Options{Now: at.read})
		for _, e := range s.Document().Entries {
			s.Target(e.Key)
		}
		require.NoError(t, s.Put("new", example()))
		before := s.Document()
		closeNow()
		require.Empty(t, s.Problem())
		s, _ = opened(t, path, state.Options{Now: at.read})
		require.Empty(t, s.Problem())
		require.Equal(t, before, s.Document())
	})
}

func FuzzReadJournal(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		valid, n, err := state.CountJournal(data)
		require.LessOrEqual(t, valid, int64(len(data)))
		if err != nil {
			return
		}
		again, m, err := state.CountJournal(data[:valid])
		require.NoError(t, err)
		require.Equal(t, valid, again)
		require.Equal(t, n, m)
		_, _ = state.CountSnapshot(data) //nolint:errcheck // it must not panic
	})
}
