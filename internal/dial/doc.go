// Package dial connects to a host: it resolves names (Lookup) and connects to one
// of the addresses (Attempts), directly (Direct, Unix) or through a proxy (Proxy).
// The parts work independently of each other. Every error is a *smtperr.Error with
// the class and phase of the part that failed.
package dial
