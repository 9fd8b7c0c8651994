package smtperr

import "syscall"

// byErrno holds this system's numbers; on Windows syscall has invented ones
// for most of these names, and sockets report those of windowsErrnos.
var byErrno = map[syscall.Errno]meaning{
	syscall.ECONNREFUSED:  {ConnectError, ReasonRefused},
	syscall.EHOSTUNREACH:  {ConnectError, ReasonHostUnreachable},
	syscall.EHOSTDOWN:     {ConnectError, ReasonHostUnreachable},
	syscall.ENETUNREACH:   {ConnectError, ReasonNetworkUnreachable},
	syscall.ENETDOWN:      {ConnectError, ReasonNetworkUnreachable},
	syscall.ENOENT:        {ConnectError, ReasonNotFound}, // a unix socket
	syscall.ETIMEDOUT:     {ConnectTimeout, ""},
	syscall.EAGAIN:        {ConnectTimeout, ""}, // a unix socket whose queue stays full
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
var windowsErrnos = map[syscall.Errno]meaning{
	1225:  {ConnectError, ReasonRefused},            // ERROR_CONNECTION_REFUSED
	1231:  {ConnectError, ReasonNetworkUnreachable}, // ERROR_NETWORK_UNREACHABLE
	1232:  {ConnectError, ReasonHostUnreachable},    // ERROR_HOST_UNREACHABLE
	1234:  {ConnectError, ReasonRefused},            // ERROR_PORT_UNREACHABLE
	1236:  {Disconnected, ReasonReset},              // ERROR_CONNECTION_ABORTED
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
	10101: {Disconnected, ReasonClosed},             // WSAEDISCON
	11001: {DNSNotFound, ReasonNotFound},            // WSAHOST_NOT_FOUND
	11002: {DNSError, ReasonServerFailure},          // WSATRY_AGAIN
	11003: {DNSError, ReasonServerFailure},          // WSANO_RECOVERY
	11004: {DNSNotFound, ReasonNotFound},            // WSANO_DATA
}

// errnoMeaning is the number's row, empty if it has none.
func errnoMeaning(n syscall.Errno) meaning {
	if n == 0 {
		return meaning{}
	}
	if m, ok := byErrno[n]; ok {
		return m
	}
	return windowsErrnos[n]
}
