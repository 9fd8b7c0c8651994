package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// ErrNoTerminal is the error of AskPassword if standard input is not a terminal.
var ErrNoTerminal = errors.New("standard input is not a terminal")

// AskPassword prompts for a password at the terminal, with echo off. A signal
// interrupts it and turns echo on again.
func (s Streams) AskPassword(ctx context.Context, prompt string) (string, error) {
	stdin, ok := s.In.(*os.File)
	if !ok || !IsTerminal(stdin) {
		return "", ErrNoTerminal
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGQUIT, syscall.SIGHUP)
	defer stop()
	terminal := int(stdin.Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return "", fmt.Errorf("reading the terminal's state: %w", err)
	}
	fmt.Fprint(s.Err, OneLine(prompt)+" ")
	password, err := Await(ctx, func() ([]byte, error) { return term.ReadPassword(terminal) })
	fmt.Fprintln(s.Err)
	if err != nil {
		return "", errors.Join(fmt.Errorf("reading the password: %w", err), term.Restore(terminal, before))
	}
	return string(password), nil
}

// ReadPassword returns the first line of a file. "-" means standard input.
func (s Streams) ReadPassword(ctx context.Context, name string) (string, error) {
	return Await(ctx, func() (string, error) {
		if name == "-" {
			return firstLine(s.In)
		}
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		return firstLine(f)
	})
}

// firstLine returns the first line without its line break.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 64*1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("its first line is empty")
	}
	return line, nil
}
