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

// writeLimit is the time that Stop waits for the state file to be written.
const writeLimit = 2 * time.Second

var _ telegraf.StatefulPlugin = (*SMTPProbe)(nil)

// GetState implements telegraf.StatefulPlugin: it returns the state that Telegraf
// stores in its own state file. It is empty if the plugin has a state file.
func (p *SMTPProbe) GetState() any {
	if p.StateFile != "" {
		return state.Document{}
	}
	return p.stateStore().Document()
}

// SetState implements telegraf.StatefulPlugin: it restores the state that Telegraf
// has stored. Telegraf calls it between Init and Start.
func (p *SMTPProbe) SetState(stored any) error {
	document, ok := stored.(state.Document)
	if !ok {
		return fmt.Errorf("state is a %T", stored)
	}
	if p.StateFile != "" {
		return nil
	}
	return p.stateStore().Restore(document)
}

// stateStore returns the store of the state that survives a restart.
func (p *SMTPProbe) stateStore() *state.Store {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.store
}

// openState opens the state file, if there is one and it is not open. It fails if
// another process uses the file.
func (p *SMTPProbe) openState() error {
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

// closeState writes and closes the state file.
func (p *SMTPProbe) closeState() {
	if !p.opened.CompareAndSwap(true, false) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeLimit)
	defer cancel()
	store := p.stateStore()
	logged := store.Problem()
	if err := store.Close(ctx); err != nil && err.Error() != logged {
		p.warn(err.Error())
	}
}

func (p *SMTPProbe) warn(text string) {
	if p.Log != nil {
		p.Log.Warn(text)
	}
}

// stateKey returns the key of a target in the state file. It consists of the tags
// that never change and of the depth, because the state depends on the depth.
func stateKey(tags []tag, depth smtpprobe.Depth) string {
	var key strings.Builder
	for _, t := range tags {
		key.WriteString(t.key + "=" + strconv.Quote(t.value) + " ")
	}
	return key.String() + "probe=" + string(depth)
}

// restore reads the state of a target from before a restart, in the first call. It
// reports whether this is the first call.
func (s *targetState) restore(store *state.Store, interval time.Duration) bool {
	if s.restored {
		return false
	}
	s.restored = true
	if known, ok := store.Target(s.key); ok {
		s.known = known
	}
	if !s.known.LastSent.IsZero() {
		// Without a previous gather, the next message must not be early.
		s.nextSend = s.known.LastSent.Add(interval + early(interval))
	}
	return true
}
