package mailbox

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResponseScanner(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("(", maxNesting+1)
	tests := []struct {
		name, stream string
		want         error
	}{
		{name: "nested parentheses", stream: "* 1 FETCH " + deep, want: errTooNested},
		{name: "nested parentheses over two lines", stream: "* 1 FETCH (A {3}\r\nabc" + deep, want: errTooNested},
		{name: "parentheses in a literal", stream: "* 1 FETCH (A {101}\r\n" + deep + ")\r\n* 1 FETCH (A {101} \n" + deep + ")\r\n"},
		{name: "parentheses in a quoted string", stream: `* 1 FETCH (A "\"` + deep + `")` + "\r\n"},
		{name: "parentheses in a quoted string over two lines", stream: "* 1 FETCH (A \"\r\n" + deep + "\")\r\n"},
		{name: "parentheses after a quoted string", stream: `* 1 FETCH (A "\\"` + deep, want: errTooNested},
		{name: "parentheses in the text of a response", stream: "* ok [ALERT] " + deep + "\r\nT1 NO " + deep + "\r\n+ " + deep + "\r\n"},
		{name: "closed parentheses", stream: "* LIST " + strings.Repeat("() ", 200) + "\r\n"},
		{name: "literal in the text of a response", stream: "* OK x {101}\r\n* 1 FETCH " + deep, want: errTooNested},
		{name: "quote in the text of a response", stream: "* BYE \"\r\n* 1 FETCH " + deep, want: errTooNested},
		{name: "no literal at the end of a line", stream: "* 1 FETCH {101}a\r\n* 1 FETCH " + deep, want: errTooNested},
		{name: "response code without end", stream: "* OK [ALERT \r\n", want: errResponse},
		{name: "response code", stream: "* OK [ALERT] x\r\nT1 OK [READ-ONLY]\r\n"},
		{name: "large literal", stream: "* 1 FETCH (A {33554433}\r\n", want: errTooMuchData},
		{name: "literal larger than 64 bits", stream: "* 1 FETCH (A {99999999999999999999}\r\n", want: errTooMuchData},
		{name: "long line", stream: "* SEARCH" + strings.Repeat(" 1", maxSyntax/2), want: errTooMuchData},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var whole responseScanner
			require.Equal(t, tt.want, whole.scan([]byte(tt.stream)))

			var divided responseScanner
			var err error
			b := make([]byte, 1)
			for i := 0; i < len(tt.stream) && err == nil; i++ {
				b[0] = tt.stream[i]
				err = divided.scan(b)
			}
			require.Equal(t, tt.want, err, "one byte at a time")
		})
	}
}
