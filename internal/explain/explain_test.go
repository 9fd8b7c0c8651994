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
			name: "a class", argument: "service_unavailable",
			want: `service_unavailable
  class       the relay closed the session with 421
  who acts    relay: who runs the relay
  what to do  Check the relay's load, and its connection and rate limits.
  lasts       temporary
`,
		},
		{
			name: "a reason", argument: "helo_rejected",
			want: `helo_rejected
  means       the HELO name was refused
  who acts    config: who configures the probe, or its access to the relay
  what to do  Set helo to a fully-qualified name that resolves to the prober's address.
  settings    helo
  defined in  RFC 5321 §4.1.4
`,
		},
		{
			name: "a reason in a class", argument: "not_supported/message_too_large",
			want: `not_supported/message_too_large
  class       the relay does not offer what the probe needs
  means       the message is too large
  who acts    config: who configures the probe, or its access to the relay
  what to do  Lower message_size, or raise the relay's limit: its SIZE is smaller than the message.
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

func TestWrite_Everything(t *testing.T) {
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
		"bad_weather":             `unknown class or reason "bad_weather"; smtpprobe explain lists all`,
		"bad_weather/refused":     `unknown error class "bad_weather"`,
		"auth_failed/bad_weather": `unknown reason "bad_weather"`,
		"auth_failed/":            `unknown reason ""`,
	} {
		require.EqualError(t, explain.Write(io.Discard, argument), want)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestMarkdown_WriteError(t *testing.T) {
	t.Parallel()
	require.EqualError(t, explain.ReasonsMarkdown(full{}), "disk full")
	require.EqualError(t, explain.ClassesMarkdown(full{}), "disk full")
}
