package smtpprobe

import (
	"github.com/influxdata/telegraf/config"
)

// Settings are what a relay may set for itself. A nil field is not mentioned:
// the relay inherits it. The sample configuration explains each.
type Settings struct {
	Probe         *string          `toml:"probe"`
	SendInterval  *config.Duration `toml:"send_interval"`
	Helo          *string          `toml:"helo"`
	STARTTLS      *string          `toml:"starttls"`
	Expect        []string         `toml:"expect"`
	Backoff       *config.Duration `toml:"backoff"`
	AuthCleartext *bool            `toml:"auth_cleartext"`

	Timeouts
	Envelope
	Routing
	Credentials
	TLS
}

// Timeouts bound a probe.
type Timeouts struct {
	Timeout        *config.Duration `toml:"timeout"`
	ConnectTimeout *config.Duration `toml:"connect_timeout"`
	ReadTimeout    *config.Duration `toml:"read_timeout"`
}

// Envelope is whom a message comes from and goes to, and what is in it.
type Envelope struct {
	From        *string      `toml:"from"`
	To          []string     `toml:"to"`
	Subject     *string      `toml:"subject"`
	Body        *string      `toml:"body"`
	Headers     []string     `toml:"headers"`
	MessageSize *config.Size `toml:"message_size"`
}

// Routing says how packets get to the relay.
type Routing struct {
	Addresses     *string        `toml:"addresses"`
	IPVersion     *string        `toml:"ip_version"`
	SourceAddress *string        `toml:"source_address"`
	ProxyURL      *config.Secret `toml:"proxy_url"`
	ProxyProtocol *string        `toml:"proxy_protocol"`
	DNSServer     *string        `toml:"dns_server"`
}

// Credentials are inherited as one block: who mentions one of them gets none
// of the plugin's. Secrets are pointers, since Telegraf's loader links a secret
// to its store where it was decoded, and would miss one that moved.
type Credentials struct {
	Username      *config.Secret `toml:"username"`
	Password      *config.Secret `toml:"password"`
	AuthMechanism *string        `toml:"auth_mechanism"`
	Token         *config.Secret `toml:"token"`
	TokenURL      *string        `toml:"token_url"`
	ClientID      *config.Secret `toml:"client_id"`
	ClientSecret  *config.Secret `toml:"client_secret"`
	RefreshToken  *config.Secret `toml:"refresh_token"`
	Scopes        []string       `toml:"scopes"`
}

// TLS are Telegraf's common client settings.
type TLS struct {
	CA                  *string  `toml:"tls_ca"`
	MinVersion          *string  `toml:"tls_min_version"`
	CipherSuites        []string `toml:"tls_cipher_suites"`
	InsecureSkipVerify  *bool    `toml:"insecure_skip_verify"`
	RenegotiationMethod *string  `toml:"tls_renegotiation_method"`
	Enable              *bool    `toml:"tls_enable"`
	ServerName          *string  `toml:"tls_server_name"` // never inherited

	ClientCertificate
}

// ClientCertificate is inherited as one block.
type ClientCertificate struct {
	Cert   *string        `toml:"tls_cert"`
	Key    *string        `toml:"tls_key"`
	KeyPwd *config.Secret `toml:"tls_key_pwd"`
}

// Relay is one relay with settings of its own.
type Relay struct {
	Name string `toml:"name"`
	URL  string `toml:"url"`
	Settings
}

// Group is a list of relays of which mail takes the first that works.
type Group struct {
	Name   string   `toml:"name"`
	Relays []string `toml:"relays"`
	Policy string   `toml:"policy"`
}
