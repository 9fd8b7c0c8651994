//go:build unix

package smtpprobe

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestStart_StateFileInUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		// Two open files lock each other out, even within one process.
		other, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
		require.NoError(t, err)
		defer other.Close()
		require.NoError(t, unix.Flock(int(other.Fd()), unix.LOCK_EX))
		_, err = other.WriteString("4711\n")
		require.NoError(t, err)

		s := withEngine(t, many(1), func(p *SMTPProbe) { p.StateFile = path })
		began := time.Now()
		err = s.Start(nil)
		require.ErrorContains(t, err, `state_file "`+path+`": process 4711 uses it, still after 5s`)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.NoFileExists(t, path)

		time.AfterFunc(3*time.Second, func() { other.Close() })
		require.NoError(t, s.Start(nil), "as after a reload")
		s.Stop()
	})
}
