package smtpprobe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/telegraf/config"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Mailbox is the table of a mailbox where the messages of relays arrive.
type Mailbox struct {
	Name        string
	URL         string
	Folders     []string
	Relays      []string
	Deadline    config.Duration
	Late        config.Duration
	Delete      bool
	AuthservIDs []string
	MaxInFlight int

	table  value    // decoded when the plugin's own settings are known
	access Relay    // the settings that a mailbox shares with relays
	route  []string // the keys of routeKeys that the table contains
}

// NewMailbox returns a mailbox with the defaults, for callers without TOML. It
// inherits the settings of TLS and of the network path. The secrets may be nil.
func NewMailbox(address string, inherited *Settings, username, password *config.Secret) *Mailbox {
	m := &Mailbox{URL: address}
	m.inherit(inherited)
	m.access.Username, m.access.Password = username, password
	return m
}

// mailboxKeys are the keys that only mailboxes have.
var mailboxKeys = map[string]func(*Mailbox) any{
	"name":          func(m *Mailbox) any { return &m.Name },
	"url":           func(m *Mailbox) any { return &m.URL },
	"folders":       func(m *Mailbox) any { return &m.Folders },
	"relays":        func(m *Mailbox) any { return &m.Relays },
	"deadline":      func(m *Mailbox) any { return &m.Deadline },
	"late":          func(m *Mailbox) any { return &m.Late },
	"delete":        func(m *Mailbox) any { return &m.Delete },
	"authserv_id":   func(m *Mailbox) any { return &m.AuthservIDs },
	"max_in_flight": func(m *Mailbox) any { return &m.MaxInFlight },
}

// accessKeys are the keys that mailboxes share with relays.
var accessKeys = []string{
	"username", "password", "auth_mechanism", "token", "token_url", "client_id", "client_secret", "refresh_token", "scopes",
	"tls_ca", "tls_server_name", "tls_min_version", "tls_cipher_suites", "insecure_skip_verify", "tls_cert", "tls_key", "tls_key_pwd",
	"proxy_url", "dns_server", "source_address", "ip_version",
}

// UnmarshalTOML keeps the table until the plugin's settings are known.
func (m *Mailbox) UnmarshalTOML(decode func(any) error) error { return m.table.UnmarshalTOML(decode) }

// inherit sets the defaults. It inherits the settings of TLS and of the network path,
// but no credentials, which must not be sent to another server.
func (m *Mailbox) inherit(settings *Settings) {
	m.Deadline, m.Late, m.MaxInFlight = config.Duration(15*time.Minute), config.Duration(2*time.Minute), 10
	own := *settings
	m.access.Settings = &own
	m.access.Credentials, m.access.TLSServerName = Credentials{}, ""
}

// decode decodes the table over the settings that the mailbox inherits.
func (m *Mailbox) decode(inherited *Settings) error {
	var t table
	if err := m.table.decode(&t); err != nil {
		return err
	}
	m.table = value{}
	m.inherit(inherited)
	for key := range t {
		if relayKeys[key].block == certificate {
			m.access.ClientCertificate = ClientCertificate{}
		}
	}
	return t.decode(func(key string) any {
		if place, ok := mailboxKeys[key]; ok {
			return place(m)
		}
		if slices.Contains(routeKeys, key) {
			m.route = append(m.route, key)
		}
		if slices.Contains(accessKeys, key) {
			return relayKeys[key].to(&m.access)
		}
		return nil
	})
}

// label names the mailbox in errors. i is the index of its table.
func (m *Mailbox) label(i int) string {
	if m.Name != "" {
		return fmt.Sprintf("mailbox %q", m.Name)
	}
	return fmt.Sprintf("mailbox %d", i+1)
}

// parse returns the mailbox of a table.
func (m *Mailbox) parse(relays []*relay, parts *shared) (*watched, error) {
	if m.URL == "" {
		return nil, errors.New("url is missing")
	}
	w := &watched{name: cmp.Or(m.Name, m.URL), trusted: m.AuthservIDs, scanning: make(chan struct{}, 1)}
	w.flow.Deadline, w.flow.Late, w.flow.MaxInFlight = time.Duration(m.Deadline), time.Duration(m.Late), m.MaxInFlight
	if err := firstError(checkName("name", w.name), m.check()); err != nil {
		return nil, err
	}
	flows, err := m.flows(relays)
	if err != nil {
		return nil, err
	}
	for _, r := range flows {
		w.relays = append(w.relays, r.name)
	}
	return w, m.setBox(w, flows, parts)
}

