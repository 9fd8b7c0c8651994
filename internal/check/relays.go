package check

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/influxdata/telegraf/config"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// FromURLs returns a relay for each URL, all with the same settings. A host
// without a scheme means smtp://host. Follow looks for messages in the mailboxes.
// Errors name the flags of the command line instead of the settings.
func FromURLs(urls []string, settings *plugin.Settings, mailboxes ...*plugin.Mailbox) ([]Relay, error) {
	p := plugin.New()
	p.Settings = *settings
	if p.Mailboxes = mailboxes; len(mailboxes) > 0 {
		key := config.NewSecret([]byte(rand.Text()))
		p.FlowKey = &key
	}
	for _, url := range urls {
		p.Servers = append(p.Servers, withScheme(url))
	}
	if err := p.Init(); err != nil {
		return nil, flagError(err)
	}
	relays, err := configured(p)
	if err != nil {
		return nil, flagError(err)
	}
	for i := range relays {
		relays[i].fromURL = true
	}
	return relays, nil
}

// withScheme returns the URL of a host, or a URL as it is.
func withScheme(s string) string {
	if strings.Contains(s, "://") || strings.Contains(s, "@") {
		return s
	}
	if ip, err := netip.ParseAddr(s); err == nil && ip.Is6() {
		return "smtp://[" + s + "]"
	}
	return "smtp://" + s
}

// FromConfig returns the relays of the configuration at path, in its order.
func FromConfig(ctx context.Context, path string, nonStrictEnv bool, stderr io.Writer) ([]Relay, error) {
	inputs, err := execd.Load(ctx, path, nonStrictEnv, stderr)
	if err != nil {
		return nil, err
	}
	var all []Relay
	for _, in := range inputs {
		p, ok := in.Input.(*plugin.SMTPProbe)
		if !ok {
			return nil, fmt.Errorf("%s is not an input of this program", in.LogName())
		}
		relays, err := configured(p)
		if err != nil {
			return nil, err
		}
		all = append(all, relays...)
	}
	return all, nil
}

// Named returns the relays with these names, or all relays if there are no names.
func Named(relays []Relay, names []string) ([]Relay, error) {
	if len(names) == 0 {
		return relays, nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(relays, func(r Relay) bool { return r.Name == name }) {
			return nil, fmt.Errorf("--relay %q: the configuration has no relay of that name", name)
		}
	}
	return slices.DeleteFunc(relays, func(r Relay) bool { return !slices.Contains(names, r.Name) }), nil
}

// configured returns the relays of an initialized plugin.
func configured(p *plugin.SMTPProbe) ([]Relay, error) {
	list, err := p.Configured()
	if err != nil {
		return nil, err
	}
	relays := make([]Relay, 0, len(list))
	for i := range list {
		c := &list[i]
		relays = append(relays, Relay{Name: c.Name, prober: c.Prober, target: c.Target, plan: c.Plan, plugin: p, policies: c.Policies})
	}
	return relays, nil
}
