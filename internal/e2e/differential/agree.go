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
//   - the exception is of the class that exceptionsFor names, or of a class
//     derived from it; a base class agrees only if this version of the
//     library does not have the class (SMTPConnectError for
//     SMTPConnectResponseError). Python has subclasses of OSError by errno, so
//     this compares errno, too;
//   - the exception has our reply code or none, not the code of another reply or
//     one that the library made up;
//   - it was raised by the method call that corresponds to our phase.
func agrees(l *library, s result, v verdict) bool {
	switch v.class {
	case smtperr.ClassNone:
		return s.Exception == "" && len(s.Codes) == 0
	case smtperr.ClassRecipientRefused:
		return s.Exception == "" && slices.Contains(s.Codes, v.code)
	}
	sameCode := len(s.Codes) == 0 || slices.Contains(s.Codes, v.code)
	return sameClass(l, s, v) && sameCode && s.Step == v.step
}

// sameClass compares only the class.
func sameClass(l *library, s result, v verdict) bool {
	if v.class == smtperr.ClassNone || v.class == smtperr.ClassRecipientRefused {
		return s.Exception == ""
	}
	return slices.ContainsFunc(strings.Split(v.exceptions[l.Name], ", "), func(name string) bool {
		return slices.Contains(s.Ancestors, l.nearest(name))
	})
}

// bases has the base classes of the classes that older versions lack.
var bases = map[string]string{"SMTPConnectResponseError": "SMTPConnectError"}

// nearest returns the class, or its base class if this version lacks it.
func (l *library) nearest(name string) string {
	if base, ok := bases[name]; ok && !slices.Contains(l.Names, name) {
		return base
	}
	return name
}

// String formats the result for the document.
func (s result) String() string {
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

// words formats numbers.
func words(numbers []int) []string {
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = strconv.Itoa(n)
	}
	return list
}
