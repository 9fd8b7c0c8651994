package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	netsmtp "net/smtp"
	"sync/atomic"
	"syscall"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"golang.org/x/sync/errgroup"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// sessionTimeout bounds the sessions of all contestants.
const sessionTimeout = 5 * time.Second

// contestant runs sessions: connect, greeting, EHLO, QUIT.
type contestant struct {
	name    string
	prepare preparer
}

// preparer prepares a trial, which is not measured. It returns errMissing if the
// contestant is not installed.
type preparer func(e *endpoint, sessions, inflight int) (*trial, error)

// trial is a prepared contestant.
type trial struct {
	run  func() error         // runs all sessions; measured
	cpu  func() time.Duration // CPU time used so far; nil: that of this process
	stop func()               // nil: nothing to stop
}

// errMissing is returned by a contestant that is not installed.
var errMissing = errors.New("not installed")

var contestants = []contestant{
	{"raw Go client", parallel(raw)},
	{"net/smtp", parallel(netSMTP)},
	{"go-smtp", parallel(goSMTP)},
	{"raw client in Telegraf", floor},
	{"smtpprobe engine", parallel(engine)},
	{"smtpprobe, whole Gather", wholeGather},
	{"blackbox_exporter", blackbox},
}

// session prepares a contestant and returns the function that runs its i-th
// session.
type session func(e *endpoint) (func(i int) error, error)

// parallel runs the sessions in a fixed number of goroutines.
func parallel(s session) preparer {
	return func(e *endpoint, sessions, inflight int) (*trial, error) {
		one, err := s(e)
		if err != nil {
			return nil, err
		}
		return &trial{run: func() error { return each(sessions, inflight, one) }}, nil
	}
}

// each calls f with 0 to n-1, inflight of them at a time, until one fails.
func each(n, inflight int, f func(int) error) error {
	var (
		group errgroup.Group
		next  atomic.Int64
	)
	for range min(n, inflight) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := f(i); err != nil {
					next.Store(int64(n))
					return err
				}
			}
		})
	}
	return group.Wait()
}

func dial(e *endpoint, i int) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", e.addr(i), sessionTimeout)
	if err != nil || e.tls == nil {
		return conn, err
	}
	secured := tls.Client(conn, e.tls)
	if err := secured.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	return secured, nil
}

// raw does the least that a session takes: three reads and two writes with one
// deadline. It does not interpret the replies.
func raw(e *endpoint) (func(int) error, error) {
	return func(i int) error {
		conn, err := dial(e, i)
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

func netSMTP(e *endpoint) (func(int) error, error) {
	return func(i int) error {
		conn, err := dial(e, i)
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
		return ignoreClosed(c.Quit())
	}, nil
}

func goSMTP(e *endpoint) (func(int) error, error) {
	return func(i int) error {
		conn, err := dial(e, i)
		if err != nil {
			return err
		}
		c := gosmtp.NewClient(conn)
		defer c.Close()
		if err := c.Hello("probe.test"); err != nil {
			return err
		}
		return ignoreClosed(c.Quit())
	}, nil
}

// ignoreClosed returns nil for the error of a close_notify that was not sent because
// the relay had closed the connection after QUIT.
func ignoreClosed(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return err
}

func engine(e *endpoint) (func(int) error, error) {
	p := smtpprobe.Prober{TLS: e.tls, Helo: "probe.test", Timeout: sessionTimeout}
	targets := make([]smtpprobe.Target, len(e.addrs))
	for i, text := range e.addrs {
		addr, err := netip.ParseAddrPort(text)
		if err != nil {
			return nil, err
		}
		targets[i] = smtpprobe.Target{Host: addr.Addr().String(), Port: addr.Port()}
		if e.tls != nil {
			targets[i].TLS = smtpprobe.TLSImplicit
		}
	}
	return func(i int) error {
		r := p.Probe(context.Background(), targets[i%len(targets)], smtpprobe.Plan{})
		if r.Err != nil {
			return r.Err
		}
		return errors.Join(r.Secondary...)
	}, nil
}
