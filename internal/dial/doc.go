// Package dial leads from a name to a connection: names to addresses (Lookup),
// addresses to a connection (Attempts), directly (Direct, Unix) or through a
// proxy (Proxy). Each part works alone, and each error is a *smtperr.Error that
// says which part failed and who is to blame.
package dial
