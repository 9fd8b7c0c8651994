package check

import (
	"errors"
	"regexp"
	"strings"
)

// flagError turns an error about settings into one about flags: the setting
// tls_ca is the flag --tls-ca.
//
//	invalid probe "deep": must be one of ...   --probe: invalid value "deep": must be one of ...
//	tls_cert "x" needs tls_key                 --tls-cert "x" needs --tls-key
func flagError(err error) error {
	text := place.ReplaceAllString(err.Error(), "")
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
	// place is where a setting is: there is only the command line.
	place = regexp.MustCompile(`^(?:servers: |relay "(?:[^"\\]|\\.)*": )+`)
	// invalidSetting is the form of most errors about settings.
	invalidSetting = regexp.MustCompile(`^invalid ([a-z][a-z_]*)(?: ("(?:[^"\\]|\\.)*"))?: (.*)$`)
	// quoted is a value.
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	// settingName has an underscore, which makes it one.
	settingName = regexp.MustCompile(`\b[a-z]+(?:_[a-z]+)+\b`)
)

// shortNames are settings whose name is a word: where an error has them, and
// the flags instead.
var shortNames = strings.NewReplacer(
	"to is empty", "--to is missing",
	"in to", "in --to",
	"set username and password, or a token", "use --username",
	"set username and password instead", "use --username instead",
	"username needs a password or a token", "--username needs a password or a token",
	"needs username", "needs --username",
)

// flags puts flags in place of settings.
func flags(text string) string {
	for _, name := range []string{"probe ", "addresses ", "starttls "} { // before their value
		if text == name || strings.HasSuffix(text, " "+name) {
			text = strings.TrimSuffix(text, name) + "--" + name
		}
	}
	return settingName.ReplaceAllStringFunc(shortNames.Replace(text), flag)
}

func flag(setting string) string { return "--" + strings.ReplaceAll(setting, "_", "-") }

// outsideQuotes changes what is not a value.
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
