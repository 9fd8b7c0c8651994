package smtpprobe

import (
	"fmt"
	"time"

	"github.com/influxdata/telegraf/config"
)

// Settings are the settings of a probe. The plugin's table sets them for all
// relays, the table of a relay for that relay. The sample configuration explains
// each setting.
type Settings struct {
	Probe          string          `toml:"probe"`
	SendInterval   config.Duration `toml:"send_interval"`
	Helo           string          `toml:"helo"`
	Timeout        config.Duration `toml:"timeout"`
	ConnectTimeout config.Duration `toml:"connect_timeout"`
	ReadTimeout    config.Duration `toml:"read_timeout"`
	STARTTLS       string          `toml:"starttls"`
	Expect         []string        `toml:"expect"`
	Backoff        config.Duration `toml:"backoff"`

	From        string      `toml:"from"`
	To          []string    `toml:"to"`
	Subject     string      `toml:"subject"`
	Body        string      `toml:"body"`
	Headers     []string    `toml:"headers"`
	MessageSize config.Size `toml:"message_size"`

	Addresses     string         `toml:"addresses"`
	IPVersion     string         `toml:"ip_version"`
	SourceAddress string         `toml:"source_address"`
	ProxyURL      *config.Secret `toml:"proxy_url"`
	ProxyProtocol string         `toml:"proxy_protocol"`
	DNSServer     string         `toml:"dns_server"`
	// AllowPrivateMX allows mx:// to resolve to addresses that are not public.
	AllowPrivateMX bool `toml:"allow_private_mx"`

	Policy         string          `toml:"policy"`
	PolicyInterval config.Duration `toml:"policy_interval"`
	DNSSEC         string          `toml:"dnssec"`

	AuthCleartext bool `toml:"auth_cleartext"`
	Credentials

	TLSCA                  string   `toml:"tls_ca"`
	TLSServerName          string   `toml:"tls_server_name"` // never inherited
	TLSMinVersion          string   `toml:"tls_min_version"`
	TLSCipherSuites        []string `toml:"tls_cipher_suites"`
	TLSRenegotiationMethod string   `toml:"tls_renegotiation_method"`
	TLSEnable              bool     `toml:"tls_enable"`
	InsecureSkipVerify     bool     `toml:"insecure_skip_verify"`
	ClientCertificate
}

// Credentials are inherited together: a relay that sets one of them inherits none.
// Secrets are pointers because Telegraf's loader links a secret to its store at
// the address where it was decoded.
type Credentials struct {
	Username      *config.Secret `toml:"username"`
	Password      *config.Secret `toml:"password"`
	AuthMechanism string         `toml:"auth_mechanism"`
	Token         *config.Secret `toml:"token"`
	TokenURL      string         `toml:"token_url"`
	ClientID      *config.Secret `toml:"client_id"`
	ClientSecret  *config.Secret `toml:"client_secret"`
	RefreshToken  *config.Secret `toml:"refresh_token"`
	Scopes        []string       `toml:"scopes"`
}

// ClientCertificate is inherited together, like Credentials.
type ClientCertificate struct {
	TLSCert   string         `toml:"tls_cert"`
	TLSKey    string         `toml:"tls_key"`
	TLSKeyPwd *config.Secret `toml:"tls_key_pwd"`
}

// Relay is one relay with a table of its own.
type Relay struct {
	Name      string
	URL       string
	*Settings // shared with all relays whose tables have only a name and a URL

	table        value // decoded when the plugin's own settings are known
	setsSTARTTLS bool
	setsPolicy   bool
	inheritsAll  bool // the table has only a name and a URL
}

// label names the relay in errors. i is the index of its table.
func (r *Relay) label(i int) string {
	if r.Name != "" {
		return fmt.Sprintf("relay %q", r.Name)
	}
	return fmt.Sprintf("relay %d", i+1)
}

// Group is a list of relays in the order in which a mail client would try them.
type Group struct {
	Name   string
	Relays []string
	Policy string
}

func defaultSettings() Settings {
	return Settings{
		Probe:          "ehlo",
		SendInterval:   config.Duration(5 * time.Minute),
		Timeout:        config.Duration(9 * time.Second),
		ConnectTimeout: config.Duration(5 * time.Second),
		STARTTLS:       "opportunistic",
		Addresses:      "first",
		IPVersion:      "any",
		Policy:         "off",
		PolicyInterval: config.Duration(15 * time.Minute),
		DNSSEC:         "off",
		TLSEnable:      true,
	}
}
