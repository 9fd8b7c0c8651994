package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// fleet runs the relays of the scenario.
type fleet struct {
	round  atomic.Int64
	caFile string
	relays []*relay
}

// relay is a running relay of the scenario.
type relay struct {
	*spec
	script  smtptest.Script
	address string
	server  *smtptest.Server // nil during an outage
}

func newFleet(dir string) (*fleet, error) {
	f := &fleet{caFile: filepath.Join(dir, "ca.pem")}
	ca := certs.NewAuthority("record")
	if err := ca.WriteFile(f.caFile); err != nil {
		return nil, err
	}
	for i := range specs {
		r := &relay{spec: &specs[i], script: specs[i].script, address: "127.0.0.1:0"}
		if r.scheme != "smtp" {
			leaf := certs.For("127.0.0.1")
			if r.certificate > 0 {
				leaf.NotAfter = time.Now().Add(r.certificate)
			}
			r.script.TLS = certs.Server(ca.Issue(leaf))
			r.script.ImplicitTLS = r.scheme == "smtps"
		}
		for _, p := range r.periods {
			if p.at != "" {
				r.script = r.script.With(p.at, f.step(r.spec, p.at))
			}
		}
		if err := r.start(); err != nil {
			return nil, err
		}
		f.relays = append(f.relays, r)
	}
	return f, nil
}

// step returns the step at a point of the session: that of the current period, or
// that of a healthy relay.
func (f *fleet) step(s *spec, at smtptest.Event) smtptest.Step {
	return func(c *smtptest.Conn) error {
		for _, p := range s.periods {
			if p.at == at && p.contains(int(f.round.Load())) {
				return p.step(c)
			}
		}
		return smtptest.Healthy()(c)
	}
}

// begin begins a round: it starts and stops relays as the scenario demands.
func (f *fleet) begin(round int) error {
	f.round.Store(int64(round))
	var errs []error
	for _, r := range f.relays {
		switch down := r.isDown(round); {
		case down && r.server != nil:
			r.stop()
		case !down && r.server == nil:
			errs = append(errs, r.start())
		}
	}
	return errors.Join(errs...)
}

// start listens at the address of the relay, which stays the same.
func (r *relay) start() error {
	server, err := smtptest.Listen(r.script, smtptest.On("tcp", r.address), smtptest.Keep(1))
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	r.server, r.address = server, server.Addr().String()
	return nil
}

func (r *relay) stop() {
	if r.server != nil {
		r.server.Close()
		r.server = nil
	}
}

func (f *fleet) close() {
	for _, r := range f.relays {
		r.stop()
	}
}

// config returns the plugin's configuration.
func (f *fleet) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[inputs.smtpprobe]]\n  helo = \"probe.example.org\"\n  log_level = \"error\"\n  timeout = \"350ms\"\n  tls_ca = %q\n", f.caFile)
	for _, r := range f.relays {
		fmt.Fprintf(&b, "  [[inputs.smtpprobe.relay]]\n    name = %q\n    url = \"%s://%s\"\n%s", r.name, r.scheme, r.address, r.settings)
	}
	b.WriteString("  [[inputs.smtpprobe.group]]\n    name = \"outbound\"\n    relays = [\"mx1\", \"mx2\"]\n    policy = \"temporary_only\"\n")
	return b.String()
}
