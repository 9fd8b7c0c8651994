// Package demo runs relays with one behaviour each, for `make run`, for
// `smtpprobe relays` and for anyone who wants to see what a probe reports about them:
// healthy ones and every common way to fail, on fixed ports of 127.0.0.1.
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

// DefaultBase is the port of the first relay; the others follow. It lies below
// the ports that systems give to outgoing connections, which are taken at random.
const DefaultBase = 24501

// CAFile is the file in Options.Dir that the relays' certificates verify with.
const CAFile = "demo-ca.pem"

// remembered is how many sessions a relay of the demonstration keeps.
const remembered = 10

// Options say where the relays run. The zero value is the demonstration's.
type Options struct {
	Base      int    // port of the first relay, default DefaultBase
	Ephemeral bool   // ports that happen to be free, instead
	Dir       string // made if need be; CAFile is written there. Empty: it is not
}

// Relay is one relay of the fleet.
type Relay struct {
	Name        string
	Description string // reads on after the name
	URL         string
	// Settings are the lines of TOML that a relay needs besides name, url and
	// the plugin's tls_ca for its behaviour to show. None: the defaults do.
	Settings []string
	// Outcomes is what probes find; a relay with several goes through them in
	// turn, one for each probe.
	Outcomes []Outcome
}

// Fleet is all the relays, running.
type Fleet struct {
	ca      *certs.Authority
	relays  []Relay
	servers []*smtptest.Server
	close   func()
}

// Start runs the relays until Close, or until the context ends.
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

// unused is a port that no fleet takes, and below those that systems give away.
// One that was free a moment ago may be somebody else's by now.
const unused = DefaultBase - 1

// run starts one relay, or makes sure that nothing listens on its port.
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
	s, err := smtptest.Listen(e.script(f.ca), smtptest.On("tcp", address), smtptest.Keep(remembered))
	if err != nil {
		return nil, err
	}
	f.servers = append(f.servers, s)
	return s.Addr(), nil
}

// Relays lists the relays in the order of their ports.
func (f *Fleet) Relays() []Relay { return f.relays }

// Authority is what the relays' good certificates verify with.
func (f *Fleet) Authority() *certs.Authority { return f.ca }

// Close ends every relay and returns when they are gone.
func (f *Fleet) Close() { f.close() }

func (f *Fleet) closeAll() {
	for _, s := range f.servers {
		s.Close()
	}
}
