package smtperr

import "syscall"

// byErrno has the error numbers of this system. On Windows, package syscall invents
// most of them, and sockets return those of windowsErrnos.
var byErrno = map[syscall.Errno]meaning{
	syscall.ECONNREFUSED:  {ClassConnectError, ReasonRefused},
	syscall.EHOSTUNREACH:  {ClassConnectError, ReasonHostUnreachable},
	syscall.EHOSTDOWN:     {ClassConnectError, ReasonHostUnreachable},
	syscall.ENETUNREACH:   {ClassConnectError, ReasonNetworkUnreachable},
	syscall.ENETDOWN:      {ClassConnectError, ReasonNetworkUnreachable},
	syscall.ENOENT:        {ClassConnectError, ReasonNotFound}, // no unix socket
	syscall.ETIMEDOUT:     {ClassConnectTimeout, ""},
	syscall.EAGAIN:        {ClassConnectTimeout, ""}, // the backlog of a unix socket is full
	syscall.ECONNRESET:    {ClassDisconnected, ReasonReset},
	syscall.EPIPE:         {ClassDisconnected, ReasonClosed},
	syscall.ECONNABORTED:  {ClassDisconnected, ReasonReset},
	syscall.ENETRESET:     {ClassDisconnected, ReasonReset},
	syscall.ENOTCONN:      {ClassDisconnected, ReasonClosed},
	syscall.ESHUTDOWN:     {ClassDisconnected, ReasonClosed},
	syscall.EMFILE:        {ClassLocalError, ReasonTooManyOpenFiles},
	syscall.ENFILE:        {ClassLocalError, ReasonTooManyOpenFiles},
	syscall.ENOBUFS:       {ClassLocalError, ""},
	syscall.ENOMEM:        {ClassLocalError, ""},
	syscall.EADDRNOTAVAIL: {ClassLocalError, ReasonNoSourceAddress},
	syscall.EADDRINUSE:    {ClassLocalError, ReasonNoSourceAddress},
	syscall.EACCES:        {ClassLocalError, ReasonPermission},
	syscall.EPERM:         {ClassLocalError, ReasonPermission},
	syscall.EAFNOSUPPORT:  {ClassLocalError, ReasonNoSourceAddress},
}

// windowsErrnos has the error numbers of Winsock, on every system.
var windowsErrnos = map[syscall.Errno]meaning{
	1225:  {ClassConnectError, ReasonRefused},            // ERROR_CONNECTION_REFUSED
	1231:  {ClassConnectError, ReasonNetworkUnreachable}, // ERROR_NETWORK_UNREACHABLE
	1232:  {ClassConnectError, ReasonHostUnreachable},    // ERROR_HOST_UNREACHABLE
	1234:  {ClassConnectError, ReasonRefused},            // ERROR_PORT_UNREACHABLE
	1236:  {ClassDisconnected, ReasonReset},              // ERROR_CONNECTION_ABORTED
	10013: {ClassLocalError, ReasonPermission},           // WSAEACCES
	10024: {ClassLocalError, ReasonTooManyOpenFiles},     // WSAEMFILE
	10047: {ClassLocalError, ReasonNoSourceAddress},      // WSAEAFNOSUPPORT
	10048: {ClassLocalError, ReasonNoSourceAddress},      // WSAEADDRINUSE
	10049: {ClassLocalError, ReasonNoSourceAddress},      // WSAEADDRNOTAVAIL
	10050: {ClassConnectError, ReasonNetworkUnreachable}, // WSAENETDOWN
	10051: {ClassConnectError, ReasonNetworkUnreachable}, // WSAENETUNREACH
	10052: {ClassDisconnected, ReasonReset},              // WSAENETRESET
	10053: {ClassDisconnected, ReasonReset},              // WSAECONNABORTED
	10054: {ClassDisconnected, ReasonReset},              // WSAECONNRESET
	10055: {ClassLocalError, ""},                         // WSAENOBUFS
	10057: {ClassDisconnected, ReasonClosed},             // WSAENOTCONN
	10058: {ClassDisconnected, ReasonClosed},             // WSAESHUTDOWN
	10060: {ClassConnectTimeout, ""},                     // WSAETIMEDOUT
	10061: {ClassConnectError, ReasonRefused},            // WSAECONNREFUSED
	10064: {ClassConnectError, ReasonHostUnreachable},    // WSAEHOSTDOWN
	10065: {ClassConnectError, ReasonHostUnreachable},    // WSAEHOSTUNREACH
	10101: {ClassDisconnected, ReasonClosed},             // WSAEDISCON
	11001: {ClassDNSNotFound, ReasonNotFound},            // WSAHOST_NOT_FOUND
	11002: {ClassDNSError, ReasonServerFailure},          // WSATRY_AGAIN
	11003: {ClassDNSError, ReasonServerFailure},          // WSANO_RECOVERY
	11004: {ClassDNSNotFound, ReasonNotFound},            // WSANO_DATA
}

// meaningOf returns the meaning of n, or the zero value if it is unknown.
func meaningOf(n syscall.Errno) meaning {
	if n == 0 {
		return meaning{}
	}
	if m, ok := byErrno[n]; ok {
		return m
	}
	return windowsErrnos[n]
}
