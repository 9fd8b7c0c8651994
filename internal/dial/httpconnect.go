package dial

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	maxHead          = 16 << 10 // bytes of status line and header
	maxInformational = 5        // 1xx responses before the final one
	httpPrefix       = "HTTP/"
)

// httpConnect opens a tunnel through an HTTP proxy (RFC 9110 §9.3.6).
func httpConnect(ctx context.Context, p *Proxy, conn net.Conn, address string) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	// Closing ends the handshake even if SetDeadline is called at the same time.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	request := http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: address},
		Host:   address,
		Header: http.Header{"User-Agent": {"smtpprobe"}},
	}
	if p.user != "" {
		login := base64.StdEncoding.EncodeToString([]byte(p.user + ":" + p.password))
		request.Header.Set("Proxy-Authorization", "Basic "+login)
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	status, err := readStatus(conn, &request)
	if err != nil {
		return err
	}
	if err := checkStatus(status); err != nil {
		return err
	}
	if !stop() {
		return ctx.Err()
	}
	return conn.SetDeadline(time.Time{})
}

// readStatus returns the status of the final response.
func readStatus(conn net.Conn, request *http.Request) (int, error) {
	for range maxInformational {
		head, err := readHead(conn)
		if err != nil {
			return 0, err
		}
		response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), request)
		if err != nil {
			return 0, refused("the answer is not HTTP")
		}
		response.Body.Close()
		if response.StatusCode >= http.StatusOK {
			return response.StatusCode, nil
		}
	}
	return 0, refused("only informational answers")
}

// readHead reads a response up to the empty line. It reads byte by byte because the
// bytes that follow belong to the relay.
func readHead(conn net.Conn) ([]byte, error) {
	head := make([]byte, 0, 256)
	for len(head) < maxHead {
		n, err := conn.Read(head[len(head) : len(head)+1])
		head = head[:len(head)+n]
		if n == 0 && err != nil {
			return nil, err
		}
		if bytes.HasSuffix(head, []byte("\r\n\r\n")) || bytes.HasSuffix(head, []byte("\n\n")) {
			return head, nil
		}
		if len(head) == cap(head) {
			head = append(head, 0)[:len(head)]
		}
		if n := min(len(head), len(httpPrefix)); string(head[:n]) != httpPrefix[:n] {
			return nil, refused("the answer is not HTTP")
		}
	}
	return nil, refused("the answer's header is too long")
}

// checkStatus returns the error of a status. Gateway errors mean that the proxy
// could not connect to the relay (502, and 503 of some proxies), or not in time
// (504). Other errors are about the proxy. The error does not repeat the reason
// phrase, since the proxy knows the password.
func checkStatus(status int) error {
	text := fmt.Sprintf("it answered %d %s", status, http.StatusText(status))
	switch {
	case status/100 == 2:
		return nil
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable:
		return unreachable(smtperr.ClassConnectError, smtperr.ReasonHostUnreachable, text)
	case status == http.StatusGatewayTimeout:
		return unreachable(smtperr.ClassConnectTimeout, "", text)
	}
	return refused(text)
}
