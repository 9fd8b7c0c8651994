package smtperr

// systemFamilies are about the state of mailbox and relay. The last one is the
// weakest: the sender was refused, and no other family matches.
var systemFamilies = []family{
	{
		reason: ReasonMailboxFull, phases: rcptToDot,
		words: `
			mailbox|inbox|account|user|recipient|maildir|folder .. $full
			over_quota|overquota|overquotatemp|quota_violation
			quota exceeded|full|reached
			exceeded .. mailbox|quota
			full mailbox
			boite .. pleine
			not_enough|insufficient|no .. space|storage .. mailbox|account|user
		`,
		unless: `
			system|disk|queue|organization|tenant
			message_quota|submission_quota|sending_quota
		`,
	},

	{
		reason: ReasonMailboxFull, phases: rcptOnly, // RFC 5321 uses the text for large messages, too
		words: `
			exceeded .. storage
		`,
		unless: `
			system|disk
		`,
	},

	{
		reason: ReasonSystemFull, phases: mailToDot, codes: temporaryReply,
		words: `
			disk space|full|quota|storage
			insufficient|not_enough|no|low_on|out_of|lack_of|no_more|running_out .. storage|disk|space|disk_space|diskspace|system_storage
			space shortage|left|available
			system storage
			storage .. full|exhausted|exceeded
			no_space left
			queue|spool|file_system|filesystem|system is? full
		`,
		unless: `
			mailbox|inbox|recipients_inbox|user_quota
		`,
	},

	{
		reason: ReasonSystemFull, phases: mailToDot, codes: codeRange{452, 452},
		words: `
			insufficient .. resources|storage
			out_of resources|memory
		`,
		unless: `
			mailbox|inbox
		`,
	},

	{
		reason: ReasonCongested, codes: temporaryReply,
		words: `
			busy
			insufficient|lack_of|low_on|no|not_enough|out_of .. resources|memory
			$loaded
			resource .. unavailable|exhausted|low
			load .. too_high|high
			system|server load
			try .. less_busy
			congested|congestion
		`,
		unless: `
			mailbox|user|recipient is? busy
		`,
	},

	{
		reason: ReasonIntercepted, phases: greetingOnly,
		words: `
			$unable|error|failure connect|connection|reach|contact .. server|host|destination|remote|relay|backend|smtp|upstream|@ip
			connect|connection error|failed|failure|timed_out
			proxy|antivirus|firewall|backend|upstream|gateway|mail_shield|scanner .. failed|unavailable|error|cannot|could_not|unable|timeout|connect
		`,
	},

	{
		reason: ReasonMailboxUnavailableTemp, phases: rcptOnly, codes: temporaryReply,
		words: `
			recipient .. unverified|undeliverable|not_verified address?
			address|recipient .. verification .. progress|pending|failed|in_progress
			verification in_progress
			receiving .. too_quickly|too_fast|too_much|too_many|rate_that|at_a_rate
			user_you are_trying
			mailbox|recipient|user .. busy|locked|temporarily|unavailable
		`,
	},

	{
		reason: ReasonSenderNotAllowed, phases: mailToDot,
		words: `
			sender|sender_address|from_address ~ rejected|refused|denied|blocked|blacklisted|unacceptable|disallowed
			mail_from|from .. rejected|refused
			mail .. from .. not_allowed|rejected|refused
		`,
		unless: `
			recipient_address
			spf|dkim|dmarc
			helo|ehlo
			sender|sending ip|host|server|network
		`,
	},
}
