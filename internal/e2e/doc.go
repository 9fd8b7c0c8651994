// Package e2e holds the product against real servers: Postfix, Dovecot, Exim
// and HAProxy from Debian's packages, the stock Telegraf, and Python's SMTP
// libraries. It is all behind the build tag e2e; "make e2e" installs what it
// needs (install.sh), builds the binaries and runs the tests, as root, since
// mail servers change users.
//
// Every server runs with a directory, an address and a log of its own, and
// ends with its test. Addresses are loopback ones that nothing else uses, so
// that ports can be fixed; every probe comes from a loopback address of its
// own, so that a server's log tells which lines are its.
package e2e
