package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// The server runs in a process of its own, so that its cost is not counted as
// a contestant's. It tells its addresses and certificate on its standard
// output, and ends when its standard input does.

// server is the child, and what it serves.
type server struct {
	plain, secured *endpoint
	silent         string // never says a word
	delaying       string // takes its time, see delays
	hostile        []string
	stop           func()
}

// endpoint is where contestants go.
type endpoint struct {
	addr string
	tls  *tls.Config // nil: without
	ca   string      // file that the certificate verifies with
}

func (e *endpoint) url() string {
	if e.tls != nil {
		return "smtps://" + e.addr
	}
	return "smtp://" + e.addr
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
			fmt.Fprintln(os.Stderr, "bench: the server:", err)
		}
	}
	s, err := introduced(bufio.NewReader(stdout))
	if err != nil {
		stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	s.stop = func() {
		os.Remove(s.secured.ca)
		stop()
	}
	return s, nil
}

// introduced reads what the server tells of itself.
func introduced(told *bufio.Reader) (*server, error) {
	line, err := told.ReadString('\n')
	if err != nil {
		return nil, err
	}
	words := strings.Fields(line)
	der, err := base64.StdEncoding.DecodeString(words[len(words)-1])
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	ca, err := os.CreateTemp("", "bench-*.pem")
	if err != nil {
		return nil, err
	}
	defer ca.Close()
	if err := pem.Encode(ca, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		return nil, err
	}
	return &server{
		plain: &endpoint{addr: words[0]},
		secured: &endpoint{
			addr: words[1],
			tls:  &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: "127.0.0.1"},
			ca:   ca.Name(),
		},
		silent:   words[2],
		delaying: words[3],
		hostile:  words[4 : len(words)-1],
	}, nil
}

// runServer is the child's main.
func runServer() error {
	cert, err := certificate()
	if err != nil {
		return err
	}
	secured := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	answers := make([]func(net.Conn), 0, 4+len(hostilities))
	answers = append(answers,
		answer,
		func(conn net.Conn) { answer(tls.Server(conn, secured)) },
		silence,
		answerLate,
	)
	for _, h := range hostilities {
		answers = append(answers, h.answer)
	}
	for _, answer := range answers {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Print(l.Addr(), " ")
		go serve(l, answer)
	}
	fmt.Println(base64.StdEncoding.EncodeToString(cert.Certificate[0]))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "bench.test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
