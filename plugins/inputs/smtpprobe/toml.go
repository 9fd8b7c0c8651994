package smtpprobe

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/toml"
)

// Relays inherit the plugin's settings. Telegraf's loader decodes the plugin's table
// over the defaults, and the tables of relays are not decoded before. Each is
// then decoded over a copy of the plugin's settings, so a setting that a relay's
// table does not contain keeps the plugin's value.

// block is a set of settings that are inherited together.
type block int

const (
	single block = iota
	credentials
	certificate
)

// relayKey is a key of a relay's table: its block, and the function that returns
// where to decode its value. A secret is decoded into a new one, because the old
// one belongs to the plugin.
type relayKey struct {
	block block
	to    func(*Relay) any
}

// relayKeys are the keys of a relay's table. Decoding them by name instead of by
// struct tag is twice as fast, detects unknown keys, and allows errors to name the
// setting.
var relayKeys = map[string]relayKey{
	"name":             {to: func(r *Relay) any { return &r.Name }},
	"url":              {to: func(r *Relay) any { return &r.URL }},
	"probe":            {to: func(r *Relay) any { return &r.Probe }},
	"send_interval":    {to: func(r *Relay) any { return &r.SendInterval }},
	"helo":             {to: func(r *Relay) any { return &r.Helo }},
	"timeout":          {to: func(r *Relay) any { return &r.Timeout }},
	"connect_timeout":  {to: func(r *Relay) any { return &r.ConnectTimeout }},
	"read_timeout":     {to: func(r *Relay) any { return &r.ReadTimeout }},
	"starttls":         {to: func(r *Relay) any { return &r.STARTTLS }},
	"expect":           {to: func(r *Relay) any { return &r.Expect }},
	"backoff":          {to: func(r *Relay) any { return &r.Backoff }},
	"from":             {to: func(r *Relay) any { return &r.From }},
	"to":               {to: func(r *Relay) any { return &r.To }},
	"subject":          {to: func(r *Relay) any { return &r.Subject }},
	"body":             {to: func(r *Relay) any { return &r.Body }},
	"headers":          {to: func(r *Relay) any { return &r.Headers }},
	"message_size":     {to: func(r *Relay) any { return &r.MessageSize }},
	"addresses":        {to: func(r *Relay) any { return &r.Addresses }},
	"ip_version":       {to: func(r *Relay) any { return &r.IPVersion }},
	"source_address":   {to: func(r *Relay) any { return &r.SourceAddress }},
	"proxy_url":        {to: func(r *Relay) any { return newSecret(&r.ProxyURL) }},
	"proxy_protocol":   {to: func(r *Relay) any { return &r.ProxyProtocol }},
	"dns_server":       {to: func(r *Relay) any { return &r.DNSServer }},
	"allow_private_mx": {to: func(r *Relay) any { return &r.AllowPrivateMX }},
	"policy":           {to: func(r *Relay) any { return &r.Policy }},
	"policy_interval":  {to: func(r *Relay) any { return &r.PolicyInterval }},
	"dnssec":           {to: func(r *Relay) any { return &r.DNSSEC }},
	"auth_cleartext":   {to: func(r *Relay) any { return &r.AuthCleartext }},

	"username":       {credentials, func(r *Relay) any { return newSecret(&r.Username) }},
	"password":       {credentials, func(r *Relay) any { return newSecret(&r.Password) }},
	"auth_mechanism": {credentials, func(r *Relay) any { return &r.AuthMechanism }},
	"token":          {credentials, func(r *Relay) any { return newSecret(&r.Token) }},
	"token_url":      {credentials, func(r *Relay) any { return &r.TokenURL }},
	"client_id":      {credentials, func(r *Relay) any { return newSecret(&r.ClientID) }},
	"client_secret":  {credentials, func(r *Relay) any { return newSecret(&r.ClientSecret) }},
	"refresh_token":  {credentials, func(r *Relay) any { return newSecret(&r.RefreshToken) }},
	"scopes":         {credentials, func(r *Relay) any { return &r.Scopes }},

	"tls_ca":                   {to: func(r *Relay) any { return &r.TLSCA }},
	"tls_server_name":          {to: func(r *Relay) any { return &r.TLSServerName }},
	"tls_min_version":          {to: func(r *Relay) any { return &r.TLSMinVersion }},
	"tls_cipher_suites":        {to: func(r *Relay) any { return &r.TLSCipherSuites }},
	"tls_renegotiation_method": {to: func(r *Relay) any { return &r.TLSRenegotiationMethod }},
	"tls_enable":               {to: func(r *Relay) any { return &r.TLSEnable }},
	"insecure_skip_verify":     {to: func(r *Relay) any { return &r.InsecureSkipVerify }},
	"tls_cert":                 {certificate, func(r *Relay) any { return &r.TLSCert }},
	"tls_key":                  {certificate, func(r *Relay) any { return &r.TLSKey }},
	"tls_key_pwd":              {certificate, func(r *Relay) any { return newSecret(&r.TLSKeyPwd) }},
}