// check refuses invalid values.
func (m *Mailbox) check() error {
	deadline, late := time.Duration(m.Deadline), time.Duration(m.Late)
	switch {
	case deadline <= 0:
		return fmt.Errorf("invalid deadline %q: must be positive", deadline)
	case late <= 0:
		return fmt.Errorf("invalid late %q: must be positive", late)
	case m.MaxInFlight < 1:
		return fmt.Errorf("invalid max_in_flight %d: must be at least 1", m.MaxInFlight)
	}
	for i, f := range m.Folders {
		switch {
		case f == "":
			return errors.New("invalid folders: must not contain an empty value")
		case slices.Contains(m.Folders[:i], f):
			return fmt.Errorf("duplicate folder %q in folders", f)
		}
		if err := oneLine("folders", f); err != nil {
			return err
		}
	}
	for _, id := range m.AuthservIDs {
		if hostname.CheckLookup(id) != nil {
			return fmt.Errorf("invalid authserv_id %q: must be a host name", id)
		}
	}
	return nil
}

// flows returns the relays whose messages arrive in the mailbox.
func (m *Mailbox) flows(relays []*relay) ([]*relay, error) {
	var flows []*relay
	for i, name := range m.Relays {
		at := slices.IndexFunc(relays, func(r *relay) bool { return r.name == name })
		switch {
		case at < 0:
			return nil, fmt.Errorf("invalid relays %q: no relay has this name", name)
		case slices.Contains(m.Relays[:i], name):
			return nil, fmt.Errorf("duplicate relay %q in relays", name)
		case !relays[at].sendsMessages():
			return nil, fmt.Errorf("invalid relays %q: its probe is %q, and only probe \"send\" sends messages", name, relays[at].plan.Depth)
		}
		flows = append(flows, relays[at])
	}
	if len(m.Relays) == 0 {
		for _, r := range relays {
			if r.sendsMessages() {
				flows = append(flows, r)
			}
		}
	}
	if len(flows) == 0 {
		return nil, errors.New(`no relay sends messages: set probe = "send"`)
	}
	for _, r := range flows {
		if len(r.plan.To) != 1 {
			return nil, fmt.Errorf("relay %q has %d recipients in to: a relay whose messages are followed must have exactly one", r.name, len(r.plan.To))
		}
		// Messages that are followed have a longer identity.
		m := r.plan.Message
		m.ID = longestToken
		if err := r.checkMessageOf(m); err != nil {
			return nil, fmt.Errorf("relay %q: %w", r.name, err)
		}
	}
	return flows, nil
}

// longestToken is a token of the maximum length.
var longestToken = mailflow.Key{}.Sign(mailflow.Token{
	Flow: "00000000", Run: "00000000", Seq: 1e8, Sent: time.UnixMilli(1e12),
})

// sendsMessages reports whether the probes of a relay send messages.
func (r *relay) sendsMessages() bool { return r.plan.Depth == smtpprobe.DepthSend }

// The default ports of the schemes (RFC 9051 §11, RFC 8314 §7.2; LMTP has no port of
// its own).
const (
	imapPort  = "143"
	imapsPort = "993"
	lmtpPort  = "24"
)

var errMailboxURL = errors.New("must be imap://HOST, imaps://HOST, maildir:///PATH or lmtp://ADDRESS:PORT")

// setBox sets the mailbox of the URL. It opens no connection.
func (m *Mailbox) setBox(w *watched, flows []*relay, parts *shared) error {
	u, err := url.Parse(m.URL)
	switch {
	case err == nil && u.User != nil:
		return errors.New("invalid url: must not contain credentials; set username and password")
	case err != nil && strings.Contains(m.URL, "@"):
		return fmt.Errorf("invalid url: %w", errMailboxURL)
	case err != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "":
		return fmt.Errorf("invalid url %q: %w", m.URL, errMailboxURL)
	}
	scheme := strings.ToLower(u.Scheme)
	isIMAP := scheme == "imap" || scheme == "imaps"
	if !isIMAP && (m.access.Credentials.present() || m.access.AuthMechanism != "") {
		return fmt.Errorf("username, password and token do not apply to %q", m.URL)
	}
	if err := m.checkRouteKeys(); err != nil && !isIMAP {
		return err
	}
	switch {
	case isIMAP && (u.Path == "" || u.Path == "/"):
		w.box, err = m.imap(u, w, parts)
	case scheme == "maildir" && u.Host == "" && strings.HasPrefix(u.Path, "/"):
		w.box = &mailbox.Maildir{Path: u.Path, Folders: mailbox.NewFolders(m.Folders), Delete: m.Delete}
	case scheme == "lmtp":
		w.box, err = m.sink(u, flows)
	default:
		err = fmt.Errorf("invalid url %q: %w", m.URL, errMailboxURL)
	}
	return err
}

