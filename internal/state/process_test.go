//go:build unix

package state_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
)

// Some tests need a second process: the test binary, with a role.
const (
	roleVariable = "SMTPPROBE_STATE_TEST_ROLE"
	pathVariable = "SMTPPROBE_STATE_TEST_PATH"
)

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		if err := role(os.Getenv(pathVariable)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var roles = map[string]func(path string) error{
	"hold":  hold,
	"write": write,
	"once":  once,
}

// hold keeps the file open until its input ends.
func hold(path string) error {
	s, err := state.Open(context.Background(), path, state.Options{})
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, s.Close(context.Background()))
}

// write uses all ways of writing until it is killed. It prints each number when it
// is on disk.
func write(path string) error {
	s, err := state.Open(context.Background(), path, state.Options{})
	if err != nil {
		return err
	}
	for i := range 500 {
		s.Set(fmt.Sprint("filler", i), example())
	}
	last, _ := s.Target("counter")
	for i := last.ProbesTotal + 1; ; i++ {
		if err := s.Put("counter", &state.Target{ProbesTotal: i}); err != nil {
			return err
		}
		fmt.Println(i)
		s.FlushSoon()
	}
}

// once stores one target and prints the problems.
func once(path string) error {
	s, err := state.Open(context.Background(), path, state.Options{
		Warn: func(text string) { fmt.Println("warning:", text) },
	})
	if err != nil {
		return err
	}
	_, ok := s.Target("mx1")
	fmt.Println("found:", ok)
	if err := s.Put("mx2", example()); err != nil {
		fmt.Println("put:", err)
	}
	_, ok = s.Target("mx2")
	fmt.Println("stored in memory:", ok)
	if err := s.Flush(); err != nil {
		fmt.Println("flush:", err)
	}
	fmt.Println("problem:", s.Problem())
	s.Close(context.Background())
	return nil
}

func child(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path)
	return cmd
}

func TestOpen_TwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	other := child(t, "hold", path)
	end, err := other.StdinPipe()
	require.NoError(t, err)
	out, err := other.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "open\n", line)

	_, err = state.Open(t.Context(), path, state.Options{Wait: 100 * time.Millisecond})
	require.EqualError(t, err, fmt.Sprintf(
		"state_file %q: process %d uses it, still after 100ms; a state file serves one process", path, other.Process.Pid))

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped"))
	_, err = state.Open(ctx, path, state.Options{})
	require.ErrorContains(t, err, "stopped")

	s, _ := opened(t, path+".other", state.Options{})
	require.Empty(t, s.Problem(), "the other file is not locked")

	// As in a reload, the other process ends while this one waits.
	result := make(chan error, 1)
	go func() {
		s, err := state.Open(context.Background(), path, state.Options{})
		if err == nil {
			err = s.Close(context.Background())
		}
		result <- err
	}()
	require.NoError(t, end.Close())
	require.NoError(t, other.Wait())
	require.NoError(t, <-result)
}

// TestStore_Killed repeatedly kills a writing process at a random time. The
// numbers that it printed are on disk.
func TestStore_Killed(t *testing.T) {
	t.Parallel()
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	path := filepath.Join(t.TempDir(), "state")
	acknowledged := int64(0)
	for round := range rounds {
		writer := child(t, "write", path)
		out, err := writer.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, writer.Start())
		// Not before a few records are written.
		lines := bufio.NewScanner(out)
		kill := func() { require.NoError(t, writer.Process.Kill()) }
		for n := 0; lines.Scan(); n++ {
			acknowledged, err = strconv.ParseInt(lines.Text(), 10, 64)
			require.NoError(t, err, "output of the writer: %q", lines.Text())
			if n == 5 {
				time.AfterFunc(time.Duration(rand.IntN(20_000))*time.Microsecond, kill)
			}
		}
		require.Error(t, writer.Wait())

		s, closeNow := opened(t, path, state.Options{})
		require.Empty(t, s.Problem(), "round %d", round)
		target, ok := s.Target("counter")
		require.True(t, ok)
		require.GreaterOrEqual(t, target.ProbesTotal, acknowledged, "round %d", round)
		require.LessOrEqual(t, target.ProbesTotal, acknowledged+1, "round %d", round)
		acknowledged = target.ProbesTotal
		if round%2 == 0 {
			closeNow() // otherwise the next process starts with the files of the killed one
		} else {
			copyFiles(t, path)
			path = filepath.Join(filepath.Dir(path), "copy", "state")
			closeNow()
		}
	}
}

// copyFiles copies the files of a state to a directory beside them.
func copyFiles(t *testing.T, path string) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(path), "copy")
	require.NoError(t, os.Mkdir(dir, 0o700))
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(file)), data, 0o600))
	}
}

// nobody makes a command run as the user nobody.
func nobody(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to run as another user")
	}
	program := filepath.Join(openDir(t), "state.test")
	data, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, data, 0o755)) //nolint:gosec // nobody runs it
	cmd.Path, cmd.Dir = program, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}

// openDir returns a directory that any user may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "state") //nolint:usetesting // t.TempDir is private
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755)) //nolint:gosec // nobody enters it
	return dir
}

