// Command smtpprobe runs the smtpprobe input beside a stock Telegraf
// (inputs.execd), and answers an operator's questions from the command line.
package main

import "os"

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
