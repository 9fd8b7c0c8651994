package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	netsmtp "net/smtp"
	"sync"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// sessionTimeout is every contestant's.
const sessionTimeout = 5 * time.Second

// contestant runs sessions: connect, greeting, EHLO, QUIT.
type contestant struct {
	name string
	// prepare is not measured. It returns errMissing if the contestant is not
	// installed.
	prepare func(at *endpoint, sessions, inflight int) (*trial, error)
}

// trial is a prepared contestant.
type trial struct {
	run  func() error         // so many sessions, so many at once; measured
	cpu  func() time.Duration // used so far; nil: by this process
	stop func()               // nil: nothing to stop
}

// errMissing is returned by a contestant that is not installed.
var errMissing = errors.New("not installed")

var contestants = []contestant{
	{"raw Go client", parallel(raw)},
	{"net/smtp", parallel(netSMTP)},
	{"go-smtp", parallel(goSMTP)},
	{"smtpprobe engine", parallel(engine)},
	{"smtpprobe, whole Gather", wholeGather},
	{"blackbox_exporter", blackbox},
}

// session returns a function that runs one session with an endpoint.
type session func(at *endpoint) (func() error, error)

// parallel lets a fixed number of goroutines run the sessions.
func parallel(s session) func(*endpoint, int, int) (*trial, error) {
	return func(at *endpoint, sessions, inflight int) (*trial, error) {
		one, err := s(at)
		if err != nil {
			return nil, err
		}
		return &trial{run: func() error { return each(sessions, inflight, func(int) error { return one() }) }}, nil
	}
}

// each calls f for 0 to n-1, so many at once, until one fails.
func each(n, inflight int, f func(int) error) error {
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var (
		wg     sync.WaitGroup
		once   sync.Once
		failed error
	)
	for range min(n, inflight) {
		wg.Go(func() {
			for i := range work {
				if err := f(i); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	wg.Wait()
	return failed
}

func dial(at *endpoint) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", at.addr, sessionTimeout)
	if err != nil || at.tls == nil {
		return conn, err
	}
	secured := tls.Client(conn, at.tls)
	if err := secured.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	return secured, nil
}

// raw is the least that a session needs: three reads and two writes, with one
// deadline and nothing understood.
func raw(at *endpoint) (func() error, error) {
	return func() error {
		conn, err := dial(at)
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(sessionTimeout)); err != nil {
			return err
		}
		buf := make([]byte, 512)
		if _, err := conn.Read(buf); err != nil {
			return err
		}
		for _, command := range []string{"EHLO probe.test\r\n", "QUIT\r\n"} {
			if _, err := conn.Write([]byte(command)); err != nil {
				return err
			}
			if _, err := conn.Read(buf); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func netSMTP(at *endpoint) (func() error, error) {
	return func() error {
		conn, err := dial(at)
		if err != nil {
			return err
		}
		c, err := netsmtp.NewClient(conn, "127.0.0.1")
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.Hello("probe.test"); err != nil {
			return err
		}
		return c.Quit()
	}, nil
}

func goSMTP(at *endpoint) (func() error, error) {
	return func() error {
		conn, err := dial(at)
		if err != nil {
			return err
		}
		c := gosmtp.NewClient(conn)
		defer c.Close()
		if err := c.Hello("probe.test"); err != nil {
			return err
		}
		return c.Quit()
	}, nil
}

func engine(at *endpoint) (func() error, error) {
	addr, err := netip.ParseAddrPort(at.addr)
	if err != nil {
		return nil, err
	}
	p := smtpprobe.Prober{TLS: at.tls, Helo: "probe.test", Timeout: sessionTimeout}
	target := smtpprobe.Target{Host: addr.Addr().String(), Port: addr.Port()}
	if at.tls != nil {
		target.TLS = smtpprobe.TLSImplicit
	}
	return func() error {
		r := p.Probe(context.Background(), target, smtpprobe.Plan{})
		if r.Err != nil {
			return r.Err
		}
		return errors.Join(r.Secondary...)
	}, nil
}
