package smtpprobe_test

import (
	"bytes"
	"fmt"
	"strings"
)

// programRelay is a fakeRelay whose steps are chosen by the bytes of a program.
// After the end of the program it accepts every command.
type programRelay struct {
	fakeRelay
	program []byte
	// single limits each step to one reply, which is not sent slowly.
	single bool
	// pieces is the size of writes, see step.
	pieces int

	accepted int  // recipients
	faulty   bool // it was slow or silent or closed the connection: an error may be its own
}

func newProgramRelay(program []byte, lmtp bool) *programRelay {
	p := &programRelay{program: program}
	p.lmtp, p.next = lmtp, p.choose
	return p
}

// choose returns the step after a command. With LMTP a message gets a reply for
// each accepted recipient.
func (p *programRelay) choose(command string) step {
	replies := 1
	if p.lmtp && command == "." {
		replies = max(p.accepted, 1)
	}
	all := step{pieces: p.pieces}
	for range replies {
		s := p.chooseOne(command)
		if p.single {
			s.reply, s.slowly = firstReply(s.reply), false
		}
		all.reply += s.reply
		all.slowly = all.slowly || s.slowly && replies == 1
		if all.then = s.then; all.then != readCommand {
			break
		}
	}
	if strings.HasPrefix(command, "RCPT") && strings.HasPrefix(all.reply, "2") {
		p.accepted++
	}
	p.faulty = p.faulty || all.slowly || all.then != readCommand
	return all
}

// take returns the next byte of the program, 0 after its end.
func (p *programRelay) take() int {
	if len(p.program) == 0 {
		return 0
	}
	b := p.program[0]
	p.program = p.program[1:]
	return int(b)
}

func (p *programRelay) chooseOne(command string) step {
	code, good := acceptingReply(command)
	switch p.take() % 20 {
	case 1:
		return step{reply: code + "\r\n"}
	case 2:
		return step{reply: strings.ReplaceAll(good, "\r\n", "\n")}
	case 3:
		return step{reply: fmt.Sprintf("%s-first\r\n%s-second\r\n%s third\r\n", code, code, code)}
	case 4:
		return step{reply: good, slowly: true}
	case 5:
		return step{reply: "550 5.7.1 not you\r\n"}
	case 6:
		return step{reply: "451 4.3.0 not now\r\n"}
	case 7:
		return step{reply: "421 4.3.2 going down\r\n"}
	case 8:
		return step{reply: fmt.Sprintf("%03d any\r\n", p.take()*4%1000)}
	case 9:
		return step{reply: "334 dXNlcg==\r\n"}
	case 10:
		extras := []string{"250 more\r\n", "421 4.4.2 idle\r\n", "550 no\r\n", "junk\r\n", "25", "\r\n", "421-more\r\n"}
		return step{reply: good + extras[p.take()%len(extras)]}
	case 11, 12:
		n := min(p.take()%64, len(p.program))
		text := string(p.program[:n])
		p.program = p.program[n:]
		return step{reply: text}
	case 13:
		return step{reply: code + "-first\r\n250 other\r\n"}
	case 14:
		return step{then: staySilent}
	case 15:
		return step{then: closeConn}
	case 16:
		return step{reply: good[:p.take()%len(good)], then: closeConn}
	case 17:
		return step{reply: good[:p.take()%len(good)], then: staySilent}
	case 18:
		return step{reply: code + " " + string([]byte{byte(p.take()), byte(p.take())}) + "\r\n"}
	}
	return step{reply: good}
}

// acceptingReply returns a reply that accepts a command, and its code.
func acceptingReply(command string) (code, reply string) {
	verb, _, _ := strings.Cut(command, " ")
	switch verb {
	case "":
		return "220", "220 relay.test ready\r\n"
	case "EHLO", "LHLO":
		return "250", "250-relay.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n"
	case "DATA":
		return "354", "354 go ahead\r\n"
	case "HELO", "MAIL", "RCPT", "RSET", ".":
		return "250", "250 2.0.0 ok\r\n"
	case "QUIT":
		return "221", "221 2.0.0 bye\r\n"
	}
	return "235", "235 2.7.0 welcome\r\n" // AUTH and responses
}

// firstReply truncates a text after its first reply, or after the first line that
// is not part of a reply.
func firstReply(text string) string {
	end := 0
	for line := range bytes.Lines([]byte(text)) {
		end += len(line)
		if len(line) < 4 || line[3] != '-' {
			break
		}
	}
	return text[:end]
}
