package summary

import (
	"crypto/x509"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	maxNames = 20  // per certificate
	maxName  = 100 // bytes
)

// namesOf returns the host names of a certificate, or its subject.
func namesOf(leaf *x509.Certificate) []string {
	names := leaf.DNSNames
	for _, ip := range leaf.IPAddresses {
		names = append(names[:len(names):len(names)], ip.String())
	}
	if len(names) == 0 {
		names = []string{leaf.Subject.String()}
	}
	escaped := make([]string, 0, min(len(names), maxNames)+1)
	for _, name := range names[:min(len(names), maxNames)] {
		escaped = append(escaped, escape.Text(name, maxName))
	}
	if more := len(names) - maxNames; more > 0 {
		escaped = append(escaped, "and "+strconv.Itoa(more)+" more")
	}
	return escaped
}

// oneLine formats a reply on one line, escaped and bounded.
func oneLine(r *smtperr.Reply) string {
	return strings.TrimRight(strconv.Itoa(r.Code)+" "+escape.Text(strings.Join(r.Lines, " "), maxText), " ")
}