func TestOpen_WithoutPermission(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dirOwner, fileOwner int
		dirMode, fileMode   os.FileMode
		found               bool
		problem             string
		newFile             bool // the file is replaced
	}{
		"own":                       {dirOwner: 65534, fileOwner: 65534, dirMode: 0o700, fileMode: 0o600, found: true, newFile: true},
		"of another user":           {dirOwner: 65534, dirMode: 0o700, fileMode: 0o600, problem: "belongs to user 0, and this process runs as user 65534"},
		"of another user, readable": {dirOwner: 65534, dirMode: 0o700, fileMode: 0o644, problem: "belongs to user 0, and this process runs as user 65534"},
		"read-only directory":       {fileOwner: 65534, dirMode: 0o755, fileMode: 0o600, found: true, problem: "state.lock: permission denied"},
		"inaccessible directory":    {fileOwner: 65534, dirMode: 0o700, fileMode: 0o600, problem: "permission denied"},
		"own, unreadable":           {dirOwner: 65534, fileOwner: 65534, dirMode: 0o700, fileMode: 0o000, problem: "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := openDir(t)
			path := filepath.Join(dir, "state")
			cmd := nobody(t, child(t, "once", path))
			s, closeNow := opened(t, path, state.Options{})
			s.Set("mx1", example())
			closeNow()
			before, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.Chmod(path, test.fileMode))
			require.NoError(t, os.Chown(path, test.fileOwner, -1))
			require.NoError(t, os.Chmod(dir, test.dirMode))
			require.NoError(t, os.Chown(dir, test.dirOwner, -1))

			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), fmt.Sprintln("found:", test.found))
			require.Contains(t, string(out), "stored in memory: true")
			_, problem, _ := strings.Cut(string(out), "problem: ")
			if test.problem == "" {
				require.Equal(t, "\n", problem)
			} else {
				require.Contains(t, problem, test.problem)
				require.Equal(t, 1, strings.Count(string(out), "warning:"), "%s", out)
			}
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, test.newFile, !bytes.Equal(before, after))
		})
	}
}

func TestStore_FullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := mountTmpfs(dir, 256<<10); err != nil {
		t.Skip("cannot mount a tmpfs:", err)
	}
	t.Cleanup(func() { unmount(t, dir) })
	path := filepath.Join(dir, "state")
	var warned warnings
	s, closeNow := opened(t, path, state.Options{Warn: warned.add})
	require.NoError(t, s.Put("mx1", example()))
	require.NoError(t, s.Flush())
	require.NoError(t, s.Put("mx2", example()))

	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		err = s.Put("mx3", &state.Target{ProbesTotal: int64(i)})
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Contains(t, s.Problem(), "no space left on device")
	require.ErrorIs(t, s.Flush(), syscall.ENOSPC)
	require.Contains(t, s.Problem(), "no space left on device")
	require.Len(t, warned.all(), 1, "only the first failed write")
	_, ok := s.Target("mx3")
	require.True(t, ok, "stored in memory")
	for _, key := range []string{"mx1", "mx2"} {
		_, ok := s.Target(key)
		require.True(t, ok)
	}
	require.NoFileExists(t, path+".tmp")

	// A process killed now leaves the entries that were on disk before.
	copied := filepath.Join(t.TempDir(), "state")
	for _, suffix := range []string{"", ".journal"} {
		data, err := os.ReadFile(path + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied+suffix, data, 0o600))
	}
	then, _ := opened(t, copied, state.Options{})
	require.Empty(t, then.Problem())
	for _, key := range []string{"mx1", "mx2"} {
		_, ok := then.Target(key)
		require.True(t, ok, key)
	}

	require.NoError(t, os.Remove(filler))
	require.NoError(t, s.Put("mx4", example()), "the disk has space again")
	require.NoError(t, s.Flush())
	require.Empty(t, s.Problem())
	closeNow()
	s, _ = opened(t, path, state.Options{})
	for _, key := range []string{"mx1", "mx2", "mx3", "mx4"} {
		_, ok := s.Target(key)
		require.True(t, ok, key)
	}
}

func TestOpen_FullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := mountTmpfs(dir, 64<<10); err != nil {
		t.Skip("cannot mount a tmpfs:", err)
	}
	t.Cleanup(func() { unmount(t, dir) })
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	path := filepath.Join(dir, "state")
	s, closeNow := opened(t, path, state.Options{})
	require.Error(t, s.Put("mx1", example()))
	require.Contains(t, s.Problem(), "no space left on device")
	require.NoError(t, os.Remove(filler))
	require.NoError(t, s.Flush())
	require.Empty(t, s.Problem())
	closeNow()
	require.FileExists(t, path)
}

func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	for range 1 << 20 {
		if _, err = file.Write(make([]byte, 4096)); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
}

func TestOpen_NotAFile(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]func(path string) error{
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"FIFO":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			require.NoError(t, create(path))
			s, closeNow := opened(t, path, state.Options{})
			require.Equal(t, fmt.Sprintf("state_file %q: %s is not a regular file", path, path), s.Problem())
			require.Error(t, s.Put("mx1", example()))
			closeNow()
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.False(t, info.Mode().IsRegular(), "not replaced")
		})
	}
}

func TestOpen_NoDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "none")
	var warned warnings
	s, _ := opened(t, filepath.Join(dir, "state"), state.Options{Warn: warned.add})
	require.Contains(t, s.Problem(), "no such file or directory")
	for range 3 {
		s.Set("mx1", example())
		require.Error(t, s.Flush())
	}
	require.Len(t, warned.all(), 1)
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, s.Flush(), "the directory exists now")
	require.Empty(t, s.Problem())
}
