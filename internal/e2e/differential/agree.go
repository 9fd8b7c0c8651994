//go:build e2e

package differential

import (
	"slices"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// agrees reports whether a library's result agrees with our verdict.
//
// They agree on a success if there is no exception and the dict of refused
// recipients is empty. They agree that some recipients were refused
// (recipient_refused) if that dict has our reply code; both libraries' sendmail
// then raise nothing. They agree on any other failure if
//
//   - the exception is of the class that equalOf names, or of a class
//     derived from it; a base class agrees only if this version of the
//     library does not have the class (SMTPConnectError in place of
//     SMTPConnectResponseError). OSErrors have classes by errno in Python, so
//     this compares errno, too;
//   - the exception has our reply code, or none: an exception with the code of
//     another reply, or with an invented code, disagrees;
//   - it was raised by the method call that corresponds to our phase.
func agrees(l *library, s said, v verdict) bool {
	switch v.class {
	case smtperr.ClassNone:
		return s.Exception == "" && len(s.Codes) == 0
	case smtperr.ClassRecipientRefused:
		return s.Exception == "" && slices.Contains(s.Codes, v.code)
	}
	sameCode := len(s.Codes) == 0 || slices.Contains(s.Codes, v.code)
	return sameClass(l, s, v) && sameCode && s.Step == v.step
}

// sameClass compares the class alone.
func sameClass(l *library, s said, v verdict) bool {
	if v.class == smtperr.ClassNone || v.class == smtperr.ClassRecipientRefused {
		return s.Exception == ""
	}
	return slices.ContainsFunc(strings.Split(v.equals[l.Name], ", "), func(equal string) bool {
		return slices.Contains(s.Ancestors, l.nearest(equal))
	})
}

// bases replaces classes that older versions lack.
var bases = map[string]string{"SMTPConnectResponseError": "SMTPConnectError"}

func (l *library) nearest(name string) string {
	if base, has := bases[name]; has && !slices.Contains(l.Names, name) {
		return base
	}
	return name
}

// String formats the result for the document.
func (s said) String() string {
	list := strings.Join(words(s.Codes), ", ")
	if s.Exception == "" {
		if list == "" {
			return "success"
		}
		return "success, refused: " + list
	}
	if list != "" {
		list = " " + list
	}
	return s.Exception + list + " in " + string(s.Step)
}

func words(numbers []int) []string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = strconv.Itoa(n)
	}
	return list
}
