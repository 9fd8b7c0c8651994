package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
)

// delays are the times that the delayed relay waits before each reply. They
// differ, so that no phase can be mistaken for another.
var delays = map[string]time.Duration{
	"greeting": 120 * time.Millisecond,
	"EHLO":     180 * time.Millisecond,
	"MAIL":     240 * time.Millisecond,
	"RCPT":     300 * time.Millisecond,
	"DATA":     360 * time.Millisecond,
	"dot":      420 * time.Millisecond,
	"QUIT":     480 * time.Millisecond,
}

// serveDelayed replies after a delay. The text of each reply is the actual delay
// in nanoseconds: timers are late, too, and that is not the client's error. It
// counts from the arrival of the command, or from accept for the greeting.
func serveDelayed(accepted net.Conn) {
	conn := socket.New(accepted)
	reply := func(name, code string) error {
		start := conn.Arrived()
		if start.IsZero() {
			start = time.Now()
		}
		time.Sleep(delays[name])
		_, err := fmt.Fprintf(conn, "%s %d\r\n", code, time.Since(start))
		return err
	}
	if reply("greeting", "220") != nil {
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
			err = reply("dot", "250")
		case verb == "DATA":
			inBody = true
			err = reply(verb, "354")
		case verb == "QUIT":
			_ = reply(verb, "221") //nolint:errcheck // the session ends either way
			return
		default:
			err = reply(verb, "250")
		}
		if err != nil {
			return
		}
	}
}
