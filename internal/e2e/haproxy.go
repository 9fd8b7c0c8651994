//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// HAProxy is a private HAProxy in front of a server that wants the PROXY
// protocol.
type HAProxy struct {
	Place
	server *process
}

// The ports of an HAProxy.
const (
	haproxyPlain     = 2525 // tells the server who connected
	haproxyAccepting = 2526 // wants to be told by a PROXY protocol header itself
	haproxyNoServer  = 2527 // has no server that is up
)

const haproxyConfig = `
global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen plain
  bind {address}:2525
  server postfix {server} send-proxy-v2
listen accepting
  bind {address}:2526 accept-proxy
  server postfix {server} send-proxy
listen noserver
  bind {address}:2527
  server postfix {address}:1
`

// StartHAProxy starts an HAProxy that ends with the test.
func StartHAProxy(t *testing.T, server string) *HAProxy {
	t.Helper()
	h := &HAProxy{Place: newPlace(t, "haproxy")}
	h.start(t, strings.NewReplacer("{address}", h.Address, "{server}", server).Replace(haproxyConfig))
	return h
}

const balancerConfig = `
global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen balancer
  bind {address}:2525
  balance roundrobin
{servers}listen noserver
  bind {address}:2527
  server none {address}:1
`

// StartBalancer starts an HAProxy whose port haproxyPlain leads to each of
// several servers in turn. It ends with the test.
func StartBalancer(t *testing.T, servers ...string) *HAProxy {
	t.Helper()
	h := &HAProxy{Place: newPlace(t, "haproxy")}
	var lines strings.Builder
	for i, server := range servers {
		fmt.Fprintf(&lines, "  server relay%d %s\n", i, server)
	}
	h.start(t, strings.NewReplacer("{address}", h.Address, "{servers}", lines.String()).Replace(balancerConfig))
	return h
}

func (h *HAProxy) start(t *testing.T, text string) {
	t.Helper()
	config := h.write(t, "haproxy.cfg", text)
	h.server = start(t, h.Place, "haproxy", "/usr/sbin/haproxy", "-db", "-f", config)
	// It logs nothing of its start, so ask the port that leads nowhere.
	h.server.await(t, "its port is open", func() bool {
		conn, err := net.DialTimeout("tcp", h.port(haproxyNoServer), patience)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
}
