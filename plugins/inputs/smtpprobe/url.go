package smtpprobe

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// scheme is what a URL's scheme stands for.
type scheme struct {
	port uint16
	tls  smtpprobe.TLSMode // empty: starttls decides
	lmtp bool
	mx   bool
}

var schemes = map[string]scheme{
	"smtp":       {port: 25},
	"submission": {port: 587, tls: smtpprobe.TLSRequired},
	"smtps":      {port: 465, tls: smtpprobe.TLSImplicit},
	"lmtp":       {port: 24, tls: smtpprobe.TLSNever, lmtp: true},
	"mx":         {port: 25, tls: smtpprobe.TLSOpportunistic, mx: true},
}

// maxSocketPath is what Linux' sockaddr_un holds, its NUL left out.
const maxSocketPath = 107

var errCredentials = errors.New("must not hold credentials (it has an @); set username and password instead")

// parseURL reads a relay's URL into the target it names. Its errors never
// repeat what may be a password.
func parseURL(raw string) (smtpprobe.Target, scheme, error) {
	name, rest, found := strings.Cut(raw, "://")
	name = strings.ToLower(name)
	socket := name == "lmtp" && strings.HasPrefix(rest, "/")
	// A password may hold anything, so that only its end is sure to be seen.
	if strings.Contains(raw, "@") && !socket {
		return smtpprobe.Target{}, scheme{}, errCredentials
	}
	if !found {
		return smtpprobe.Target{}, scheme{}, fmt.Errorf("%q has no scheme; it should look like smtp://host", raw)
	}
	s, known := schemes[name]
	if !known {
		return smtpprobe.Target{}, scheme{}, fmt.Errorf("%q has the unknown scheme %q; there are smtp, submission, smtps, lmtp and mx", raw, name)
	}
	t := smtpprobe.Target{TLS: s.tls, LMTP: s.lmtp}
	var err error
	if socket {
		t.Socket, err = parseSocket(rest)
	} else {
		t.Host, t.Port, err = parseAuthority(rest, s.port)
	}
	if err != nil {
		return t, s, fmt.Errorf("%q: %w", raw, err)
	}
	if !s.mx {
		return t, s, nil
	}
	if _, err := netip.ParseAddr(t.Host); err == nil {
		return t, s, fmt.Errorf("%q: an IP address has no MX; name a domain", raw)
	}
	t.Host, t.Domain = "", t.Host
	return t, s, nil
}

func parseSocket(raw string) (string, error) {
	path, err := url.PathUnescape(raw)
	switch {
	case err != nil:
		return "", errors.New("the path of the socket is not escaped as URLs are")
	case strings.ContainsAny(raw, "?#"):
		return "", errors.New("nothing may follow the path of the socket")
	case strings.HasSuffix(path, "/"):
		return "", errors.New("the path of a socket is missing")
	case strings.ContainsAny(path, "\r\n\x00"):
		return "", errors.New("the path of the socket must not contain CR, LF or NUL")
	case len(path) > maxSocketPath:
		return "", fmt.Errorf("the path of the socket is longer than %d octets", maxSocketPath)
	}
	return path, nil
}

// parseAuthority reads host[:port].
func parseAuthority(s string, defaultPort uint16) (host string, port uint16, err error) {
	host, after, err := splitAuthority(s)
	if err != nil {
		return "", 0, err
	}
	if host, err = parseHost(host); err != nil {
		return "", 0, err
	}
	port = defaultPort
	if after != "" {
		port, err = parsePort(after[1:])
	}
	return host, port, err
}

// splitAuthority cuts it into the host, without brackets, and the port with its
// colon.
func splitAuthority(s string) (host, after string, err error) {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		return "", "", fmt.Errorf("nothing may follow host and port, not %q", s[i:])
	}
	if literal, bracketed := strings.CutPrefix(s, "["); bracketed {
		literal, after, closed := strings.Cut(literal, "]")
		ip, err := netip.ParseAddr(strings.Replace(literal, "%25", "%", 1)) // RFC 6874
		if !closed || err != nil || !ip.Is6() {
			return "", "", errors.New("what is in brackets is not an IPv6 address")
		}
		if after != "" && after[0] != ':' {
			return "", "", fmt.Errorf("%q follows the IPv6 address", after)
		}
		return ip.String(), after, nil
	}
	if strings.Count(s, ":") > 1 {
		return "", "", errors.New("too many colons; an IPv6 address needs brackets")
	}
	if i := strings.IndexByte(s, ':'); i >= 0 {
		return s[:i], s[i:], nil
	}
	return s, "", nil
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("the port %q is not a number from 1 to 65535", s)
	}
	return uint16(n), nil
}

// parseHost takes a host name, in A-labels afterwards, or an IP address.
func parseHost(host string) (string, error) {
	if host == "" {
		return "", errors.New("the host is missing")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String(), nil
	}
	name := host
	if !isASCII(host) {
		var err error
		if name, err = idna.Lookup.ToASCII(host); err != nil {
			return "", fmt.Errorf("the host %q is not a valid internationalized name", host)
		}
	}
	return name, checkHostName(name)
}

// checkHostName follows RFC 1123 §2.1, and takes the underscore that the names
// of containers have.
func checkHostName(name string) error {
	if len(name) > 253 {
		return errors.New("the host is longer than 253 octets")
	}
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notInHostName) {
			return fmt.Errorf("the host %q is not a host name", name)
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return fmt.Errorf("the host %q is neither an IP address nor a host name", name)
	}
	return nil
}

func notInHostName(r rune) bool {
	return ('a' > r || r > 'z') && ('A' > r || r > 'Z') && ('0' > r || r > '9') && r != '-' && r != '_'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
