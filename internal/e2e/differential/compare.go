//go:build e2e

package differential

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"
)

// concurrency is the number of scenarios that run at the same time. Many of them
// mostly wait for a relay that stalls.
const concurrency = 24

// comparison is one scenario over one transport.
type comparison struct {
	scenario scenario
	over     transport
	ours     verdict
	theirs   map[string]result // by library; smtplib only for LMTP
}

// compare runs every scenario with every client.
func compare(t *testing.T, libraries []*library, scenarios []scenario) []*comparison {
	t.Helper()
	a := newAuthorities(t)
	var all []*comparison
	var group errgroup.Group
	group.SetLimit(concurrency)
	for _, s := range scenarios {
		for _, tr := range s.transports() {
			c := &comparison{scenario: s, over: tr, theirs: make(map[string]result)}
			all = append(all, c)
			group.Go(func() error { return c.run(t, libraries, a) })
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

var ids atomic.Int64

func (c *comparison) run(t *testing.T, libraries []*library, a *authorities) error {
	var mu sync.Mutex
	var clients errgroup.Group
	for _, l := range libraries {
		if c.scenario.script.LMTP && !l.hasLMTP() {
			continue
		}
		clients.Go(func() error {
			srv := c.scenario.start(t, c.over, a)
			defer srv.Close()
			s, err := l.run(job{
				ID: int(ids.Add(1)), Host: srv.Host(), Port: srv.Port(), LMTP: c.scenario.script.LMTP, TLS: string(c.over), CA: a.file(), Helo: helo,
				Timeout: c.scenario.wait().Seconds(), Login: c.scenario.credentials(), From: sender, To: c.scenario.client.to, Message: c.scenario.message(),
			})
			mu.Lock()
			defer mu.Unlock()
			c.theirs[l.Name] = s
			return err
		})
	}
	srv := c.scenario.start(t, c.over, a)
	defer srv.Close()
	c.ours = c.scenario.probe(srv, c.over, a)
	return clients.Wait()
}

func (l *library) hasLMTP() bool { return l.Name == smtplib }

// ran reports whether the library ran the session.
func (c *comparison) ran(l *library) bool {
	_, ok := c.theirs[l.Name]
	return ok
}

func (c *comparison) agrees(l *library) bool {
	return c.ran(l) && agrees(l, c.theirs[l.Name], c.ours)
}

func (c *comparison) disagrees(l *library) bool { return c.ran(l) && !c.agrees(l) }

func (s scenario) credentials() []string {
	if !s.client.login {
		return nil
	}
	return []string{user, password}
}

func (s scenario) message() string {
	const start = "Subject: differential\r\n\r\n"
	const line = "0123456789012345678901234567890123456789\r\n"
	return start + strings.Repeat(line, 1+s.client.size/len(line))
}
