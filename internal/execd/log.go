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
	maxQueued  = 2000                   // further lines are dropped
	maxClosing = 500 * time.Millisecond // time that Close waits for the queue to be written

	pollInterval = 50 * time.Millisecond // time between two checks whether a write would block
)

// log writes Telegraf's log lines in the form "E! message": inputs.execd expects
// the level at the beginning of a line, where Telegraf's own writer has the time.
// Lines are written in the background, so a standard error that nobody reads
// delays neither a gather nor the end.
type log struct {
	mu      sync.Mutex
	level   telegraf.LogLevel
	sources map[string]telegraf.LogLevel // inputs with their own log_level
	loading bool                         // the queue is not written yet
	queue   []string
	dropped int // lines
	closed  bool
	id      string // of the logger callback

	out     io.Writer
	changed chan struct{} // receives a token when there are lines to write or the log is closed
	written chan struct{} // closed when all lines are written after Close
}

// newLog redirects Telegraf's logging to out until the log is closed. Lines that
// are logged while a configuration is loaded are written only if that succeeds,
// because an invalid configuration is to be one line of error.
func newLog(out io.Writer, level telegraf.LogLevel) (*log, error) {
	l := &log{out: out, level: level, loading: true, changed: make(chan struct{}, 1), written: make(chan struct{})}
	id, err := logger.AddCallback(l.print)
	if err != nil {
		return nil, fmt.Errorf("taking over the log: %w", err)
	}
	l.id = id
	logger.RedirectLogging(io.Discard)
	go l.write()
	return l, nil
}

// Close ends the redirection. It waits until the queue is written, but not long.
func (l *log) Close() {
	logger.RemoveCallback(l.id)
	l.mu.Lock()
	l.closed = true
	if l.loading {
		l.queue = nil
	}
	l.mu.Unlock()
	l.wake()
	select {
	case <-l.written:
	case <-time.After(maxClosing):
	}
}

// loaded applies the log_level of each input and starts writing the queue.
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
	if len(l.queue) >= maxQueued {
		l.dropped++
		return
	}
	if source != "" {
		source = "[" + source + "] "
	}
	l.queue = append(l.queue, fmt.Sprintf("%s %s\n", level.Indicator(), console.OneLine(source+fmt.Sprint(args...))))
	l.wake()
}

// wake makes write check the queue. It never blocks.
func (l *log) wake() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

func (l *log) write() {
	defer close(l.written)
	for range l.changed {
		lines, end := l.take()
		for _, line := range lines {
			for !writable(l.out) {
				time.Sleep(pollInterval)
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

// take returns the lines to write, and whether they are the last.
func (l *log) take() (lines []string, end bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loading && !l.closed {
		return nil, false
	}
	lines, l.queue = l.queue, nil
	if l.dropped > 0 {
		lines = append(lines, fmt.Sprintf("W! %d log lines were dropped: standard error is not read fast enough\n", l.dropped))
		l.dropped = 0
	}
	return lines, l.closed
}
