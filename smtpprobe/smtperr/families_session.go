package smtperr

// sessionFamilies are about the session: TLS and the HELO name.
var sessionFamilies = []family{
	{
		reason: ReasonTLSRequired, phases: allButSTARTTLS,
		words: `
			$secured is|session|are|connection|must? be? required|needed|necessary|mandatory|first|requirement|enforced|only
			must|require|need|please|mandatory|should|have_to .. $tls|secure_connection|tls_connection|secure
			starttls|tls|ssl .. must|first|before|required|mandatory
			issue|use|enable|send starttls|tls|ssl
			without|before|until|no tls|ssl|starttls|encryption|encrypted|tls_encryption
			not|isnt|un encrypted|secure
			$unsecured .. $unsecured_use
			authentication|auth|login|mechanisms .. $unsecured
			must_issue starttls
		`,
		unless: `
			certificate
			not_available|unavailable|temporary|temporarily
			tls_not_required
		`,
	},

	{
		reason: ReasonHeloRejected, phases: ehloToDot,
		words: `
			helo|ehlo|helohost|helo_command|helo_name|ehlo_name ~ $helo_refused
			bad|incorrect|improper helo|ehlo
			helo|ehlo domain|host|name|hostname|argument|parameter|greeting
			need|require fully_qualified|fqdn hostname|host_name|host
			fully_qualified hostname|host_name|host
			forged_helo
			impersonate domain
		`,
		unless: `
			sender_address
			helo_first|ehlo_first
			send|say|issue|expected|missing|no|without helo|ehlo
			helo|ehlo|hello first
			bad_sequence
		`,
	},

	{
		reason: ReasonHeloRejected, phases: ehloOnly,
		words: `
			name|hostname|host_name|domain|client .. not_accepted|not_allowed|not_permitted|refused|denied
			server|host|client|machine|computer|domain|host_name|hostname|server_name|argument .. $host_refused
			invalid|illegal|bad|malformed|unknown|forged .. name|hostname|domain|host|address|argument|server_name
			fqdn|fully_qualified
			pretend|impersonate
			localhost
		`,
	},
}
