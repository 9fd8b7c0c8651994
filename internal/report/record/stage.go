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

// stage is where the relays of the story stand.
type stage struct {
	round  atomic.Int64
	ca     string // file
	actors []*actor
}

// actor is a relay that follows its part.
type actor struct {
	*part
	script  smtptest.Script
	address string
	server  *smtptest.Server // nil while it is down
}

func newStage(dir string) (*stage, error) {
	s := &stage{ca: filepath.Join(dir, "ca.pem")}
	ca := certs.NewAuthority("story")
	if err := ca.WriteFile(s.ca); err != nil {
		return nil, err
	}
	for i := range parts {
		a := &actor{part: &parts[i], script: parts[i].script, address: "127.0.0.1:0"}
		if a.scheme != "smtp" {
			leaf := certs.For("127.0.0.1")
			if a.certificate > 0 {
				leaf.NotAfter = time.Now().Add(a.certificate)
			}
			a.script.TLS = certs.Server(ca.Issue(leaf))
			a.script.ImplicitTLS = a.scheme == "smtps"
		}
		for _, sc := range a.scenes {
			if sc.at != "" {
				a.script = a.script.With(sc.at, s.during(a.part, sc.at))
			}
		}
		if err := a.up(); err != nil {
			return nil, err
		}
		s.actors = append(s.actors, a)
	}
	return s, nil
}

// during does what the round's scene says at a moment.
func (s *stage) during(p *part, at smtptest.Moment) smtptest.Step {
	return func(c *smtptest.Conn) error {
		for _, sc := range p.scenes {
			if sc.at == at && sc.covers(int(s.round.Load())) {
				return sc.does(c)
			}
		}
		return smtptest.Healthy()(c)
	}
}

// begin sets the scene of a round.
func (s *stage) begin(round int) error {
	s.round.Store(int64(round))
	var problems []error
	for _, a := range s.actors {
		switch down := a.isDown(round); {
		case down && a.server != nil:
			a.close()
		case !down && a.server == nil:
			problems = append(problems, a.up())
		}
	}
	return errors.Join(problems...)
}

// up listens where it did before.
func (a *actor) up() error {
	server, err := smtptest.Listen(a.script, smtptest.On("tcp", a.address), smtptest.Keep(1))
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	a.server, a.address = server, server.Addr().String()
	return nil
}

func (a *actor) close() {
	if a.server != nil {
		a.server.Close()
		a.server = nil
	}
}

func (s *stage) close() {
	for _, a := range s.actors {
		a.close()
	}
}

// config is the plugin's.
func (s *stage) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[inputs.smtpprobe]]\n  helo = \"probe.example.org\"\n  log_level = \"error\"\n  timeout = \"350ms\"\n  tls_ca = %q\n", s.ca)
	for _, a := range s.actors {
		fmt.Fprintf(&b, "  [[inputs.smtpprobe.relay]]\n    name = %q\n    url = \"%s://%s\"\n%s", a.name, a.scheme, a.address, a.settings)
	}
	b.WriteString("  [[inputs.smtpprobe.group]]\n    name = \"outbound\"\n    relays = [\"mx1\", \"mx2\"]\n    policy = \"temporary_only\"\n")
	return b.String()
}