// newSecret sets a pointer to a new secret and returns it.
func newSecret(at **config.Secret) *config.Secret {
	*at = new(config.Secret)
	return *at
}

// table is a TOML table whose values are decoded later, one by one.
type table map[string]value

// value is a TOML value that is decoded later.
type value struct{ decode func(any) error }

// UnmarshalTOML keeps the function that decodes the value.
func (v *value) UnmarshalTOML(decode func(any) error) error {
	v.decode = decode
	return nil
}

// decode decodes each value to where place returns for its key. Keys without a place
// are unknown. Errors name the key.
func (t table) decode(place func(key string) any) error {
	for _, key := range slices.Sorted(maps.Keys(t)) {
		to := place(key)
		if to == nil {
			return fmt.Errorf("unknown setting %q", key)
		}
		if err := t[key].decode(to); err != nil {
			return fmt.Errorf("invalid %s: %w", key, err)
		}
	}
	return nil
}

// UnmarshalTOML decodes the plugin's table, then the tables of its relays and
// mailboxes.
func (p *SMTPProbe) UnmarshalTOML(decode func(any) error) error {
	type plain SMTPProbe // without UnmarshalTOML
	if err := decode((*plain)(p)); err != nil {
		return nameSetting(err, decode)
	}
	inherited := p.Settings
	inherited.TLSServerName = ""
	for i, r := range p.Relays {
		if err := r.decode(&inherited); err != nil {
			return fmt.Errorf("%s: %w", r.label(i), err)
		}
	}
	for i, m := range p.Mailboxes {
		if err := m.decode(&p.Settings); err != nil {
			return fmt.Errorf("%s: %w", m.label(i), err)
		}
	}
	return nil
}

// UnmarshalTOML keeps the table until the plugin's settings are known.
func (r *Relay) UnmarshalTOML(decode func(any) error) error { return r.table.UnmarshalTOML(decode) }

// decode decodes the relay's table over the settings that it inherits.
func (r *Relay) decode(inherited *Settings) error {
	var t table
	if err := r.table.decode(&t); err != nil {
		return err
	}
	r.table = value{}
	r.Settings = inherited
	r.inheritsAll = !slices.ContainsFunc(slices.Collect(maps.Keys(t)), func(key string) bool { return key != "name" && key != "url" })
	if !r.inheritsAll {
		own := *inherited
		r.Settings = &own
	}
	for key := range t {
		switch relayKeys[key].block {
		case credentials:
			r.Credentials = Credentials{}
		case certificate:
			r.ClientCertificate = ClientCertificate{}
		}
		r.setsSTARTTLS = r.setsSTARTTLS || key == "starttls"
		r.setsPolicy = r.setsPolicy || key == "policy"
	}
	return t.decode(func(key string) any {
		if k, ok := relayKeys[key]; ok {
			return k.to(r)
		}
		return nil
	})
}

// UnmarshalTOML decodes the table of a group. Unlike Telegraf's loader, it refuses
// the keys that are valid in the table of any input, such as tags.
func (g *Group) UnmarshalTOML(decode func(any) error) error {
	var t table
	if err := decode(&t); err != nil {
		return err
	}
	err := t.decode(func(key string) any {
		switch key {
		case "name":
			return &g.Name
		case "relays":
			return &g.Relays
		case "policy":
			return &g.Policy
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("group %q: %w", g.Name, err)
	}
	return nil
}

// nameSetting adds the name of the setting to an error of the loader, which has the
// name of a field of a Go struct, or no name if the error is a table in the place of
// a value.
func nameSetting(err error, decode func(any) error) error {
	var line *toml.LineError
	var t table
	if !errors.As(err, &line) || decode(&t) != nil {
		return err
	}
	field := line.StructField[strings.LastIndexByte(line.StructField, '.')+1:]
	for key, v := range t {
		if field == "" && isSetting(key) && v.decode(new(table)) == nil ||
			field != "" && strings.EqualFold(strings.ReplaceAll(key, "_", ""), field) {
			line.StructField = key
		}
	}
	return err
}

// isSetting reports whether a key is a setting of the plugin, not one that all
// inputs have.
func isSetting(key string) bool {
	_, inherited := relayKeys[key]
	return inherited || slices.Contains([]string{"servers", "max_concurrent", "spread", "metrics", "state_file", "flow_key", "relay", "group", "mailbox"}, key)
}
