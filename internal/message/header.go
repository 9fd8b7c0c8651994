package message

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	gomessage "github.com/emersion/go-message"
	gomail "github.com/emersion/go-message/mail"
	"golang.org/x/net/idna"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
)

const defaultSubject = "smtpprobe test message"

// maxName is the maximum length of a field name in bytes. The library cannot fold a
// field whose name fills the line.
const maxName = 64

// reserved are the fields that the configuration must not set, because this package
// or the relays set them. A name with a trailing hyphen is a prefix.
var reserved = []string{
	"auto-submitted", "bcc", "content-", "date", "dkim-signature", "message-id",
	"mime-version", "received", "resent-", "return-path", "subject", "x-smtpprobe-",
}

// header returns the header of the message. The library adds fields at the top, so
// they are set in reverse order.
func (m *Message) header(o *Options, encoding string) (gomail.Header, error) {
	var h gomail.Header
	h.Set("Content-Transfer-Encoding", encoding)
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("Mime-Version", "1.0")
	for _, f := range slices.Backward(o.Headers) {
		if err := addField(&h, f); err != nil {
			return h, err
		}
	}
	if o.Relay != "" {
		if err := checkValue("X-Smtpprobe-Relay", o.Relay); err != nil {
			return h, err
		}
		h.SetText("X-Smtpprobe-Relay", o.Relay)
	}
	h.Set("X-Smtpprobe-Id", m.ProbeID)
	h.Set("Auto-Submitted", "auto-generated") // RFC 3834 §5: no automatic replies

	subject := o.Subject
	if subject == "" {
		subject = defaultSubject
	}
	if err := checkValue("Subject", subject); err != nil {
		return h, err
	}
	h.SetSubject(subject)
	if err := m.addresses(&h, o); err != nil {
		return h, err
	}
	h.SetDate(time.Now())
	return h, nil
}

// addresses sets Message-ID, From and To. From and To of the configuration take
// precedence.
func (m *Message) addresses(h *gomail.Header, o *Options) error {
	from, err := author(o)
	if err != nil {
		return err
	}
	to := make([]string, 0, len(o.To))
	for _, s := range o.To {
		addr, _, err := ParseAddress(s)
		if err != nil {
			return err
		}
		if strings.Contains(addr, "@") { // in RFC 5322, an address has a domain
			to = append(to, addr)
		}
	}
	if len(to) == 0 {
		to = append(to, "undisclosed-recipients:;")
	}
	m.ID = "<" + m.ProbeID + "@" + idDomain(from) + ">"
	h.Set("Message-Id", m.ID)
	for _, f := range []Header{{"To", strings.Join(to, ", ")}, {"From", from}} {
		if !h.Has(f.Name) {
			h.Set(f.Name, f.Value)
			continue
		}
		configured := h.Get(f.Name)
		h.Set(f.Name, configured) // moves the field to the top
	}
	m.NeedsSMTPUTF8 = !hostname.IsASCII(h.Get("From") + h.Get("To"))
	return nil
}

// author returns the address for From. A message with a null sender needs an author,
// too; then it is the postmaster of the prober's host, an address that must exist
// (RFC 5321 §4.5.1).
func author(o *Options) (string, error) {
	if o.From != "" {
		from, _, err := ParseSender(o.From)
		return from, err
	}
	// Unlike a mail domain, a host name may contain an underscore. The header allows
	// it (RFC 5322 §3.4.1).
	isLiteral := strings.HasPrefix(o.Helo, "[") && checkLiteral(o.Helo) == nil
	isName := o.Helo != "" && hostname.IsASCII(o.Helo) && checkLocalPart(o.Helo) == nil && o.Helo[0] != '"'
	if !isLiteral && !isName {
		return "", fmt.Errorf("%s cannot be the domain of the message's author; set a sender", quote(o.Helo))
	}
	return "postmaster@" + o.Helo, nil
}

// idDomain returns the domain for the Message-ID: the author's domain, in A-labels
// if possible.
func idDomain(from string) string {
	domain := from[strings.LastIndexByte(from, '@')+1:]
	if !hostname.IsASCII(domain) {
		if a, err := idna.Lookup.ToASCII(domain); err == nil {
			return a
		}
	}
	return domain
}

// addField adds a header field of the configuration.
func addField(h *gomail.Header, f Header) error {
	name := strings.ToLower(f.Name)
	for _, r := range reserved {
		if name == r || strings.HasSuffix(r, "-") && strings.HasPrefix(name, r) {
			return fmt.Errorf("header field %s is reserved", quote(f.Name))
		}
	}
	if f.Name == "" || len(f.Name) > maxName || strings.ContainsFunc(f.Name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
		return fmt.Errorf("invalid header field name %s", quote(f.Name))
	}
	if err := checkValue(f.Name, f.Value); err != nil {
		return err
	}
	value := strings.Trim(f.Value, " \t")
	switch name {
	case "from", "to":
		return addAddresses(h, f.Name, value)
	default:
		var text gomessage.Header
		text.SetText(f.Name, value)
		h.Add(f.Name, text.Get(f.Name))
	}
	return nil
}

// addAddresses adds a From or To field of the configuration, which may contain
// display names.
func addAddresses(h *gomail.Header, name, value string) error {
	list, err := mail.ParseAddressList(value)
	if err != nil {
		return fmt.Errorf("header field %s must contain mail addresses: %s", name, quote(value))
	}
	if h.Has(name) {
		return fmt.Errorf("duplicate header field %s", name)
	}
	if hostname.IsASCII(value) {
		h.Set(name, value)
		return nil
	}
	h.SetAddressList(name, list)
	return nil
}

// checkValue returns an error if a value would end its field or contains characters
// that a field must not contain (RFC 5322 §2.2).
func checkValue(name, value string) error {
	invalid := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == '\ufffd' }
	if strings.ContainsFunc(value, invalid) {
		return fmt.Errorf("header field %s contains a control character or is not UTF-8", name)
	}
	if strings.Trim(value, " \t") == "" {
		return errors.New("header field " + name + " is empty")
	}
	return nil
}
