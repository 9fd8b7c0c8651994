package route

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Dial tries the addresses one after the other until one connects: never two at
// a time, so that the time is that of what was tried. If none does, the first
// one's error is the verdict and the others are secondary. What is wrong with
// this machine or the probe itself, and not with an address, ends the attempts.
func (c Config) Dial(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	var verdict *smtperr.Error
	for _, ip := range addrs {
		ip = ip.Unmap()
		if c.unusable(ip) != nil {
			continue
		}
		conn, err := c.attempt(ctx, "tcp", netip.AddrPortFrom(ip, port).String())
		if err == nil {
			return conn, nil
		}
		failure := classify(smtperr.PhaseConnect, err)
		if verdict == nil {
			verdict = failure
		} else {
			verdict.Secondary = append(verdict.Secondary, failure)
		}
		if over(ctx) || failure.Class == smtperr.ClassCanceled || failure.Reason == smtperr.ReasonTooManyOpenFiles {
			break
		}
	}
	if verdict != nil {
		return nil, verdict
	}
	if len(addrs) > 0 {
		return nil, c.unusable(addrs[0].Unmap())
	}
	return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseConnect, errors.New("no address"))
}

// unusable says why the configuration rules out an address.
func (c Config) unusable(ip netip.Addr) *smtperr.Error {
	switch {
	case !c.uses(ip):
		return smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect,
			fmt.Errorf("%s is no %s address", ip, c.IPVersion))
	case c.SourceAddress.IsValid() && c.SourceAddress.Unmap().Is4() != ip.Is4():
		return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonNoSourceAddress, smtperr.PhaseConnect,
			fmt.Errorf("the source address %s cannot reach %s: one is IPv4, the other IPv6", c.SourceAddress, ip))
	}
	return nil
}

// attempt connects to one address. There are no keepalives: a session is short, and has
// deadlines of its own.
func (c Config) attempt(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: c.StepTimeout, KeepAlive: -1}
	if c.SourceAddress.IsValid() && network == "tcp" {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.SourceAddress.Unmap(), 0))
	}
	return d.DialContext(ctx, network, address)
}
