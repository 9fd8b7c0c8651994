package policy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"time"

	"github.com/miekg/dns"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
)

// resolvConf lists the system's name servers.
const resolvConf = "/etc/resolv.conf"

const defaultQueryTimeout = 5 * time.Second

// Resolver sends DNS queries to a name server. The zero value uses the system's.
type Resolver struct {
	// Server is the host:port of the name server; empty means the system's name
	// servers.
	Server string
	// Trust makes the Resolver trust the AD bit (RFC 7672 §2.1.1). The name server
	// has to validate DNSSEC, and nobody may be able to change its answers on the
	// way. The system's name servers are trusted only on loopback.
	Trust bool
	// Timeout bounds a query; 0 means 5 seconds.
	Timeout time.Duration
}

// Check reports why the resolver cannot be used. The error names the settings of
// the plugin.
func (r Resolver) Check() error {
	if r.Server != "" {
		return nil
	}
	servers, err := systemServers()
	if err != nil {
		return err
	}
	if r.Trust && !onLoopback(servers) {
		return fmt.Errorf(`dnssec "trust" needs dns_server: the system's name server %s is not on loopback, `+
			`and its answers can be changed on the way`, servers[0])
	}
	return nil
}

// servers returns the name servers, and whether their AD bit is trusted.
func (r Resolver) servers() (servers []string, trusted bool, err error) {
	if r.Server != "" {
		return []string{r.Server}, r.Trust, nil
	}
	servers, err = systemServers()
	return servers, r.Trust && onLoopback(servers), err
}

// exchange sends a query to one name server after the other until one replies. It
// reports whether the AD bit of the reply is trusted.
func (r Resolver) exchange(ctx context.Context, query *dns.Msg) (reply *dns.Msg, trusted bool, err error) {
	servers, trusted, err := r.servers()
	if err != nil {
		return nil, false, err
	}
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = defaultQueryTimeout
	}
	for _, server := range servers {
		attempt, cancel := context.WithTimeout(ctx, timeout/time.Duration(len(servers)))
		reply, err = dial.NameServer(server).Exchange(attempt, query)
		cancel()
		if err == nil {
			return reply, trusted, nil
		}
	}
	return nil, false, err
}

// systemServers returns the system's name servers as host:port, at least one.
func systemServers() ([]string, error) {
	if runtime.GOOS == "windows" {
		return nil, errors.New(`policy "report" needs dns_server on Windows`)
	}
	conf, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil || len(conf.Servers) == 0 {
		return []string{"127.0.0.1:53"}, nil //nolint:nilerr // the default, see resolv.conf(5)
	}
	servers := make([]string, len(conf.Servers))
	for i, s := range conf.Servers {
		servers[i] = net.JoinHostPort(s, conf.Port)
	}
	return servers, nil
}

func onLoopback(servers []string) bool {
	for _, s := range servers {
		addr, err := netip.ParseAddrPort(s)
		if err != nil || !addr.Addr().Unmap().IsLoopback() {
			return false
		}
	}
	return true
}
