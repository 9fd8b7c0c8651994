package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

// The replies of the healthy relay.
const (
	greetingReply = "220 bench.test ESMTP\r\n"
	ehloReply     = "250-bench.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"
	quitReply     = "221 2.0.0 bye\r\n"
)

const (
	serverName    = "bench.test" // in the certificate
	listenerCount = 64           // addresses of the healthy relay
)

// handler serves one connection. It need not close it.
type handler func(net.Conn)

// serve is the main function of the server process.
func serve() error {
	cert, err := newCertificate()
	if err != nil {
		return err
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	a := addresses{Certificate: cert.Certificate[0]}
	if a.Plain, err = listenEverywhere(serveHealthy); err != nil {
		return err
	}
	a.TLS, err = listenEverywhere(func(conn net.Conn) {
		secured := tls.Server(conn, config)
		defer secured.Close() // sends close_notify
		serveHealthy(secured)
	})
	if err != nil {
		return err
	}
	if a.Silent, err = listen("127.0.0.1:0", serveSilence); err != nil {
		return err
	}
	if a.Delayed, err = listen("127.0.0.1:0", serveDelayed); err != nil {
		return err
	}
	for _, h := range hostilities {
		addr, err := listen("127.0.0.1:0", h.serve)
		if err != nil {
			return err
		}
		a.Hostile = append(a.Hostile, addr)
	}
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// listenEverywhere listens on the same port of listenerCount loopback addresses,
// or of 127.0.0.1 only where the others do not exist, as on macOS.
func listenEverywhere(h handler) ([]string, error) {
	first, err := listen("127.0.0.1:0", h)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(first)
	if err != nil {
		return nil, err
	}
	addrs := []string{first}
	for i := 2; i <= listenerCount; i++ {
		if addr, err := listen(fmt.Sprintf("127.0.0.%d:%s", i, port), h); err == nil {
			addrs = append(addrs, addr)
		}
	}
	return addrs, nil
}

// listen serves connections in the background and returns the address.
func listen(addr string, h handler) (string, error) {
	// Without keepalives there are three system calls less per connection.
	config := net.ListenConfig{KeepAlive: -1}
	l, err := config.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return "", err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				h(conn)
			}()
		}
	}()
	return l.Addr().String(), nil
}

// serveHealthy answers EHLO and QUIT at once.
func serveHealthy(conn net.Conn) {
	if _, err := io.WriteString(conn, greetingReply); err != nil {
		return
	}
	lines := bufio.NewReaderSize(conn, 512)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		reply := ehloReply
		if strings.HasPrefix(string(line), "QUIT") {
			reply = quitReply
		}
		if _, err := io.WriteString(conn, reply); err != nil || reply == quitReply {
			return
		}
	}
}

// serveSilence never replies, and waits for the client to close the connection.
func serveSilence(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn) //nolint:errcheck // the client may reset the connection
}

func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: serverName},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		DNSNames:              []string{serverName},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
