package main

import (
	"bufio"
	"io"
	"net"
	"strings"
)

// The conversation that every contestant holds.
const (
	greeting = "220 bench.test ESMTP\r\n"
	ehlo     = "250-bench.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"
	bye      = "221 2.0.0 bye\r\n"
)

// serve gives every connection its own goroutine, until the listener closes.
func serve(l net.Listener, answer func(net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			answer(conn)
		}()
	}
}

// answer answers EHLO and QUIT as fast as it can.
func answer(conn net.Conn) {
	defer conn.Close()
	if _, err := conn.Write([]byte(greeting)); err != nil {
		return
	}
	lines := bufio.NewReaderSize(conn, 512)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		reply := ehlo
		if strings.HasPrefix(string(line), "QUIT") {
			reply = bye
		}
		if _, err := conn.Write([]byte(reply)); err != nil || reply == bye {
			return
		}
	}
}

// silence waits for the client to leave.
func silence(conn net.Conn) {
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return
	}
}
