package relay

import "strconv"

// reply follows what is said at one moment for the code of the first complete
// reply, which decides how the conversation goes on.
type reply struct {
	complete bool
	code     int // 0 if it was no SMTP reply
	start    []byte
}

// add reads on. Of each line no more than code and separator is kept.
func (r *reply) add(b []byte) {
	for _, octet := range b {
		switch {
		case r.complete:
			return
		case octet == '\n':
			r.endLine()
		case len(r.start) < len("250-"):
			r.start = append(r.start, octet)
		}
	}
}

func (r *reply) endLine() {
	start := string(r.start)
	r.start = r.start[:0]
	if len(start) < 3 {
		r.complete = true
		return
	}
	if len(start) > 3 {
		if start[3] == '-' {
			return
		}
		if start[3] != ' ' && start[3] != '\r' {
			r.complete = true
			return
		}
	}
	r.complete = true
	if code, err := strconv.Atoi(start[:3]); err == nil {
		r.code = code
	}
}
