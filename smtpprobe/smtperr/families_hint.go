package smtperr

// hintFamilies are weak evidence: they count after specific enhanced codes and
// reply codes with one meaning, see replyReason.
var hintFamilies = []family{
	{
		reason: ReasonSenderSyntax, phases: mailOnly, codes: permanentReply,
		words: `
			sender|sender_address|from_address syntax
		`,
	},

	{
		reason: ReasonSenderNotAllowed, phases: mailToDot,
		words: `
			sender|sender_address|from_address is? invalid|illegal|not_valid|malformed|incorrect|bad
			invalid|illegal|bad sender|mail_from|from_address
			mail_from|from .. invalid
		`,
		unless: `
			header
			recipient_address
			spf|dkim|dmarc
			helo|ehlo
			sender|sending ip|host|server|network
		`,
	},

	{
		reason: ReasonRecipientSyntax, phases: rcptOnly, codes: permanentReply,
		words: `
			recipient|recipient_address|rcpt syntax
			recipient_address .. need fully_qualified
		`,
	},

	{
		reason: ReasonMailboxUnavailable, phases: rcptToDot, codes: permanentReply,
		words: `
			user|mailbox|recipient|address|account|alias|addressee|email_address|customer $gone
			user|mailbox|recipient|address|account|alias|addressee|recipient_address .. $gone
			unknown|invalid|nonexistent|non_existent|inactive|unrouteable user|recipient|mailbox|account|local_part|address|alias|addressee
			user|mailbox|recipient|account is|was|has_been disabled|inactive|deactivated|unavailable|closed|suspended
			no such|mailbox user|recipient|mailbox|person|address|account|here|by_that_name|customer
			no mailbox
			not our|a valid? user|customer|recipient|mailbox
			user|account doesnt|does_not have|exist
			not_a_valid mailbox|recipient|address
			not_in recipient_list
		`,
		unless: `
			sender|from_address
			relay
			domain
		`,
	},

	{
		reason: ReasonTooManyRecipients, phases: rcptToDot,
		words: `
			too_many recipients|rcpt
			recipient limit|count .. exceeded|reached
			maximum|exceeded .. recipients
			multiple_destination domains
		`,
		unless: `
			$period
		`,
	},

	{
		reason: ReasonMessageTooLarge, phases: mailAndData,
		words: `
			message|mail|email|attachment|body|size|content|data .. too_large|too_big|too_long|too_huge
			message|size|mail|email|attachment|maximum .. size|length|limit .. exceeded|limit|maximum
			size|message .. exceeds|larger|bigger|over .. maximum|limit|size|allowed|fixed
			exceeds .. size|message_size|maximum_size
			too_much mail_data
			size_limit
		`,
		unless: `
			mailbox|quota
			line
			header|mime
		`,
	},

	{
		reason: ReasonTLSUnavailable, phases: starttlsOnly,
		words: `
			tls|starttls|ssl|encryption|security_layer .. $tls_missing
		`,
	},

	{
		reason: ReasonAuthCredentialsInvalid, phases: authOnly, codes: permanentReply,
		words: `
			$login .. $wrong
			incorrect|invalid|wrong|bad|unknown .. credential|password|username|user|login|authentication_data|authentication|userid
			authentication|login|logon|auth|authorization|sasl .. failed|failure|unsuccessful|rejected|denied|invalid|incorrect
		`,
		unless: `
			mechanism
			temporary|temporarily
		`,
	},

	{
		reason: ReasonTLSRequired, phases: authOnly,
		words: `
			tls|ssl|starttls|encryption|encrypted|secure_connection
		`,
		unless: `
			temporary|temporarily
			certificate
		`,
	},

	{
		reason: ReasonHostNoMail, phases: greetingOnly, codes: permanentReply,
		words: `
			not|never|doesnt accept|receive .. mail|email|messages
			no_mail accepted|here|service_here
		`,
		unless: `
			from
		`,
	},

	{
		reason: ReasonNotAccepting, phases: greetingOnly,
		words: `
			not currently? accepting .. connections|mail|messages|network
		`,
		unless: `
			from
		`,
	},

	{
		reason: ReasonNotAccepting, phases: greetingToDot, codes: temporaryReply,
		words: `
			not currently? accepting .. connections|mail|messages|network
			maintenance|shutting_down|shutdown|going_down|out_of_service|restarting
			stopped accepting
			service temporarily suspended
		`,
		unless: `
			recipient|mailbox|user|address
		`,
	},

	{
		reason: ReasonAccessDenied, phases: greetingToDot,
		words: `
			client|client_host|host|connection|ip|client_address rejected|denied|refused|access_denied|unauthorized
			unauthorized interface|host|client|server
			access_denied .. ip|host|client|@ip
			not_allowed|not_permitted|not_authorized .. this_server|this_system|access
		`,
		unless: `
			recipient_address
			helo
		`,
	},

	{
		reason: ReasonAccessDenied, phases: greetingOnly, codes: permanentReply,
		words: `
			access|connection|session|service denied|refused|rejected|forbidden|restricted|not_allowed
			not_welcome
		`,
	},

	{
		reason: ReasonNotAuthorized, phases: mailOnly, codes: permanentReply,
		words: `
			access denied|forbidden|refused
			not_authorized|unauthorized|not_permitted
		`,
	},

	{
		reason: ReasonSystemError, phases: greetingToDot, codes: temporaryReply,
		words: `
			internal|local|temporary|temporarily|server|system|configuration|lookup $failure
			queue file
			server configuration problem
			milter|filter|scanner|antivirus|content_scanner .. error|unavailable|failed|timeout|failure
		`,
		unless: `
			authentication|auth|verify|recipient|mailbox|user|tls
		`,
	},

	{
		reason: ReasonAuthRequired, phases: mailAndRcpt, codes: permanentReply,
		words: `
			authentication|auth|authenticate|login
		`,
		unless: `
			spf|dkim|dmarc
			failed|failure|results|checks
			recipient_address
		`,
	},

	{
		reason: ReasonAuthChecksFailed, phases: mailToDot, codes: permanentReply,
		words: `
			dmarc|spf|dkim
		`,
		unless: `
			duplicate header
		`,
	},
}
