package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// checkOptions are what the flags of check set.
type checkOptions struct {
	config       string
	relays       []string
	nonStrictEnv bool

	transcript, json, nagios  bool
	limits                    check.Thresholds
	certWarning, certCritical int // days

	follow                   time.Duration
	mailbox, mailboxUsername string

	settings               plugin.Settings
	username, passwordFile string
}

// newCheckOptions has the defaults of the plugin.
func newCheckOptions() *checkOptions {
	return &checkOptions{settings: plugin.New().Settings, certWarning: 14, certCritical: 3}
}

func (o *checkOptions) flags() []cli.Flag {
	return append([]cli.Flag{
		text("config", "check the relays of this configuration `FILE` instead", &o.config),
		list("relay", "with --config: this relay only, by `NAME`", &o.relays),
		toggle(nonStrictFlag, "with --config: replace environment variables outside of strings too", &o.nonStrictEnv),
		span("follow", "with a probe of depth send: wait up to `DURATION` for the message to arrive", &o.follow),
		toggle("transcript", "show the conversation, secrets masked", &o.transcript),
		toggle("json", "write an array with an object for each outcome", &o.json),
		toggle("nagios", "write a line for a monitoring system, with performance data", &o.nagios),
		span("warning", "with --nagios: warn of a probe that takes longer than `DURATION`", &o.limits.WarnTime),
		span("critical", "with --nagios: a probe that takes longer than `DURATION` is critical", &o.limits.CritTime),
		number("cert-warning", "with --nagios: warn of a certificate with fewer `DAYS` left", &o.certWarning),
		number("cert-critical", "with --nagios: a certificate with fewer `DAYS` left is critical", &o.certCritical),
	}, o.settingFlags()...)
}

// settingFlags are the flags that say how to probe. They have the names of the
// settings, with dashes.
func (o *checkOptions) settingFlags() []cli.Flag {
	s := &o.settings
	readTimeout := span("read-timeout", "`DURATION` until each reply", (*time.Duration)(&s.ReadTimeout))
	readTimeout.DefaultText = "what is left of --timeout"
	return []cli.Flag{
		text("username", "log in as; the password comes from "+passwordVariable+", --password-file or the terminal", &o.username),
		text("password-file", "`FILE` whose first line is the password, - for stdin", &o.passwordFile),
		text("mailbox", "with --follow: `URL` of the mailbox, imaps://host, imap://host, maildir:///path or lmtp://address:port", &o.mailbox),
		text("mailbox-username", "log in there as; the password comes from "+mailboxVariable, &o.mailboxUsername),
		text("probe", "how deep: connect, ehlo, auth, rcpt, send", &s.Probe),
		text("helo", "the name in EHLO; default: this host's", &s.Helo),
		text("starttls", "with smtp://: opportunistic, required, never", &s.STARTTLS),
		list("expect", "an `OUTCOME` that counts as success: class[/reason][:code[:phase]]", &s.Expect),
		span("timeout", "`DURATION` of a whole probe", (*time.Duration)(&s.Timeout)),
		span("connect-timeout", "`DURATION` of DNS, and of each connection attempt", (*time.Duration)(&s.ConnectTimeout)),
		readTimeout,
		text("from", "sender, for rcpt and send; empty is <>", &s.From),
		list("to", "recipient, for rcpt and send", &s.To),
		text("subject", "of the message", &s.Subject),
		text("body", "of the message", &s.Body),
		text("auth-mechanism", "default: the strongest offered", &s.AuthMechanism),
		toggle("auth-cleartext", "allow a password without TLS", &s.AuthCleartext),
		text("addresses", "first that connects, or all", &s.Addresses),
		text("ip-version", "any, ipv4, ipv6", &s.IPVersion),
		text("source-address", "local address to connect from", &s.SourceAddress),
		text("proxy-protocol", "send a PROXY protocol header: v1, v2", &s.ProxyProtocol),
		text("dns-server", "name server, address[:port]; default: the system's", &s.DNSServer),
		toggle("allow-private-mx", "let mx:// lead to addresses that are not public", &s.AllowPrivateMX),
		text("policy", "off, report: what senders with DANE and MTA-STS would do; default: report with mx://", &s.Policy),
		text("dnssec", "trust: the name server validates DNSSEC; off", &s.DNSSEC),
		text("tls-ca", "`FILE` of the certificate authorities to trust", &s.TLSCA),
		text("tls-cert", "`FILE` of a client certificate", &s.TLSCert),
		text("tls-key", "`FILE` of its key", &s.TLSKey),
		text("tls-server-name", "the name that the certificate must have", &s.TLSServerName),
		text("tls-min-version", "TLS12, TLS13", &s.TLSMinVersion),
		toggle("insecure-skip-verify", "report a bad certificate, but do not fail", &s.InsecureSkipVerify),
	}
}

// passwordVariable and tokenVariable are read from the environment. A secret
// is never taken from the command line, which every user of the machine sees.
const (
	passwordVariable = "SMTPPROBE_PASSWORD" //nolint:gosec // the name of a variable
	tokenVariable    = "SMTPPROBE_TOKEN"    //nolint:gosec // the name of a variable
	mailboxVariable  = "SMTPPROBE_MAILBOX_PASSWORD"
)

// login adds the user name and its password or token to the settings.
func (c *commands) login(ctx context.Context, o *checkOptions) error {
	if o.username == "" {
		if o.passwordFile != "" {
			return usageError("--password-file needs --username")
		}
		return nil
	}
	o.settings.Username = secret(o.username)
	if token := os.Getenv(tokenVariable); token != "" && o.passwordFile == "" {
		o.settings.Token = secret(token)
		return nil
	}
	password, err := c.password(ctx, o)
	if err != nil {
		return err
	}
	o.settings.Password = secret(password)
	return nil
}

// password comes from a file ("-" is stdin), else from the environment, else
// from the terminal.
func (c *commands) password(ctx context.Context, o *checkOptions) (string, error) {
	if o.passwordFile != "" {
		password, err := c.ReadPassword(ctx, o.passwordFile)
		if err != nil {
			return "", usageError("--password-file: %w", err)
		}
		return password, nil
	}
	if password, ok := os.LookupEnv(passwordVariable); ok {
		return password, nil
	}
	password, err := c.AskPassword(ctx, "Password of "+o.username+":")
	if errors.Is(err, console.ErrNoTerminal) {
		return "", usageError("--username needs a password: in %s, in --password-file, or typed at a terminal", passwordVariable)
	}
	return password, err
}

func secret(value string) *config.Secret {
	s := config.NewSecret([]byte(value))
	return &s
}
