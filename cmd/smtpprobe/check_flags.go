package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// checkOptions holds the values of the flags of check.
type checkOptions struct {
	config       string
	relays       []string
	nonStrictEnv bool

	quiet, transcript, json, nagios bool
	limits                          check.Thresholds
	certWarning, certCritical       int // days

	watch time.Duration // 0: probe once

	follow                   time.Duration
	mailbox, mailboxUsername string

	ipv4, ipv6             bool
	settings               plugin.Settings
	username, passwordFile string
}

// newCheckOptions returns options with the defaults of the plugin.
func newCheckOptions() *checkOptions {
	return &checkOptions{settings: plugin.New().Settings, certWarning: 14, certCritical: 3}
}

func (o *checkOptions) flags() []cli.Flag {
	return slices.Concat(
		category("Check",
			text("config", "check the relays of this configuration `FILE`", &o.config),
			list("relay", "with --config: only the relay with this `NAME`", &o.relays),
			toggle(nonStrictFlag, "with --config: replace environment variables outside of strings too", &o.nonStrictEnv),
			optional("watch", "repeat the check until interrupted, at an interval; `[=INTERVAL]` is optional", &o.watch, check.DefaultInterval),
			span("follow", "with --probe send: wait up to `DURATION` for the message to arrive", &o.follow),
		),
		category("Output",
			toggle("quiet", "write nothing: the exit status is the result", &o.quiet, "q"),
			toggle("transcript", "show the session, with secrets masked", &o.transcript),
			toggle("json", "write an array with an object for each outcome; with --watch an object per line", &o.json),
			toggle("nagios", "write the output of a monitoring plugin", &o.nagios),
			span("warning", "with --nagios: warn if a probe takes longer than `DURATION`", &o.limits.WarnTime),
			span("critical", "with --nagios: critical if a probe takes longer than `DURATION`", &o.limits.CritTime),
			number("cert-warning", "with --nagios: warn if the certificate expires in less than `DAYS`", &o.certWarning),
			number("cert-critical", "with --nagios: critical if the certificate expires in less than `DAYS`", &o.certCritical),
		),
		o.settingFlags(),
	)
}

// settingFlags returns the flags that are settings of the plugin. Their names are
// those of the settings, with dashes.
func (o *checkOptions) settingFlags() []cli.Flag {
	s := &o.settings
	readTimeout := span("read-timeout", "limit of each reply, a `DURATION`", (*time.Duration)(&s.ReadTimeout))
	readTimeout.DefaultText = "what is left of --timeout"
	policy := &cli.StringFlag{
		Name: "policy", Local: true, Usage: "`WHAT`: off, or report what senders with DANE and MTA-STS would do",
		Value: s.Policy, Destination: &s.Policy, DefaultText: "report with mx://, else off",
	}
	return slices.Concat(
		category("Probe",
			text("probe", "how deep: `DEPTH` is connect, ehlo, auth, rcpt or send", &s.Probe),
			text("helo", "`NAME` in EHLO; default: this host's", &s.Helo),
			list("expect", "`OUTCOME` that counts as success: class[/reason][:code[:phase]]", &s.Expect),
			span("timeout", "limit of a whole probe, a `DURATION`", (*time.Duration)(&s.Timeout)),
			span("connect-timeout", "limit of DNS and of each connection attempt, a `DURATION`", (*time.Duration)(&s.ConnectTimeout)),
			readTimeout,
		),
		category("Envelope and message",
			text("from", "sender `ADDRESS`, for rcpt and send; empty is <>", &s.From),
			list("to", "recipient `ADDRESS`, for rcpt and send", &s.To),
			text("subject", "subject `TEXT` of the message", &s.Subject),
			text("body", "body `TEXT` of the message", &s.Body),
			text("mailbox", "with --follow: `URL` of the mailbox, imaps://host, imap://host, maildir:///path or lmtp://address:port", &o.mailbox),
			text("mailbox-username", "`NAME` to log in to the mailbox; the password comes from "+mailboxVariable, &o.mailboxUsername),
		),
		category("Login",
			text("username", "`NAME` to log in; the password comes from "+passwordVariable+", --password-file or the terminal", &o.username),
			text("password-file", "`FILE` whose first line is the password, - for stdin", &o.passwordFile),
			text("auth-mechanism", "SASL mechanism `NAME`; default: the strongest offered", &s.AuthMechanism),
			toggle("auth-cleartext", "allow a password without TLS", &s.AuthCleartext),
		),
		category("Network and DNS",
			toggle("ipv4", "use IPv4 only", &o.ipv4, "4"),
			toggle("ipv6", "use IPv6 only", &o.ipv6, "6"),
			text("ip-version", "`VERSION`: any, ipv4 or ipv6", &s.IPVersion),
			text("addresses", "`WHICH` addresses to probe: first (that connects) or all", &s.Addresses),
			text("source-address", "local `ADDRESS` to connect from", &s.SourceAddress),
			text("proxy-protocol", "send a PROXY protocol header of `VERSION` v1 or v2", &s.ProxyProtocol),
			text("dns-server", "name server `ADDRESS`[:PORT]; default: the system's", &s.DNSServer),
			toggle("allow-private-mx", "let mx:// lead to addresses that are not public", &s.AllowPrivateMX),
		),
		category("TLS and policies",
			text("starttls", "`POLICY` of smtp://: opportunistic, required or never", &s.STARTTLS),
			text("tls-ca", "`FILE` of the certificate authorities to trust", &s.TLSCA),
			text("tls-cert", "`FILE` of a client certificate", &s.TLSCert),
			text("tls-key", "`FILE` of its key", &s.TLSKey),
			text("tls-server-name", "`NAME` that the certificate must have", &s.TLSServerName),
			text("tls-min-version", "`VERSION`: TLS12 or TLS13", &s.TLSMinVersion),
			toggle("insecure-skip-verify", "report a bad certificate, but do not fail", &s.InsecureSkipVerify),
			policy,
			text("dnssec", "`WHAT`: trust if the name server validates DNSSEC, else off", &s.DNSSEC),
		),
	)
}

// The environment variables with secrets. The command line has none, since every
// user of the machine can read it.
const (
	passwordVariable = "SMTPPROBE_PASSWORD" //nolint:gosec // the name of a variable
	tokenVariable    = "SMTPPROBE_TOKEN"    //nolint:gosec // the name of a variable
	mailboxVariable  = "SMTPPROBE_MAILBOX_PASSWORD"
)

// login adds the user name and the password or token to the settings.
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

// password returns the password from a file ("-" is stdin), from the environment
// or from the terminal, in this order.
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
