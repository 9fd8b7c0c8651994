package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
)

// delays are what the late relay injects before each reply; they differ, so
// that no two phases can be mistaken for each other.
var delays = map[string]time.Duration{
	"greeting": 120 * time.Millisecond,
	"EHLO":     180 * time.Millisecond,
	"MAIL":     240 * time.Millisecond,
	"RCPT":     300 * time.Millisecond,
	"DATA":     360 * time.Millisecond,
	"dot":      420 * time.Millisecond,
	"QUIT":     480 * time.Millisecond,
}

// answerLate takes its time and says in every reply how long it really was, in
// nanoseconds from the command's arrival (for the greeting from having
// accepted) to writing the reply: neither a timer nor a reader is ever
// punctual, and the client cannot be blamed for that.
func answerLate(accepted net.Conn) {
	conn := socket.New(accepted)
	late := func(moment, code string) error {
		began := conn.Arrived()
		if began.IsZero() {
			began = time.Now()
		}
		time.Sleep(delays[moment])
		_, err := fmt.Fprintf(conn, "%s %d\r\n", code, time.Since(began))
		return err
	}
	if late("greeting", "220") != nil {
		return
	}
	lines := bufio.NewReaderSize(conn, 1024)
	inBody := false
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		command := strings.TrimSpace(string(line))
		verb, _, _ := strings.Cut(command, " ")
		verb, _, _ = strings.Cut(verb, ":")
		switch {
		case inBody && command != ".":
			continue
		case inBody:
			inBody = false
			err = late("dot", "250")
		case verb == "DATA":
			inBody = true
			err = late(verb, "354")
		case verb == "QUIT":
			_ = late(verb, "221") //nolint:errcheck // it is the end either way
			return
		default:
			err = late(verb, "250")
		}
		if err != nil {
			return
		}
	}
}
