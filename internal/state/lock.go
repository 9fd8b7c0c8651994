package state

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// busyError is the error if another process has the lock.
type busyError struct {
	process string // empty: unknown
	wait    time.Duration
}

func (e *busyError) Error() string {
	return fmt.Sprintf("%s uses it, still after %s; a state file serves one process", cmp.Or(e.process, "another process"), e.wait)
}

// lockPause is the time between two attempts to lock a file.
const lockPause = 50 * time.Millisecond

// lock locks a file and writes the process id to it. It tries at least once, and
// until wait has passed.
func lock(ctx context.Context, path string, wait time.Duration) (*lockFile, error) {
	deadline := time.Now().Add(wait)
	for {
		held, err := tryLock(path)
		if held != nil {
			held.writePID()
			return held, nil
		}
		if err != nil {
			return nil, err
		}
		if !time.Now().Before(deadline) {
			return nil, &busyError{holder(path), wait}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for another process: %w", context.Cause(ctx))
		case <-time.After(lockPause):
		}
	}
}

// lockFile is a locked file.
type lockFile struct{ file *os.File }

// writePID writes the process id, which the error of a waiting process contains.
// It fails on a full disk.
func (l *lockFile) writePID() {
	_, _ = l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) //nolint:errcheck // see above
}

// holder names the process that has locked a file. It is empty if unknown.
func holder(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	pid, _, _ := bytes.Cut(data, []byte("\n"))
	if _, err := strconv.Atoi(string(pid)); err != nil {
		return ""
	}
	return "process " + string(pid)
}
