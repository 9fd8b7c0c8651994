package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	netsmtp "net/smtp"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// contestant holds one session: connect, greeting, EHLO, QUIT.
type contestant struct {
	name    string
	session func(addr string, config *tls.Config) error
}

var contestants = []contestant{
	{"raw Go client", raw},
	{"net/smtp", netSMTP},
	{"go-smtp", goSMTP},
	{"smtpprobe engine", engine},
}

func dial(addr string, config *tls.Config) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil || config == nil {
		return conn, err
	}
	secured := tls.Client(conn, config)
	if err := secured.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	return secured, nil
}

// raw is the least that a session needs: three reads and two writes, with one
// deadline and nothing understood.
func raw(addr string, config *tls.Config) error {
	conn, err := dial(addr, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
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
}

func netSMTP(addr string, config *tls.Config) error {
	conn, err := dial(addr, config)
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
}

func goSMTP(addr string, config *tls.Config) error {
	conn, err := dial(addr, config)
	if err != nil {
		return err
	}
	c := gosmtp.NewClient(conn)
	defer c.Close()
	if err := c.Hello("probe.test"); err != nil {
		return err
	}
	return c.Quit()
}

func engine(addr string, config *tls.Config) error {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return err
	}
	p := smtpprobe.Prober{
		Target: smtpprobe.Target{Host: at.Addr().String(), Port: at.Port(), TLS: smtpprobe.TLSNever},
		Plan:   smtpprobe.Plan{Depth: smtpprobe.DepthEHLO, Helo: "probe.test", Timeout: 5 * time.Second},
	}
	if config != nil {
		p.Target.TLS, p.Target.TLSConfig = smtpprobe.TLSImplicit, config
	}
	r := p.Probe(context.Background())
	if r.Err != nil {
		return r.Err
	}
	return errors.Join(r.Secondary...)
}

// trusting is a client configuration for the server's certificate.
func trusting(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: "127.0.0.1"}
}
