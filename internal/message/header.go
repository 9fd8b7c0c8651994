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

// maxName is the longest name of a field that leaves room for its value: the
// library fails at one that fills its line.
const maxName = 64

// reserved are the fields, or with a trailing hyphen the families of fields,
// that only this package or the relays on the way may set.
var reserved = []string{
	"auto-submitted", "bcc", "content-", "date", "dkim-signature", "message-id",
	"mime-version", "received", "resent-", "return-path", "subject", "x-smtpprobe-",
}

// header makes the header. The library puts each new field on top, so that they
// are set from the last to the first.
func (m *Message) header(o *Options, encoding string) (gomail.Header, error) {
	var h gomail.Header
	h.Set("Content-Transfer-Encoding", encoding)
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("Mime-Version", "1.0")
	for _, own := range slices.Backward(o.Headers) {
		if err := addOwn(&h, own); err != nil {
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
	h.Set("Auto-Submitted", "auto-generated") // RFC 3834 §5: nobody should answer

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

// addresses sets From, To and Message-ID, unless the user's headers have From or
// To.
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
		if strings.Contains(addr, "@") { // RFC 5322 has no bare postmaster
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
		own := h.Get(f.Name) // to its place among ours
		h.Set(f.Name, own)
	}
	m.NeedsSMTPUTF8 = !hostname.IsASCII(h.Get("From") + h.Get("To"))
	return nil
}

// author is the address of From, which must not be empty even where the
// envelope sender is null: then it is the postmaster of the prober's host, an
// address that exists everywhere (RFC 5321 §4.5.1).
func author(o *Options) (string, error) {
	if o.From != "" {
		from, _, err := ParseSender(o.From)
		return from, err
	}
	// A host name may contain an underscore, unlike a mail domain; the header
	// allows more than the envelope (RFC 5322 §3.4.1).
	isLiteral := strings.HasPrefix(o.Helo, "[") && checkLiteral(o.Helo) == nil
	isName := o.Helo != "" && hostname.IsASCII(o.Helo) && checkLocalPart(o.Helo) == nil && o.Helo[0] != '"'
	if !isLiteral && !isName {
		return "", fmt.Errorf("%s cannot be the domain of the message's author; set a sender", bounded(o.Helo))
	}
	return "postmaster@" + o.Helo, nil
}

// idDomain is the right side of the Message-ID: the author's domain, in ASCII
// where that is possible.
func idDomain(from string) string {
	domain := from[strings.LastIndexByte(from, '@')+1:]
	if !hostname.IsASCII(domain) {
		if a, err := idna.Lookup.ToASCII(domain); err == nil {
			return a
		}
	}
	return domain
}

// addOwn adds a header field of the configuration.
func addOwn(h *gomail.Header, f Header) error {
	name := strings.ToLower(f.Name)
	for _, r := range reserved {
		if name == r || strings.HasSuffix(r, "-") && strings.HasPrefix(name, r) {
			return fmt.Errorf("header field %s is reserved", bounded(f.Name))
		}
	}
	if f.Name == "" || len(f.Name) > maxName || strings.ContainsFunc(f.Name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
		return fmt.Errorf("invalid header field name %s", bounded(f.Name))
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

// addAddresses adds a From or To with display names and the like.
func addAddresses(h *gomail.Header, name, value string) error {
	list, err := mail.ParseAddressList(value)
	if err != nil {
		return fmt.Errorf("header field %s must contain mail addresses: %s", name, bounded(value))
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

// checkValue refuses what would end a field early, or has no place in one
// (RFC 5322 §2.2).
func checkValue(name, value string) error {
	bad := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == '\ufffd' }
	if strings.ContainsFunc(value, bad) {
		return fmt.Errorf("header field %s contains a control character or is not UTF-8", name)
	}
	if strings.Trim(value, " \t") == "" {
		return errors.New("header field " + name + " is empty")
	}
	return nil
}
