package smtperr

import "syscall"

// errnoRow is what a socket error means.
type errnoRow struct {
	class  Class
	reason Reason
}

// byErrno holds this system's numbers; on Windows syscall has invented ones
// for most of these names, and sockets report those of windowsErrnos.
var byErrno = map[syscall.Errno]errnoRow{
	syscall.ECONNREFUSED:  {ConnectError, ReasonRefused},
	syscall.EHOSTUNREACH:  {ConnectError, ReasonHostUnreachable},
	syscall.EHOSTDOWN:     {ConnectError, ReasonHostUnreachable},
	syscall.ENETUNREACH:   {ConnectError, ReasonNetworkUnreachable},
	syscall.ENETDOWN:      {ConnectError, ReasonNetworkUnreachable},
	syscall.ENOENT:        {ConnectError, ReasonNotFound}, // a unix socket
	syscall.ETIMEDOUT:     {ConnectTimeout, ""},
	syscall.ECONNRESET:    {Disconnected, ReasonReset},
	syscall.EPIPE:         {Disconnected, ReasonClosed},
	syscall.ECONNABORTED:  {Disconnected, ReasonReset},
	syscall.ENETRESET:     {Disconnected, ReasonReset},
	syscall.ENOTCONN:      {Disconnected, ReasonClosed},
	syscall.ESHUTDOWN:     {Disconnected, ReasonClosed},
	syscall.EMFILE:        {LocalError, ReasonTooManyOpenFiles},
	syscall.ENFILE:        {LocalError, ReasonTooManyOpenFiles},
	syscall.ENOBUFS:       {LocalError, ""},
	syscall.ENOMEM:        {LocalError, ""},
	syscall.EADDRNOTAVAIL: {LocalError, ReasonNoSourceAddress},
	syscall.EADDRINUSE:    {LocalError, ReasonNoSourceAddress},
	syscall.EACCES:        {LocalError, ReasonPermission},
	syscall.EPERM:         {LocalError, ReasonPermission},
	syscall.EAFNOSUPPORT:  {LocalError, ReasonNoSourceAddress},
}

// windowsErrnos are Winsock's numbers, known on every system so that an error
// that travelled classifies alike.
var windowsErrnos = map[syscall.Errno]errnoRow{
	10004: {Canceled, ""},                           // WSAEINTR
	10013: {LocalError, ReasonPermission},           // WSAEACCES
	10024: {LocalError, ReasonTooManyOpenFiles},     // WSAEMFILE
	10047: {LocalError, ReasonNoSourceAddress},      // WSAEAFNOSUPPORT
	10048: {LocalError, ReasonNoSourceAddress},      // WSAEADDRINUSE
	10049: {LocalError, ReasonNoSourceAddress},      // WSAEADDRNOTAVAIL
	10050: {ConnectError, ReasonNetworkUnreachable}, // WSAENETDOWN
	10051: {ConnectError, ReasonNetworkUnreachable}, // WSAENETUNREACH
	10052: {Disconnected, ReasonReset},              // WSAENETRESET
	10053: {Disconnected, ReasonReset},              // WSAECONNABORTED
	10054: {Disconnected, ReasonReset},              // WSAECONNRESET
	10055: {LocalError, ""},                         // WSAENOBUFS
	10057: {Disconnected, ReasonClosed},             // WSAENOTCONN
	10058: {Disconnected, ReasonClosed},             // WSAESHUTDOWN
	10060: {ConnectTimeout, ""},                     // WSAETIMEDOUT
	10061: {ConnectError, ReasonRefused},            // WSAECONNREFUSED
	10064: {ConnectError, ReasonHostUnreachable},    // WSAEHOSTDOWN
	10065: {ConnectError, ReasonHostUnreachable},    // WSAEHOSTUNREACH
}

func errnoMeaning(n syscall.Errno) (errnoRow, bool) {
	row, ok := byErrno[n]
	if !ok {
		row, ok = windowsErrnos[n]
	}
	return row, ok
}
