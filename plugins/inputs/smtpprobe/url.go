package smtpprobe

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// scheme has the properties of a URL scheme.
type scheme struct {
	port uint16
	tls  smtpprobe.TLSMode // empty: the setting starttls
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

// maxSocketPath is the maximum length of a path in sockaddr_un on Linux, without its
// NUL.
const maxSocketPath = 107

var errCredentials = errors.New("must not contain credentials (it has an @): set username and password instead")

// parseURL parses the URL of a relay. Its errors never contain a part of the URL that
// may be a password.
func parseURL(raw string) (smtpprobe.Target, error) {
	name, rest, found := strings.Cut(raw, "://")
	name = strings.ToLower(name)
	socket := name == "lmtp" && strings.HasPrefix(rest, "/")
	// A password may contain any character, but an @ ends it.
	if strings.Contains(raw, "@") && !socket {
		return smtpprobe.Target{}, errCredentials
	}
	if !found {
		return smtpprobe.Target{}, errors.New("scheme is missing: must look like smtp://host")
	}
	s, known := schemes[name]
	if !known {
		return smtpprobe.Target{}, fmt.Errorf("invalid scheme %q: must be one of smtp, submission, smtps, lmtp, mx", name)
	}
	t := smtpprobe.Target{TLS: s.tls, LMTP: s.lmtp}
	var err error
	if socket {
		t.Socket, err = parseSocket(rest)
	} else {
		t.Host, t.Port, err = parseAuthority(rest, s.port)
	}
	if err != nil || !s.mx {
		return t, err
	}
	if _, err := netip.ParseAddr(t.Host); err == nil {
		return t, errors.New("an IP address has no MX record: a domain is needed")
	}
	t.Host, t.Domain = "", t.Host
	return t, nil
}

// beginning matches a URL up to its port. The rest, or any text in place of the port,
// may be a password.
var beginning = regexp.MustCompile(`^(?:[^:/?#]*://)?(?:\[[^]]*\]|[^:/?#]*)(?::\d{0,5}\b)?/?`)

// shownURL shortens a URL for an error to the part that cannot be a password.
func shownURL(raw string) string {
	if strings.HasPrefix(strings.ToLower(raw), "lmtp:///") {
		return raw // the path of a socket
	}
	if shown := beginning.FindString(raw); shown != raw {
		return shown + "..."
	}
	return raw
}

func parseSocket(raw string) (string, error) {
	path, err := url.PathUnescape(raw)
	switch {
	case err != nil:
		return "", errors.New("invalid escape in the path of the socket")
	case strings.ContainsAny(raw, "?#"):
		return "", errors.New("unexpected query or fragment after the path of the socket")
	case strings.HasSuffix(path, "/"):
		return "", errors.New("path of the socket is missing")
	case len(path) > maxSocketPath:
		return "", fmt.Errorf("path of the socket is longer than %d bytes", maxSocketPath)
	}
	return path, checkName("path of the socket", path) // it is the tag source
}

// parseAuthority parses host[:port].
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

// splitAuthority splits host[:port] into the host, without brackets, and the port
// with its colon.
func splitAuthority(s string) (host, after string, err error) {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		return "", "", fmt.Errorf("unexpected %q after host and port", s[i:i+1])
	}
	if literal, bracketed := strings.CutPrefix(s, "["); bracketed {
		literal, after, closed := strings.Cut(literal, "]")
		ip, err := netip.ParseAddr(strings.Replace(literal, "%25", "%", 1)) // RFC 6874
		if !closed || err != nil || !ip.Is6() {
			return "", "", errors.New("invalid IPv6 address in brackets")
		}
		if after != "" && after[0] != ':' {
			return "", "", errors.New("unexpected text after the IPv6 address")
		}
		return ip.String(), after, nil
	}
	if strings.Count(s, ":") > 1 {
		return "", "", errors.New("too many colons: an IPv6 address needs brackets")
	}
	if i := strings.IndexByte(s, ':'); i >= 0 {
		return s[:i], s[i:], nil
	}
	return s, "", nil
}

func parsePort(s string) (uint16, error) {
	if strings.Trim(s, "0123456789") != "" { // may be user:password
		return 0, errors.New("invalid port: must be a number from 1 to 65535")
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("invalid port %q: must be from 1 to 65535", s)
	}
	return uint16(n), nil
}

// parseHost parses an IP address or a host name, which it converts to A-labels.
func parseHost(host string) (string, error) {
	if host == "" {
		return "", errors.New("host is missing")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String(), nil
	}
	name, err := hostname.ASCII(host)
	if err != nil {
		return "", fmt.Errorf("invalid host: %w", err)
	}
	return name, nil
}
