package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// The relays run in a process of their own, so that their CPU time and memory
// are not counted as a contestant's. The process is this program with -serve:
// it writes its addresses to standard output, and ends when its standard input
// is closed.

// addresses is the first line of the server's output, as JSON.
type addresses struct {
	Plain       []string // of the healthy relay, see listenEverywhere
	TLS         []string // the same with implicit TLS
	Silent      string
	Delayed     string
	Hostile     []string // in the order of hostilities
	Certificate []byte   // of TLS, in DER
}

// server is the running server process.
type server struct {
	plain, secured *endpoint
	silent         string
	delayed        string
	hostile        []string
	stop           func()
}

// endpoint is the healthy relay as a contestant reaches it.
type endpoint struct {
	addrs []string    // all equivalent
	tls   *tls.Config // nil: no TLS
	ca    string      // file of the certificate authority
}

// addr returns the address of the i-th session. Successive sessions go to
// different addresses, as those of a fleet do: with a single one, the ports of
// closed connections (TIME_WAIT) run out within seconds, and every connect
// searches for a free one.
func (e *endpoint) addr(i int) string { return e.addrs[i%len(e.addrs)] }

func (e *endpoint) url(i int) string {
	if e.tls != nil {
		return "smtps://" + e.addr(i)
	}
	return "smtp://" + e.addr(i)
}

// urls returns the URLs of n relays.
func (e *endpoint) urls(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = e.url(i)
	}
	return list
}

func startServer() (*server, error) {
	cmd := exec.Command(os.Args[0], "-serve")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: server:", err)
		}
	}
	s, err := readServer(stdout)
	if err != nil {
		stop()
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	s.stop = func() {
		os.Remove(s.secured.ca)
		stop()
	}
	return s, nil
}

// readServer reads the addresses from the server's output.
func readServer(stdout io.Reader) (*server, error) {
	var a addresses
	if err := json.NewDecoder(stdout).Decode(&a); err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(a.Certificate)
	if err != nil {
		return nil, err
	}
	ca, err := writeCertificate(a.Certificate)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &server{
		plain: &endpoint{addrs: a.Plain},
		secured: &endpoint{
			addrs: a.TLS,
			tls:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: serverName},
			ca:    ca,
		},
		silent:  a.Silent,
		delayed: a.Delayed,
		hostile: a.Hostile,
	}, nil
}

// writeCertificate writes a certificate to a temporary file and returns its name.
func writeCertificate(der []byte) (string, error) {
	file, err := os.CreateTemp("", "bench-*.pem")
	if err != nil {
		return "", err
	}
	defer file.Close()
	return file.Name(), pem.Encode(file, &pem.Block{Type: "CERTIFICATE", Bytes: der})
}
