//go:build e2e

package differential

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sessionLimit is the time limit of one session. If it is exceeded, the test fails.
const sessionLimit = 40 * time.Second

// python is Debian's interpreter, which uses Debian's packages. The environment
// variable PYTHON overrides it.
const python = "/usr/bin/python3"

// job is one session for the driver to run.
type job struct {
	ID      int      `json:"id"`
	Host    string   `json:"host"`
	Port    uint16   `json:"port"`
	LMTP    bool     `json:"lmtp"`
	TLS     string   `json:"tls"`
	CA      string   `json:"ca"` // file
	Helo    string   `json:"helo"`
	Timeout float64  `json:"timeout"` // seconds
	Login   []string `json:"login"`   // user and password, or nothing
	From    string   `json:"from"`
	To      []string `json:"to"` // none: do not send
	Message string   `json:"message"`
}

// result is the result of a session as the client reports it.
type result struct {
	ID        int      `json:"id"`
	Step      step     `json:"step"`
	Exception string   `json:"exception"` // its class, empty if none was raised
	Ancestors []string `json:"ancestors"` // the class and all its base classes
	Codes     []int    `json:"codes"`     // of the exception or of the refused recipients
	Errno     string   `json:"errno"`     // of an OSError
	Text      string   `json:"text"`
}

// step is one method call of a session.
type step string

// The steps. stepDone follows the last one.
const (
	stepConnect  step = "connect"
	stepEHLO     step = "ehlo"
	stepSTARTTLS step = "starttls"
	stepLogin    step = "login"
	stepSend     step = "sendmail"
	stepQuit     step = "quit"
	stepDone     step = "done"
)

// library is one of Python's SMTP clients.
type library struct {
	Name    string   `json:"library"`
	Version string   `json:"version"`
	Names   []string `json:"names"` // of its exceptions

	mu      sync.Mutex
	stdin   *json.Encoder
	waiting map[int]chan result
	exited  chan struct{}
}

// startLibrary runs the driver until the test ends.
func startLibrary(t *testing.T, name string) *library {
	t.Helper()
	interpreter := os.Getenv("PYTHON")
	if interpreter == "" {
		interpreter = python
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, interpreter, filepath.Join("testdata", "driver.py"), name)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())

	l := &library{stdin: json.NewEncoder(stdin), waiting: make(map[int]chan result), exited: make(chan struct{})}
	lines := bufio.NewScanner(stdout)
	described := lines.Scan()
	t.Cleanup(func() {
		cancel()
		<-l.exited
		_ = cmd.Wait() //nolint:errcheck // killed by cancel
		if t.Failed() && stderr.Len() > 0 {
			t.Logf("%s: %s", name, stderr.String())
		}
	})
	if !described || json.Unmarshal(lines.Bytes(), l) != nil {
		close(l.exited)
		require.FailNow(t, interpreter+" cannot run "+name, "%s%s", lines.Bytes(), "make e2e installs python3-aiosmtplib; PYTHON may name another interpreter")
	}
	go l.read(lines)
	return l
}

func (l *library) read(lines *bufio.Scanner) {
	defer close(l.exited)
	for lines.Scan() {
		var s result
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			return
		}
		l.mu.Lock()
		reply := l.waiting[s.ID]
		delete(l.waiting, s.ID)
		l.mu.Unlock()
		if reply != nil {
			reply <- s
		}
	}
}

// run runs one session.
func (l *library) run(j job) (result, error) {
	reply := make(chan result, 1)
	l.mu.Lock()
	l.waiting[j.ID] = reply
	err := l.stdin.Encode(j)
	l.mu.Unlock()
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", l.Name, err)
	}
	select {
	case s := <-reply:
		return s, nil
	case <-l.exited:
		return result{}, fmt.Errorf("%s exited", l.Name)
	case <-time.After(sessionLimit):
		return result{}, fmt.Errorf("%s: a session took longer than %v", l.Name, sessionLimit)
	}
}
