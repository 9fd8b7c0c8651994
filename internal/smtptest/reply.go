package smtptest

import (
	"strconv"
	"strings"
)

// reply parses the output for one event. It has the code of the first complete
// reply, which decides what follows.
type reply struct {
	complete bool
	code     int    // 0 if it is not an SMTP reply
	start    []byte // of the current line
}

// add parses more output.
func (r *reply) add(b []byte) {
	for _, c := range b {
		switch {
		case r.complete:
			return
		case c == '\n':
			r.endLine()
		case len(r.start) < len("250-"):
			r.start = append(r.start, c)
		}
	}
}

func (r *reply) endLine() {
	line := string(r.start) + "\r"
	r.start = r.start[:0]
	r.complete = true
	if len(line) < len("250\r") || strings.Trim(line[:3], "0123456789") != "" {
		return
	}
	switch line[3] {
	case '-':
		r.complete = false
	case ' ', '\r':
		if code, err := strconv.Atoi(line[:3]); err == nil {
			r.code = code
		}
	}
}
