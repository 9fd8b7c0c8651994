package main

import (
	"errors"
	"os"

	"github.com/influxdata/telegraf/config"
	"github.com/urfave/cli/v2"

	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// setting is a flag that stands for a setting of the plugin, of the same name
// but for dashes.
type setting struct {
	flag cli.Flag
	set  func(*plugin.Settings, *cli.Context, string)
}

// settings are the flags that say how to probe. What none of them mentions has
// the plugin's default.
func settings() []setting {
	return []setting{
		text("probe", "how deep: connect, ehlo (default), auth, rcpt, send", func(s *plugin.Settings) **string { return &s.Probe }),
		text("helo", "the name to say in EHLO; default: this host's", func(s *plugin.Settings) **string { return &s.Helo }),
		text("starttls", "with smtp://: opportunistic (default), required, never", func(s *plugin.Settings) **string { return &s.STARTTLS }),
		list("expect", "an outcome that counts as success: class[/reason][:code[:phase]]", func(s *plugin.Settings) *[]string { return &s.Expect }),
		span("timeout", "9s", "of a whole probe", func(s *plugin.Settings) **config.Duration { return &s.Timeout }),
		span("connect-timeout", "5s", "of DNS, and of each connection attempt", func(s *plugin.Settings) **config.Duration { return &s.ConnectTimeout }),
		span("read-timeout", "what is left of timeout", "of each reply", func(s *plugin.Settings) **config.Duration { return &s.ReadTimeout }),
		text("from", "sender, for rcpt and send; empty is <>", func(s *plugin.Settings) **string { return &s.From }),
		list("to", "recipient, for rcpt and send", func(s *plugin.Settings) *[]string { return &s.To }),
		text("subject", "of the message", func(s *plugin.Settings) **string { return &s.Subject }),
		text("body", "of the message", func(s *plugin.Settings) **string { return &s.Body }),
		text("auth-mechanism", "default: the strongest offered", func(s *plugin.Settings) **string { return &s.AuthMechanism }),
		toggle("auth-cleartext", "allow a password without TLS", func(s *plugin.Settings) **bool { return &s.AuthCleartext }),
		text("addresses", "first (default) that connects, or all", func(s *plugin.Settings) **string { return &s.Addresses }),
		text("ip-version", "any (default), ipv4, ipv6", func(s *plugin.Settings) **string { return &s.IPVersion }),
		text("source-address", "local address to connect from", func(s *plugin.Settings) **string { return &s.SourceAddress }),
		text("proxy-protocol", "send the PROXY protocol's header: v1, v2", func(s *plugin.Settings) **string { return &s.ProxyProtocol }),
		text("dns-server", "name server, address[:port]; default: the system's", func(s *plugin.Settings) **string { return &s.DNSServer }),
		text("tls-ca", "`FILE` of the authorities to trust", func(s *plugin.Settings) **string { return &s.CA }),
		text("tls-cert", "`FILE` of a client certificate", func(s *plugin.Settings) **string { return &s.Cert }),
		text("tls-key", "`FILE` of its key", func(s *plugin.Settings) **string { return &s.Key }),
		text("tls-server-name", "the name that the certificate must have", func(s *plugin.Settings) **string { return &s.ServerName }),
		text("tls-min-version", "TLS12, TLS13", func(s *plugin.Settings) **string { return &s.MinVersion }),
		toggle("insecure-skip-verify", "report a bad certificate, but do not fail", func(s *plugin.Settings) **bool { return &s.InsecureSkipVerify }),
	}
}

func text(name, usage string, field func(*plugin.Settings) **string) setting {
	return setting{&cli.StringFlag{Name: name, Usage: usage}, func(s *plugin.Settings, ctx *cli.Context, name string) {
		value := ctx.String(name)
		*field(s) = &value
	}}
}

func list(name, usage string, field func(*plugin.Settings) *[]string) setting {
	usage += "; may be repeated"
	return setting{&cli.StringSliceFlag{Name: name, Usage: usage}, func(s *plugin.Settings, ctx *cli.Context, name string) {
		*field(s) = ctx.StringSlice(name)
	}}
}

func span(name, otherwise, usage string, field func(*plugin.Settings) **config.Duration) setting {
	return setting{&cli.DurationFlag{Name: name, Usage: usage, DefaultText: otherwise}, func(s *plugin.Settings, ctx *cli.Context, name string) {
		value := config.Duration(ctx.Duration(name))
		*field(s) = &value
	}}
}

func toggle(name, usage string, field func(*plugin.Settings) **bool) setting {
	return setting{&cli.BoolFlag{Name: name, Usage: usage}, func(s *plugin.Settings, ctx *cli.Context, name string) {
		value := ctx.Bool(name)
		*field(s) = &value
	}}
}

// settingFlags are the settings' flags and those of the secrets.
func settingFlags() []cli.Flag {
	all := settings()
	flags := append(make([]cli.Flag, 0, len(all)+2),
		&cli.StringFlag{Name: "username", Usage: "log in as; the password comes from " + passwordVariable + ", --password-file or the terminal"},
		&cli.StringFlag{Name: "password-file", Usage: "`FILE` whose first line is the password, - for stdin"},
	)
	for _, s := range all {
		flags = append(flags, s.flag)
	}
	return flags
}

// settingsFrom reads the flags that were given.
func (c *console) settingsFrom(ctx *cli.Context) (*plugin.Settings, error) {
	s := &plugin.Settings{}
	for _, setting := range settings() {
		if name := setting.flag.Names()[0]; ctx.IsSet(name) {
			setting.set(s, ctx, name)
		}
	}
	username, token := ctx.String("username"), os.Getenv(tokenVariable)
	if username == "" {
		if ctx.IsSet("password-file") {
			return nil, errors.New("--password-file needs --username")
		}
		return s, nil
	}
	s.Username = secret(username)
	if token != "" && !ctx.IsSet("password-file") {
		s.Token = secret(token)
		return s, nil
	}
	password, err := c.password(ctx.String("password-file"), username)
	if err != nil {
		return nil, err
	}
	s.Password = secret(password)
	return s, nil
}

func secret(value string) *config.Secret {
	s := config.NewSecret([]byte(value))
	return &s
}
