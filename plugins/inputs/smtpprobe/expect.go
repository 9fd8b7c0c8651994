package smtpprobe

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// parseExpectations reads class[/reason][:code[:phase]].
func parseExpectations(list []string) ([]smtpprobe.Expectation, error) {
	expected := make([]smtpprobe.Expectation, 0, len(list))
	for _, text := range list {
		e, err := parseExpectation(text)
		if err != nil {
			return nil, fmt.Errorf("expect %q: %w", text, err)
		}
		expected = append(expected, e)
	}
	return expected, nil
}

func parseExpectation(text string) (smtpprobe.Expectation, error) {
	var e smtpprobe.Expectation
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return e, errors.New("too many colons for class[/reason][:code[:phase]]")
	}
	class, reason, hasReason := strings.Cut(parts[0], "/")
	var err error
	if e.Class, err = smtperr.ParseClass(class); err != nil {
		return e, err
	}
	if hasReason {
		if e.Reason, err = smtperr.ParseReason(reason); err != nil {
			return e, err
		}
	}
	if len(parts) > 1 {
		code, err := strconv.Atoi(parts[1])
		if err != nil || code < 200 || code > 599 || len(parts[1]) != 3 {
			return e, fmt.Errorf("%q is not a reply code from 200 to 599", parts[1])
		}
		e.Code = code
	}
	if len(parts) > 2 {
		if e.Phase, err = smtperr.ParsePhase(parts[2]); err != nil {
			return e, err
		}
	}
	if e.Class == smtperr.ClassNone && text != "none" {
		return e, errors.New("none has neither reason, code nor phase")
	}
	return e, nil
}

// expectsFailure tells whether only a failure counts as success.
func expectsFailure(expected []smtpprobe.Expectation) bool {
	return len(expected) > 0 && !slices.ContainsFunc(expected, func(e smtpprobe.Expectation) bool { return e.Class == smtperr.ClassNone })
}
