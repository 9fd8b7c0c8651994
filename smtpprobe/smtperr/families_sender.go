package smtperr

// senderFamilies are about who sends: the host, the domain, and the address.
var senderFamilies = []family{
	{
		reason: ReasonRDNS, phases: greetingToDot,
		words: `
			$unable find|resolve|determine|verify|lookup .. your|client|host? reverse|hostname|host_name|ptr|name|rdns
			reverse|inverse dns|hostname|host_name|lookup|name|mapping|resolution|record|entry|ip|address|pointer
			rdns|ptr|fcrdns|revdns
			ip|name|hostname|host lookup fail
			forward_confirmed|possibly_forged
			ip|ip_address|your_address|@ip .. not_resolve|unresolvable|not_have .. name|hostname|host|dns
			no .. hostname|name .. for? .. ip|@ip
			dns .. does_not match|resolve .. ip
			hostname .. not|doesnt match .. ip|address|@ip
		`,
		unless: `
			helo|ehlo
			sender_domain|sender_address
		`,
	},

	{
		reason: ReasonRDNS, phases: greetingToDot,
		words: `
			reverse dns|hostname|lookup
			rdns|ptr
		`,
	},

	{
		reason: ReasonSenderDomainInvalid, phases: mailAndRcpt,
		words: `
			sender|from|mailfrom|mail_from|return_path|envelope .. domain .. $domain_missing
			domain_of sender .. not_exist|not_resolve|not_found|unresolvable
			domain .. of? sender .. not|does_not|cannot exist|resolve|found
			sender .. need|requires fully_qualified
			unroutable|unrouteable|unresolvable|nonexistent|unresolved|bogus|fake sender|from|sender_domain|sending_domain|mail_from
			invalid sender_domain|sending_domain|sender_address_domain
			sender .. no .. mx|mx_records|dns_records
			sender .. no|not mx|dns|mx_record|a_record|valid_mx|resolvable|resolve
			sender domain is? empty|required|needed|lookup|resolve|dns|mx|error
			sender .. malformed dns
			no|invalid|missing|cannot|not_find .. mx|dns_mx|mx_record|a_record .. sender|domain|resource
			valid sender_domain
			sending_domain .. not_exist|not_resolve|not_found|invalid
			domain .. not_exist|not_resolve .. sender
		`,
		unless: `
			recipient_address
			sender|sending|from domain .. $domain_refused
			spf|dkim|dmarc
			reverse dns
			domain_as
			unconfigured
			unverified|verified
		`,
	},

	{
		reason: ReasonSenderDomainInvalid, phases: dataToDot, codes: permanentReply,
		words: `
			from .. domain .. invalid|not_exist|not_found|not_valid|not_resolve
			domain_of sender .. not_exist|not_resolve
			sender .. domain .. not_found|not_exist|not_resolve
		`,
		unless: `
			spf|dkim|dmarc
		`,
	},

	{
		reason: ReasonSenderNullMX, phases: mailToDot, codes: permanentReply,
		words: `
			sender|sender_address|sender_domain|from_address|from|return_path has|have|publishes|with? null_mx
		`,
	},

	{
		reason: ReasonSenderUnverifiable, phases: mailToDot,
		words: `
			sender .. verify|verification|callout|callback|callforward failed|failure|error|defer
			sender .. $unverifiable address|sender?
			cannot|could_not|couldnt|unable_to|failed_to|cant verify|validate|authenticate .. sender|from|return_path
			sender .. could_not|cannot|cant be? verified|validated
			verification|verify of sender
			sender|verify|verification callout|callback|callforward
			sender .. user_unknown|unknown_user|no_such_user|not_exist|mailbox_unavailable|unknown_in|unknown
			envelope_sender|return_path .. not_exist|invalid|unknown|not_deliverable
		`,
		unless: `
			recipient_address
			domain .. verified|unverified|not_verified|unconfigured
			spf|dkim|dmarc
			identity
		`,
	},

	{
		reason: ReasonAuthRequired, phases: mailToDot,
		words: `
			authentification requise|exigee|obligatoire
			not_logged|not_logged_in|not_login|not_signed
			$auth|login|logon|credentials|authenticated|sasl|authrequired|smtp_authentication is|are? also? required|needed|necessary|mandatory|expected|first
			require|need|expects valid|proper|smtp|an? authentication|auth|login|authenticated|smtp_auth|authorization
			requires|need|must|have|has to? be? authenticate
			not|not_been|isnt|arent|wasnt|werent|un authenticated
			client|user|you|session|connection was|is|are|not unauthenticated|anonymous
			must|please|should|have_to|need_to first? authenticate|log_in|login|logon|log_on|be_authenticated|be_logged
			must|please|should|have_to|need_to use|issue|enable|turn_on|provide|do|try .. auth|authentication|smtp_auth|login|credentials|authenticated
			authenticate|login|log_in|auth|authentication first|before
			issue .. auth
			must_be authenticated|logged
			turn_on|enable|activate|use .. smtp_authentication|smtp_auth|authentication
			auth_required|authrequired|not_authenticated
			without authentication|authenticating|auth
			only|for authenticated users|clients|senders
			pop_before smtp|sending
			check .. mail_before|mail_first
		`,
		unless: `
			spf|dkim|dmarc|domainkeys|arc
			authentication failed|results|level|checks|information
			tls_authentication
			unauthenticated sender|email|mail|message
		`,
	},

	{
		reason: ReasonSenderNotAllowed, phases: mailToDot,
		words: `
			your email_address|mail_address|e_mail_address is|was|has? been? $blocked
			not_owned|not_owner|does_not_own|not_own
			send_as|on_behalf|sendas|send_on .. $forbid|permission|rights
			permission|allowed|authorized|authorised|permitted|right|privilege to .. send_as|send_on|send_from|use_this|use_the|use
			send_as_denied
			not_a sender_signature|sender_identity
			$identity .. $unverified
			unverified|unconfigured|unauthorized|unregistered|unauthorised sender|from|sending_domain|email|sending|identity|domain|address
			verified|authorized|authenticated|registered|confirmed|valid sender|identity|sender_identity|from_address|from
			not|cannot|cant|unauthorized|not_be .. allowed|permitted|authorized|able? to .. use|send_as|send_with|$send_from
			sending_address not_accepted
			$from is|was|are? not|isnt|no_longer allowed|permitted|authorized|authorised|match|accepted|acceptable|valid|ok
			$from .. must|should|does_not|doesnt|not .. same|equal|match|belong|correspond
			sender|sender_address|from_address .. blacklist|black_list|spammer|block_list|blocklist|list
			not_allowed|not_permitted|not_authorized|unauthorized to? send|submit mail|email|messages
			not_allowed|not_permitted to_send
			$from is|has|was? been? $blocked|listed|denied|unacceptable|blocklisted|on_the_blocklist
			send|sending from .. $forbid
			denied|disallowed|blocked|refuse|unauthorized|forbidden|rejecting|illegal the|your|this? sender|from_address|sender_address|mail_from
			sender_address|sender|from_address .. mismatch|not_match|spoof|forged|impersonation
			domain .. not_allowed to send
			allow|permit|authorize .. as_a_sender|as_sender|as_the_sender
			user .. not_allowed|not_authorized .. send|use|from
			account|user|login .. not_allowed|not_permitted|not_authorized|cannot .. send_from|send_as|sender|address
			not_allowed|not_permitted|not_authorized|cannot|can_not|may_not to? send .. from|as|with
			blocked_senders|badmailfrom|senderfilterconfig|sender_filter
			mail_from .. authorized|authorization|authenticated|auth user
		`,
		unless: `
			spam or
			contains spam|virus
			recipient_address|recipient .. unverified|unverified_address|not_registered|not_found
			spf|dkim|dmarc|domainkeys
			access_list
			unauthenticated
			recipient .. not_verified|verified|not_allowed
			sender|sending|from ip|host|server|network
			helo|ehlo
			relay
		`,
	},

	{
		reason: ReasonAuthChecksFailed, phases: mailToDot, codes: permanentReply,
		words: `
			$spf ~ $spf_result
			unauthenticated sender|email|mail|message|domain
			sender|email|mail|message|domain is? not|un? unauthenticated|authenticated
			authentication level|checks|results|information
			authentication .. check failed
			sender_policy|domain_policy|author_domain|from_domain .. reject|fail|violation
			spoofed|forged .. sender|message|mail|email|from|header
			anti_spoofing|antispoofing|spoofed
			permitted_sender|designated_sender|designated_mailer
			not_allow|doesnt_allow|not_permit sending .. mail|from
			envelope .. dmarc|spf
			arc .. fail
		`,
		unless: `
			spf_record_lookup
			duplicate header
		`,
	},
}
