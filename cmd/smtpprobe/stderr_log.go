package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/models"
)

// stderrLog writes Telegraf's log lines as "E! message". inputs.execd reads the
// level off the beginning of a line, where Telegraf's own writer would put a
// time; execd's Telegraf adds the time itself.
type stderrLog struct {
	mu      sync.Mutex
	out     io.Writer
	level   telegraf.LogLevel
	sources map[string]telegraf.LogLevel // inputs with a log_level of their own
	held    *bytes.Buffer                // nil once a configuration is loaded
	id      string
}

// newStderrLog takes over all of Telegraf's logging until it is closed. What
// is said while a configuration is loaded is held back until that has worked:
// one that does not is to be one line of error.
func newStderrLog(out io.Writer, level telegraf.LogLevel) (*stderrLog, error) {
	l := &stderrLog{out: out, level: level, held: &bytes.Buffer{}}
	id, err := logger.AddCallback(l.print)
	if err != nil {
		return nil, fmt.Errorf("taking over the log: %w", err)
	}
	l.id = id
	logger.RedirectLogging(io.Discard)
	return l, nil
}

// Close gives Telegraf's logging up.
func (l *stderrLog) Close() { logger.RemoveCallback(l.id) }

// loaded applies the log_level of each input, and says what was held back.
func (l *stderrLog) loaded(inputs []*models.RunningInput) {
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
	defer l.mu.Unlock()
	l.sources = sources
	fmt.Fprint(l.out, l.held)
	l.held = nil
}

func (l *stderrLog) print(level telegraf.LogLevel, _ time.Time, source string, _ map[string]any, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit, own := l.sources[source]
	if !own {
		limit = l.level
	}
	if !limit.Includes(level) {
		return
	}
	if source != "" {
		source = "[" + source + "] "
	}
	out := l.out
	if l.held != nil {
		out = l.held
	}
	fmt.Fprintf(out, "%s %s\n", level.Indicator(), oneLine(source+fmt.Sprint(args...)))
}

// oneLine keeps a message in its line: execd takes every line for a message.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", `\n`, "\n", `\n`, "\r", `\r`).Replace(strings.TrimSpace(s))
}
