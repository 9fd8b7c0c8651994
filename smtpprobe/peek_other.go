//go:build !unix

package smtpprobe

import "net"

// pending cannot be asked here; what arrives early is found in the reader's buffer only.
func pending(net.Conn) bool { return false }
