//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// The ports of HAProxy.
const (
	haproxyPlain     = 2525 // forwards to the servers
	haproxyAccepting = 2526 // the same for clients that send a PROXY protocol header
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
listen noserver
  bind {address}:2527
  server none {address}:1
`

const haproxyProxying = `
listen plain
  bind {address}:2525
  server postfix {server} send-proxy-v2
listen accepting
  bind {address}:2526 accept-proxy
  server postfix {server} send-proxy
`

const haproxyBalancing = `
listen balancer
  bind {address}:2525
  balance roundrobin
`

// StartHAProxy starts an HAProxy in front of a server that requires the PROXY
// protocol. It stops when the test ends.
func StartHAProxy(t *testing.T, server string) *Program {
	t.Helper()
	return runHAProxy(t, strings.ReplaceAll(haproxyProxying, "{server}", server))
}

// StartBalancer starts an HAProxy whose port haproxyPlain forwards to each of
// several servers in turn. It stops when the test ends.
func StartBalancer(t *testing.T, servers ...string) *Program {
	t.Helper()
	var config strings.Builder
	config.WriteString(haproxyBalancing)
	for i, server := range servers {
		fmt.Fprintf(&config, "  server relay%d %s\n", i, server)
	}
	return runHAProxy(t, config.String())
}

func runHAProxy(t *testing.T, listeners string) *Program {
	t.Helper()
	place := PlaceFor(t, "haproxy")
	config := place.WriteConfig(t, "haproxy.cfg", haproxyConfig+listeners)
	p := StartProgram(t, place, "haproxy", "/usr/sbin/haproxy", "-db", "-f", config)
	// Only a port without a server: a connection to the others is forwarded.
	p.AwaitPorts(t, haproxyNoServer)
	return p
}
