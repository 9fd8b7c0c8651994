//go:build !unix

package smtpprobe

import "net"

// arrivals cannot be seen here; what comes early is found in the reader's buffer only.
type arrivals struct{}

func (*arrivals) of(net.Conn) {}

func (*arrivals) pending() bool { return false }