func (m *Mailbox) imap(u *url.URL, w *watched, parts *shared) (mailbox.Mailbox, error) {
	startTLS := strings.EqualFold(u.Scheme, "imap")
	host, err := parseHost(u.Hostname())
	if err != nil {
		return nil, fmt.Errorf("invalid url %q: %w", m.URL, err)
	}
	port := u.Port()
	switch {
	case port == "" && startTLS:
		port = imapPort
	case port == "":
		port = imapsPort
	}
	s := m.access.Settings
	p := &draft{}
	if err := firstError(s.parseMechanism(p), s.checkScopes(), s.checkSecrets(parts.checked), s.Credentials.check(p.mechanism)); err != nil {
		return nil, err
	}
	if !s.Credentials.present() {
		return nil, errors.New("username is missing: an IMAP mailbox needs username and password, or a token")
	}
	dialer, err := newMailboxDialer(s, host)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := parts.tls.config(s)
	if err != nil {
		return nil, err
	}
	l, err := newLogin(s, p.mechanism, parts.tokens)
	if err != nil {
		return nil, err
	}
	access := &access{login: l}
	if l.tokens != nil {
		access.token = &sentToken{source: l.tokens}
	}
	w.access = access
	return &mailbox.IMAP{
		Address: net.JoinHostPort(host, port), StartTLS: startTLS, TLS: tlsConfig, Dialer: dialer,
		Credentials: access.credentials, Mechanism: p.mechanism, Folders: mailbox.NewFolders(m.Folders), Delete: m.Delete,
	}, nil
}

// access reads the secrets of a mailbox for each scan, because they may change.
type access struct {
	login *login
	token *sentToken // nil: no token
}

func (a *access) credentials(ctx context.Context) (sasl.Credentials, error) {
	auth, err := a.login.auth()
	if err != nil {
		return sasl.Credentials{}, smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseAuth, err)
	}
	c := sasl.Credentials{Username: auth.Username, Password: auth.Password}
	if a.token != nil {
		c.Token, err = a.token.Token(ctx)
	}
	return c, err
}

// observe invalidates the token if the server rejected it.
func (a *access) observe(r *mailbox.Result) {
	if a == nil || a.token == nil || r.Err == nil {
		return
	}
	if e, ok := errors.AsType[*smtperr.Error](r.Err); ok && e.Class == smtperr.ClassAuthFailed {
		a.token.reject()
	}
}

// sink returns the LMTP server that accepts the messages of the relays and their
// bounces.
func (m *Mailbox) sink(u *url.URL, flows []*relay) (mailbox.Mailbox, error) {
	s := &mailbox.Sink{Network: "tcp", MinUptime: time.Duration(m.Deadline)}
	for _, r := range flows {
		for _, address := range append([]string{r.plan.From}, r.plan.To...) {
			if address != "" && !slices.Contains(s.Recipients, address) {
				s.Recipients = append(s.Recipients, address)
			}
		}
	}
	if u.Host == "" {
		if !strings.HasPrefix(u.Path, "/") {
			return nil, fmt.Errorf("invalid url %q: %w", m.URL, errMailboxURL)
		}
		s.Network, s.Address = "unix", u.Path
		return s, nil
	}
	host, port := u.Hostname(), u.Port()
	if _, err := strconv.ParseUint(host, 10, 16); err == nil && port == "" {
		host, port = "", host // the URL has only a port
	}
	if u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("invalid url %q: %w", m.URL, errMailboxURL)
	}
	s.Address = net.JoinHostPort(cmp.Or(host, "127.0.0.1"), cmp.Or(port, lmtpPort))
	return s, nil
}
