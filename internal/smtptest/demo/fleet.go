// Package demo runs the demonstration relays of "make run" and "smtpprobe relays":
// healthy ones, and one for each common failure, on fixed ports of 127.0.0.1.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// DefaultBase is the default port of the first relay; the others follow. It is below
// the ephemeral ports of common systems.
const DefaultBase = 24501

// CAFile is the name of the CA file in Options.Dir.
const CAFile = "demo-ca.pem"

// recordedSessions is the number of sessions that a relay records.
const recordedSessions = 10

// Options are the ports and the directory of the relays.
type Options struct {
	Base      int    // port of the first relay, default DefaultBase
	Ephemeral bool   // use free ports instead
	Dir       string // created if necessary, for CAFile; empty: no file is written
}

// Relay is one of the relays.
type Relay struct {
	Name        string
	Description string // continues a sentence that starts with the name
	URL         string
	// Settings are lines of TOML that a probe needs besides name, url and the
	// plugin's tls_ca.
	Settings []string
	// Outcomes are the expected outcomes. If there are several, consecutive probes
	// have them in turn.
	Outcomes []Outcome
}

// Fleet is the running relays.
type Fleet struct {
	ca      *certs.Authority
	relays  []Relay
	servers []*smtptest.Server
	close   func()
}

// Start starts the relays. They run until Close, or until the context is canceled.
func Start(ctx context.Context, o Options) (*Fleet, error) {
	if o.Base == 0 {
		o.Base = DefaultBase
	}
	f := &Fleet{ca: certs.NewAuthority("smtpprobe demonstration")}
	f.close = sync.OnceFunc(f.closeAll)
	if err := f.start(o); err != nil {
		f.closeAll()
		return nil, fmt.Errorf("starting the demonstration relays: %w", err)
	}
	context.AfterFunc(ctx, f.close)
	return f, nil
}

func (f *Fleet) start(o Options) error {
	if o.Dir != "" {
		if err := os.MkdirAll(o.Dir, 0o750); err != nil {
			return err
		}
		if err := f.ca.WriteFile(filepath.Join(o.Dir, CAFile)); err != nil {
			return err
		}
	}
	var problems []error
	for i, e := range entries {
		port := o.Base + i
		if o.Ephemeral {
			port = 0
		}
		addr, err := f.run(e, port)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", e.name, err))
			continue
		}
		f.relays = append(f.relays, Relay{
			Name:        e.name,
			Description: e.description,
			URL:         e.scheme + "://" + addr.String(),
			Settings:    e.settings,
			Outcomes:    e.outcomes,
		})
	}
	return errors.Join(problems...)
}

// unused is the port of the closed relay if the others have free ports. It is below
// the ephemeral ports, so that no other program gets it by chance.
const unused = DefaultBase - 1

// run starts one relay, or checks that nothing listens on the port.
func (f *Fleet) run(e entry, port int) (net.Addr, error) {
	if e.script == nil && port == 0 {
		return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: unused}, nil
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if e.script == nil {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		return l.Addr(), l.Close()
	}
	s, err := smtptest.Listen(e.script(f.ca), smtptest.On("tcp", address), smtptest.Keep(recordedSessions))
	if err != nil {
		return nil, err
	}
	f.servers = append(f.servers, s)
	return s.Addr(), nil
}

// Relays returns the relays in the order of their ports.
func (f *Fleet) Relays() []Relay { return f.relays }

// Authority returns the authority of the relays' valid certificates.
func (f *Fleet) Authority() *certs.Authority { return f.ca }

// Close closes all relays. It returns after they have stopped.
func (f *Fleet) Close() { f.close() }

func (f *Fleet) closeAll() {
	for _, s := range f.servers {
		s.Close()
	}
}
