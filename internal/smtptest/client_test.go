package smtptest

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// client is a minimal SMTP client.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dial(t *testing.T, srv *Server) *client {
	t.Helper()
	conn, err := net.Dial(srv.Addr().Network(), srv.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{t: t}
	c.over(conn)
	return c
}

// over continues on another connection.
func (c *client) over(conn net.Conn) {
	require.NoError(c.t, conn.SetDeadline(time.Now().Add(waitLimit)))
	c.conn, c.in = conn, bufio.NewReader(conn)
}

func (c *client) send(text string) {
	c.t.Helper()
	_, err := io.WriteString(c.conn, text)
	require.NoError(c.t, err)
}

// reply reads a reply with all its lines.
func (c *client) reply() string {
	c.t.Helper()
	var lines strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		require.NoError(c.t, err, "after %q", lines.String()+line)
		lines.WriteString(line)
		if len(line) > 3 && line[3] != '-' {
			return lines.String()
		}
	}
}

// say sends lines, reads a reply to each, and returns the last one.
func (c *client) say(lines ...string) (last string) {
	c.t.Helper()
	for _, line := range lines {
		c.send(line + "\r\n")
		last = c.reply()
	}
	return last
}

// rest reads until the relay closes the connection.
func (c *client) rest() (string, error) {
	b, err := io.ReadAll(c.in)
	return string(b), err
}

func (c *client) close() { require.NoError(c.t, c.conn.Close()) }
