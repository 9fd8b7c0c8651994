package main

import (
	"context"
	"errors"
	"os"

	"github.com/influxdata/telegraf/config"
	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// setting is a flag for a setting of the plugin, of the same name with dashes.
type setting struct {
	flag cli.Flag
	set  func(*plugin.Settings, *cli.Command, string)
}

// settings are the flags that say how to probe. A setting whose flag is not
// given has the plugin's default.
func settings() []setting {
	return []setting{
		text("probe", "how deep: connect, ehlo (default), auth, rcpt, send", func(s *plugin.Settings) *string { return &s.Probe }),
		text("helo", "the name in EHLO; default: this host's", func(s *plugin.Settings) *string { return &s.Helo }),
		text("starttls", "with smtp://: opportunistic (default), required, never", func(s *plugin.Settings) *string { return &s.STARTTLS }),
		list("expect", "an outcome that counts as success: class[/reason][:code[:phase]]", func(s *plugin.Settings) *[]string { return &s.Expect }),
		span("timeout", "9s", "`DURATION` of a whole probe", func(s *plugin.Settings) *config.Duration { return &s.Timeout }),
		span("connect-timeout", "5s", "`DURATION` of DNS, and of each connection attempt", func(s *plugin.Settings) *config.Duration { return &s.ConnectTimeout }),
		span("read-timeout", "what is left of --timeout", "`DURATION` until each reply", func(s *plugin.Settings) *config.Duration { return &s.ReadTimeout }),
		text("from", "sender, for rcpt and send; empty is <>", func(s *plugin.Settings) *string { return &s.From }),
		list("to", "recipient, for rcpt and send", func(s *plugin.Settings) *[]string { return &s.To }),
		text("subject", "of the message", func(s *plugin.Settings) *string { return &s.Subject }),
		text("body", "of the message", func(s *plugin.Settings) *string { return &s.Body }),
		text("auth-mechanism", "default: the strongest offered", func(s *plugin.Settings) *string { return &s.AuthMechanism }),
		toggle("auth-cleartext", "allow a password without TLS", func(s *plugin.Settings) *bool { return &s.AuthCleartext }),
		text("addresses", "first (default) that connects, or all", func(s *plugin.Settings) *string { return &s.Addresses }),
		text("ip-version", "any (default), ipv4, ipv6", func(s *plugin.Settings) *string { return &s.IPVersion }),
		text("source-address", "local address to connect from", func(s *plugin.Settings) *string { return &s.SourceAddress }),
		text("proxy-protocol", "send a PROXY protocol header: v1, v2", func(s *plugin.Settings) *string { return &s.ProxyProtocol }),
		text("dns-server", "name server, address[:port]; default: the system's", func(s *plugin.Settings) *string { return &s.DNSServer }),
		text("tls-ca", "`FILE` of the certificate authorities to trust", func(s *plugin.Settings) *string { return &s.TLSCA }),
		text("tls-cert", "`FILE` of a client certificate", func(s *plugin.Settings) *string { return &s.TLSCert }),
		text("tls-key", "`FILE` of its key", func(s *plugin.Settings) *string { return &s.TLSKey }),
		text("tls-server-name", "the name that the certificate must have", func(s *plugin.Settings) *string { return &s.TLSServerName }),
		text("tls-min-version", "TLS12, TLS13", func(s *plugin.Settings) *string { return &s.TLSMinVersion }),
		toggle("insecure-skip-verify", "report a bad certificate, but do not fail", func(s *plugin.Settings) *bool { return &s.InsecureSkipVerify }),
	}
}

func text(name, usage string, field func(*plugin.Settings) *string) setting {
	return setting{&cli.StringFlag{Name: name, Usage: usage}, func(s *plugin.Settings, cmd *cli.Command, name string) {
		*field(s) = cmd.String(name)
	}}
}

func list(name, usage string, field func(*plugin.Settings) *[]string) setting {
	usage += "; may be repeated"
	return setting{&cli.StringSliceFlag{Name: name, Usage: usage}, func(s *plugin.Settings, cmd *cli.Command, name string) {
		*field(s) = cmd.StringSlice(name)
	}}
}

func span(name, otherwise, usage string, field func(*plugin.Settings) *config.Duration) setting {
	return setting{durationFlag(name, otherwise, usage), func(s *plugin.Settings, cmd *cli.Command, name string) {
		*field(s) = config.Duration(duration(cmd, name))
	}}
}

func toggle(name, usage string, field func(*plugin.Settings) *bool) setting {
	return setting{&cli.BoolFlag{Name: name, Usage: usage, HideDefault: true}, func(s *plugin.Settings, cmd *cli.Command, name string) {
		*field(s) = cmd.Bool(name)
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

// passwordVariable and tokenVariable are read from the environment. A secret
// is never taken from the command line, which every user of the machine sees.
const (
	passwordVariable = "SMTPPROBE_PASSWORD" //nolint:gosec // the name of a variable
	tokenVariable    = "SMTPPROBE_TOKEN"    //nolint:gosec // the name of a variable
)

// settings reads the flags that were given, and the secrets.
func (c *commands) settings(ctx context.Context, cmd *cli.Command) (*plugin.Settings, error) {
	s := &plugin.New().Settings
	for _, setting := range settings() {
		if name := setting.flag.Names()[0]; cmd.IsSet(name) {
			setting.set(s, cmd, name)
		}
	}
	username, token := cmd.String("username"), os.Getenv(tokenVariable)
	if username == "" {
		if cmd.IsSet("password-file") {
			return nil, usageError("--password-file needs --username")
		}
		return s, nil
	}
	s.Username = secret(username)
	if token != "" && !cmd.IsSet("password-file") {
		s.Token = secret(token)
		return s, nil
	}
	password, err := c.password(ctx, cmd.String("password-file"), username)
	if err != nil {
		return nil, err
	}
	s.Password = secret(password)
	return s, nil
}

// password comes from a file ("-" is stdin), else from the environment, else
// from the terminal.
func (c *commands) password(ctx context.Context, file, username string) (string, error) {
	if file != "" {
		password, err := c.ReadPassword(ctx, file)
		if err != nil {
			return "", usageError("--password-file: %w", err)
		}
		return password, nil
	}
	if password, ok := os.LookupEnv(passwordVariable); ok {
		return password, nil
	}
	password, err := c.AskPassword(ctx, "Password of "+username+":")
	if errors.Is(err, console.ErrNoTerminal) {
		return "", usageError("--username needs a password: in %s, in --password-file, or typed at a terminal", passwordVariable)
	}
	return password, err
}

func secret(value string) *config.Secret {
	s := config.NewSecret([]byte(value))
	return &s
}
