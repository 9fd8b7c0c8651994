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

// busyError says that another process has the lock.
type busyError struct {
	process string // empty: unknown
	wait    time.Duration
}

func (e *busyError) Error() string {
	return fmt.Sprintf("%s uses it, still after %s; a state file serves one process", cmp.Or(e.process, "another process"), e.wait)
}

// lockPause is between two attempts to get a lock.
const lockPause = 50 * time.Millisecond

// lock gets the lock that a file stands for, and writes the process id to it.
// It tries for as long as wait says, and at least once.
func lock(ctx context.Context, path string, wait time.Duration) (*lockFile, error) {
	deadline := time.Now().Add(wait)
	for {
		held, err := tryLock(path)
		if held != nil {
			held.note()
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

// lockFile is a lock that is held.
type lockFile struct{ file *os.File }

// note writes the process id for the message of a process that waits. On a full
// disk the message lacks it.
func (l *lockFile) note() {
	_, _ = l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) //nolint:errcheck // see above
}

// holder returns the id of the process that has a lock, if it could write it.
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
