// Package e2e tests the product against real servers: Postfix, Dovecot, Exim and
// HAProxy from Debian's packages, and the stock Telegraf. Its files are behind the
// build tag e2e. "make e2e" installs the servers (install.sh), builds the binaries
// and runs the tests, as root, because mail servers change users.
//
// Each server has its own directory, loopback address (Place) and log, and stops
// when its test ends (Program). Each probe has its own source address, which
// identifies its lines in a server's log. A test usually starts a server, lists
// relays with the expected results, and calls ProbeOnce:
//
//	p := StartPostfix(t, PostfixOptions{})
//	ProbeOnce(t, "helo = \"probe.test\"", []Relay{
//		{Name: "connect", URL: "smtp://" + p.At(postfixSMTP), Settings: `probe = "connect"`, Want: "none/none:220:done"},
//	})
//
// The packages below it test against further servers: monitoring against databases,
// policy against DNS servers, zoo against other mail servers. Package differential
// compares with Python's SMTP libraries.
package e2e
