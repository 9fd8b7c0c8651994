package explain_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/explain"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, argument, want string
	}{
		{
			name: "class", argument: "service_unavailable",
			want: `service_unavailable
  class       the relay closed the session with 421
  who acts    relay: the operator of the relay
  what to do  Check the relay's load, and its connection and rate limits.
  lasts       temporary
`,
		},
		{
			name: "reason", argument: "helo_rejected",
			want: `helo_rejected
  means       the HELO name was refused
  who acts    config: the owner of the probe (its configuration, or its access to the relay)
  what to do  Set helo to a fully-qualified name that resolves to the prober's address.
  settings    helo
  defined in  RFC 5321 §4.1.4
`,
		},
		{
			name: "reason in a class", argument: "not_supported/message_too_large",
			want: `not_supported/message_too_large
  class       the relay does not offer what the probe needs
  means       the message is too large
  who acts    config: the owner of the probe (its configuration, or its access to the relay)
  what to do  Lower message_size: the message is larger than the SIZE that the relay offers.
  settings    message_size
  defined in  RFC 1870 §6
`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			require.NoError(t, explain.Write(&out, tt.argument))
			require.Equal(t, tt.want, out.String())
		})
	}
}

func TestWrite_All(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, explain.Write(&out, ""))
	for _, r := range smtperr.Reasons() {
		require.Contains(t, out.String(), "\n"+string(r)+" ")
		require.NoError(t, explain.Write(io.Discard, string(r)))
	}
	for _, c := range smtperr.Classes() {
		require.NoError(t, explain.Write(io.Discard, c.String()))
	}
}

func TestWrite_UnknownName(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]string{
		"no_such_name":             `unknown class or reason "no_such_name"; smtpprobe explain lists all`,
		"no_such_name/refused":     `unknown error class "no_such_name"`,
		"auth_failed/no_such_name": `unknown reason "no_such_name"`,
		"auth_failed/":             `unknown reason ""`,
	} {
		require.EqualError(t, explain.Write(io.Discard, argument), want)
	}
}

// fullWriter fails like a full disk.
type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestMarkdown_WriteError(t *testing.T) {
	t.Parallel()
	require.EqualError(t, explain.ReasonsMarkdown(fullWriter{}), "disk full")
	require.EqualError(t, explain.ClassesMarkdown(fullWriter{}), "disk full")
}
