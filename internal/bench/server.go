package main

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
)

// The conversation that every contestant holds.
const (
	greeting = "220 bench.test ESMTP\r\n"
	ehlo     = "250-bench.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"
	bye      = "221 2.0.0 bye\r\n"
)

// serve answers EHLO and QUIT as fast as it can, until the listener closes.
func serve(l net.Listener, config *tls.Config) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		if config != nil {
			conn = tls.Server(conn, config)
		}
		go answer(conn)
	}
}

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
