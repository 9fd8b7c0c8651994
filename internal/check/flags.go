package check

import (
	"errors"
	"regexp"
	"strings"
)

// flagError rewrites an error about settings for the command line, where the
// setting tls_ca is the flag --tls-ca:
//
//	invalid probe "deep": must be one of ...   --probe: invalid value "deep": must be one of ...
//	tls_cert "x" needs tls_key                 --tls-cert "x" needs --tls-key
func flagError(err error) error {
	text := location.ReplaceAllString(err.Error(), "")
	if m := invalidSetting.FindStringSubmatch(text); len(m) > 0 && m[1] != "url" {
		value := ""
		if m[2] != "" {
			value = "invalid value " + m[2] + ": "
		}
		return errors.New(flag(m[1]) + ": " + value + outsideQuotes(m[3], flags))
	}
	return errors.New(outsideQuotes(text, flags))
}

var (
	// location precedes an error with the part of the configuration, which the
	// command line does not have.
	location = regexp.MustCompile(`^(?:servers: |relay "(?:[^"\\]|\\.)*": )+`)
	// invalidSetting matches most errors about settings.
	invalidSetting = regexp.MustCompile(`^invalid ([a-z][a-z_]*)(?: ("(?:[^"\\]|\\.)*"))?: (.*)$`)
	// quoted matches a value.
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	// settingName matches a name with an underscore: no other word has one.
	settingName = regexp.MustCompile(`\b[a-z]+(?:_[a-z]+)+\b`)
)

// shortNames replaces settings whose names are ordinary words, in the phrases of
// the errors that have them.
var shortNames = strings.NewReplacer(
	"to is empty", "--to is missing",
	"in to", "in --to",
	"set username and password, or a token", "use --username",
	"set username and password instead", "use --username instead",
	"username needs a password or a token", "--username needs a password or a token",
	"needs username", "needs --username",
)

// flags replaces the names of settings by those of flags.
func flags(text string) string {
	for _, name := range []string{"probe ", "addresses ", "starttls "} { // followed by their value
		if text == name || strings.HasSuffix(text, " "+name) {
			text = strings.TrimSuffix(text, name) + "--" + name
		}
	}
	return settingName.ReplaceAllStringFunc(shortNames.Replace(text), flag)
}

func flag(setting string) string { return "--" + strings.ReplaceAll(setting, "_", "-") }

// flagSettings are the settings in advice that have a flag.
var flagSettings = []string{
	"allow_private_mx", "auth_cleartext", "auth_mechanism", "connect_timeout", "dns_server", "insecure_skip_verify", "ip_version", "proxy_protocol",
	"read_timeout", "source_address", "tls_ca", "tls_cert", "tls_key", "tls_min_version", "tls_server_name",
}

var (
	// advisedSetting matches a setting in advice, and its value if there is one.
	advisedSetting = regexp.MustCompile(`\b(` + strings.Join(flagSettings, "|") + `)\b(?: = "([^"]*)")?`)
	// servers matches the setting of the relays in advice.
	servers = regexp.MustCompile(`\bin servers\b`)
)

// flagAdvice rewrites advice for the command line:
//
//	Set tls_ca to this certificate.   Set --tls-ca to this certificate.
//	set auth_mechanism = "PLAIN"      set --auth-mechanism PLAIN
func flagAdvice(text string) string {
	text = advisedSetting.ReplaceAllStringFunc(text, func(s string) string {
		m := advisedSetting.FindStringSubmatch(s)
		return strings.TrimSuffix(flag(m[1])+" "+m[2], " ")
	})
	return servers.ReplaceAllString(text, "in the URL")
}

// outsideQuotes applies change to the parts of text that are not quoted values.
func outsideQuotes(text string, change func(string) string) string {
	var out strings.Builder
	last := 0
	for _, at := range quoted.FindAllStringIndex(text, -1) {
		out.WriteString(change(text[last:at[0]]) + text[at[0]:at[1]])
		last = at[1]
	}
	out.WriteString(change(text[last:]))
	return out.String()
}
