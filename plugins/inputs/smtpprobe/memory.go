package smtpprobe

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// writeLimit is how long Stop waits for the state file. The state of the last
// gather is being written by then.
const writeLimit = 2 * time.Second

var _ telegraf.StatefulPlugin = (*SMTPProbe)(nil)

// GetState returns what Telegraf stores in its own state file, which is nothing
// if the plugin has one.
func (p *SMTPProbe) GetState() any {
	if p.StateFile != "" {
		return state.Document{}
	}
	return p.memory().Document()
}

// SetState takes over what Telegraf has stored. It is called after Init and
// before Start.
func (p *SMTPProbe) SetState(stored any) error {
	document, ok := stored.(state.Document)
	if !ok {
		return fmt.Errorf("state is a %T", stored)
	}
	if p.StateFile != "" {
		return nil
	}
	return p.memory().Restore(document)
}

// memory returns what is remembered over restarts.
func (p *SMTPProbe) memory() *state.Store {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.store
}

// openMemory reads the state file, if there is one to be read. It is an error if
// another process uses it.
func (p *SMTPProbe) openMemory() error {
	if p.StateFile == "" || p.opened.Load() {
		return nil
	}
	store, err := state.Open(context.Background(), p.StateFile, state.Options{Warn: p.warn})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.store = store
	p.opened.Store(true)
	return nil
}

// closeMemory writes the state file and gives it back.
func (p *SMTPProbe) closeMemory() {
	if !p.opened.CompareAndSwap(true, false) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeLimit)
	defer cancel()
	store := p.memory()
	known := store.Problem() // there was a warning of it
	if err := store.Close(ctx); err != nil && err.Error() != known {
		p.warn(err.Error())
	}
}

func (p *SMTPProbe) warn(text string) {
	if p.Log != nil {
		p.Log.Warn(text)
	}
}

// stateKey identifies a target in the state file by what never changes. A probe
// of another depth finds out other things.
func stateKey(tags []tag, depth smtpprobe.Depth) string {
	var key strings.Builder
	for _, t := range tags {
		key.WriteString(t.key + "=" + strconv.Quote(t.value) + " ")
	}
	return key.String() + "probe=" + string(depth)
}

// recall reads what a target's probes have left before the restart. It does so
// once, and reports whether it did.
func (s *targetState) recall(store *state.Store, interval time.Duration) bool {
	if s.recalled {
		return false
	}
	s.recalled = true
	if known, ok := store.Target(s.key); ok {
		s.known = known
	}
	if !s.known.LastSent.IsZero() {
		// Where no gather is late or early yet, not even a moment is missing.
		s.nextSend = s.known.LastSent.Add(interval + early(interval))
	}
	return true
}
