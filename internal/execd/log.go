package execd

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/models"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
)

const (
	maxQueued  = 2000                   // lines that wait to be written; more are dropped
	maxClosing = 500 * time.Millisecond // how long Close waits for the queue to be written

	readerInterval = 50 * time.Millisecond // between looks whether a reader has made room
)

// log writes Telegraf's log lines as "E! message". inputs.execd reads the level
// from the beginning of a line, where Telegraf's own writer puts a time;
// Telegraf adds the time itself. Lines are written in the background, so that
// a standard error that nobody reads stops neither a gather nor the end.
type log struct {
	mu      sync.Mutex
	level   telegraf.LogLevel
	sources map[string]telegraf.LogLevel // inputs with a log_level of their own
	loading bool                         // lines wait until a configuration is loaded
	waiting []string
	dropped int
	closed  bool
	id      string

	out     io.Writer
	more    chan struct{} // has a token when there is something to write, or the end
	written chan struct{} // closed when all is written after Close
}

// newLog takes over all of Telegraf's logging until it is closed. What is
// logged while a configuration is loaded waits until that has worked: a
// configuration that is wrong is one line of error.
func newLog(out io.Writer, level telegraf.LogLevel) (*log, error) {
	l := &log{out: out, level: level, loading: true, more: make(chan struct{}, 1), written: make(chan struct{})}
	id, err := logger.AddCallback(l.print)
	if err != nil {
		return nil, fmt.Errorf("taking over the log: %w", err)
	}
	l.id = id
	logger.RedirectLogging(io.Discard)
	go l.write()
	return l, nil
}

// Close gives Telegraf's logging back when the lines that wait are written, or
// nobody reads them.
func (l *log) Close() {
	logger.RemoveCallback(l.id)
	l.mu.Lock()
	l.closed = true
	if l.loading {
		l.waiting = nil
	}
	l.mu.Unlock()
	l.wake()
	select {
	case <-l.written:
	case <-time.After(maxClosing):
	}
}

// loaded applies the log_level of each input, and lets the lines go that wait.
func (l *log) loaded(inputs []*models.RunningInput) {
	sources := make(map[string]telegraf.LogLevel, len(inputs))
	for _, in := range inputs {
		if in.Config.LogLevel != "" {
			source := "inputs." + in.Config.Name
			if in.Config.Alias != "" {
				source += "::" + in.Config.Alias
			}
			sources[source] = telegraf.LogLevelFromString(in.Config.LogLevel)
		}
	}
	l.mu.Lock()
	l.sources, l.loading = sources, false
	l.mu.Unlock()
	l.wake()
}

func (l *log) print(level telegraf.LogLevel, _ time.Time, source string, _ map[string]any, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit, own := l.sources[source]
	if !own {
		limit = l.level
	}
	if !limit.Includes(level) {
		return
	}
	if len(l.waiting) >= maxQueued {
		l.dropped++
		return
	}
	if source != "" {
		source = "[" + source + "] "
	}
	l.waiting = append(l.waiting, fmt.Sprintf("%s %s\n", level.Indicator(), console.OneLine(source+fmt.Sprint(args...))))
	l.wake()
}

// wake lets write look for lines. It never blocks.
func (l *log) wake() {
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func (l *log) write() {
	defer close(l.written)
	for range l.more {
		lines, end := l.take()
		for _, line := range lines {
			for !writable(l.out) {
				time.Sleep(readerInterval)
			}
			if _, err := io.WriteString(l.out, line); err != nil {
				return
			}
		}
		if end {
			return
		}
	}
}

// take returns the lines that wait, and whether they are the last.
func (l *log) take() (lines []string, end bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loading && !l.closed {
		return nil, false
	}
	lines, l.waiting = l.waiting, nil
	if l.dropped > 0 {
		lines = append(lines, fmt.Sprintf("W! %d log lines were dropped: standard error is not read fast enough\n", l.dropped))
		l.dropped = 0
	}
	return lines, l.closed
}
