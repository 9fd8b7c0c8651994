package policy

// Result is the verdict on one host: Successful, or one of the result types of
// RFC 8460 §4.3.
type Result string

// The results.
const (
	Successful              Result = "successful"
	StartTLSNotSupported    Result = "starttls-not-supported"
	CertificateHostMismatch Result = "certificate-host-mismatch"
	CertificateExpired      Result = "certificate-expired"
	CertificateNotTrusted   Result = "certificate-not-trusted"
	ValidationFailure       Result = "validation-failure"
	TLSAInvalid             Result = "tlsa-invalid"
	DNSSECInvalid           Result = "dnssec-invalid"
	STSPolicyFetchError     Result = "sts-policy-fetch-error"
	STSPolicyInvalid        Result = "sts-policy-invalid"
	STSWebPKIInvalid        Result = "sts-webpki-invalid"
)

// description describes a result for users.
type description struct {
	result          Result
	meaning, advice string
}

var descriptions = []description{
	{Successful, "every strict sender delivers to this host", ""},
	{StartTLSNotSupported, "a policy demands TLS, and the host does not offer STARTTLS or refuses it",
		"Offer STARTTLS to every client, or withdraw the TLSA records and the MTA-STS policy."},
	{CertificateHostMismatch, "the certificate does not have the name of the host",
		"Issue the certificate for the name of the MX host."},
	{CertificateExpired, "a certificate of the chain has expired",
		"Renew the certificate. Keep its key where TLSA records are 3 1 1 or 3 1 2; otherwise publish the new records first."},
	{CertificateNotTrusted, "the certificate does not lead to a certificate authority that senders trust",
		"Send the complete chain. MTA-STS needs a public certificate authority; DANE-TA(2) needs the trust anchor itself in the chain."},
	{ValidationFailure, "the MX host is not in the MTA-STS policy, or the TLS handshake fails",
		"Add the host to the mx lines of the MTA-STS policy and change the id of the _mta-sts record. If the handshake fails, check the host's TLS settings."},
	{TLSAInvalid, "no TLSA record matches the certificates that the host sends",
		"Publish the TLSA record of the present certificate, wait for twice its TTL, and only then remove the old one. " +
			"Renew with the same key, or publish the next record ahead of each renewal."},
	{DNSSECInvalid, "a lookup fails, or its DNSSEC signatures are not valid: senders keep the mail queued",
		"Check the DNSSEC signatures of the zone and the DS record at its parent, then the resolver."},
	{STSPolicyFetchError, "the MTA-STS policy cannot be fetched",
		"Serve https://mta-sts.DOMAIN/.well-known/mta-sts.txt with status 200 as text/plain, without a redirect. " +
			"Until then, only senders that know the policy apply it."},
	{STSPolicyInvalid, "the MTA-STS record or the policy is not valid",
		"Publish exactly one TXT record v=STSv1 with an id at _mta-sts.DOMAIN, and a policy with version, mode, max_age and mx."},
	{STSWebPKIInvalid, "the certificate of the host that serves the MTA-STS policy is not valid",
		"Renew the certificate of mta-sts.DOMAIN, from a public certificate authority and with that name."},
}

// State describes a state of DANE or of MTA-STS for the documentation.
type State struct {
	Name    string // value of the field dane or sts
	Meaning string
	Deliver string // what a sender that honors the policy does
}

// States lists the states of DANE and then those of MTA-STS. It leaves out "none",
// which both have.
func States() []State {
	return []State{
		{string(DANEUnvalidated), "TLSA records that no trusted resolver has validated, or MX or address records that are not signed", "is not bound by them"},
		{string(DANEOK), "a TLSA record authenticates the host", "delivers"},
		{string(DANEMismatch), "no usable TLSA record authenticates the host, or there is no TLS", "does not deliver"},
		{string(DANEUnusable), "no TLSA record can be used", "delivers over TLS, without authentication"},
		{string(DANEBogus), "DNSSEC validation fails", "does not deliver"},
		{string(DANEError), "a lookup fails", "does not deliver"},
		{string(STSTesting), "the MTA-STS policy asks for reports only", "delivers, and reports failures"},
		{string(STSEnforce), "the MTA-STS policy demands verified TLS with a listed host", "delivers over verified TLS to listed hosts only"},
		{string(STSFetchError), "the MTA-STS policy cannot be fetched, and no earlier one is in effect", "delivers, until it knows a policy"},
		{string(STSInvalid), "the MTA-STS record or policy is not valid, and no earlier one is in effect", "delivers, until it knows a policy"},
	}
}

// Results lists all results, Successful first.
func Results() []Result {
	all := make([]Result, len(descriptions))
	for i, d := range descriptions {
		all[i] = d.result
	}
	return all
}

// Meaning returns what the result means, in one line without a full stop.
func (r Result) Meaning() string { return r.describe().meaning }

// Advice returns what to change, in full sentences. It is empty for Successful.
func (r Result) Advice() string { return r.describe().advice }

func (r Result) describe() description {
	for _, d := range descriptions {
		if d.result == r {
			return d
		}
	}
	return description{}
}
