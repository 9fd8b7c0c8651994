package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// passwordVariable and tokenVariable are read from the environment. A secret
// is never taken from the command line, which every user of the machine sees.
const (
	passwordVariable = "SMTPPROBE_PASSWORD" //nolint:gosec // the name of a variable
	tokenVariable    = "SMTPPROBE_TOKEN"    //nolint:gosec // the name of a variable
)

// password comes from a file ("-" is stdin), else from the environment, else
// from whoever sits at the terminal.
func (c *console) password(file, username string) (string, error) {
	switch {
	case file == "-":
		return firstLine(c.stdin)
	case file != "":
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
		defer f.Close()
		return firstLine(f)
	}
	if p, ok := os.LookupEnv(passwordVariable); ok {
		return p, nil
	}
	stdin, ok := c.stdin.(*os.File)
	if !ok || !isTerminal(stdin) {
		return "", errors.New("--username needs a password: in " + passwordVariable + ", in --password-file, or typed at a terminal")
	}
	fmt.Fprintf(c.stderr, "Password of %s: ", oneLine(username))
	p, err := term.ReadPassword(int(stdin.Fd()))
	fmt.Fprintln(c.stderr)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return string(p), nil
}

// firstLine is a file's first line: the line end is no part of a password.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 64*1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("the first line of the password file is empty")
	}
	return line, nil
}
