package smtperr

// accountFamilies are about the account that logs in.
var accountFamilies = []family{
	{
		reason: ReasonAppPasswordRequired, phases: authOnly,
		words: `
			app|application|application_specific|app_specific|device|client password|passcode|specific_password
			authorization|authorisation|auth|authenticate code
			password .. application|app|external
		`,
		unless: `
			authorization code expired
		`,
	},

	{
		reason: ReasonAccountDisabled, phases: authOnly, codes: permanentReply,
		words: `
			account|user|mailbox is|has|was been? disabled|deactivated|inactive|terminated|closed|expired
			account|user|mailbox disabled|deactivated|inactive|terminated|closed|expired
			disabled|inactive|deactivated account|user
			account .. not_active|not_enabled|not_activated
		`,
	},

	{
		reason: ReasonAuthDisabled, phases: authOnly,
		words: `
			$auth_service .. disabled|not_enabled|turned_off|switched_off|not_activated|not_active|deactivated|isnt_enabled
			basic_authentication|basic_auth .. not_supported|not_allowed|deprecated|retired|blocked|no_longer
			smtp|authentication|auth .. not_offered|not_available|not_advertised
			disabled|not_enabled .. authentication|smtp_auth|smtp_access
			enable|activate|open .. smtp|smtp_auth|smtp_access|smtp_service|pop3
			smtp|imap .. access .. denied|not_allowed|not_permitted|blocked
			not_have|no access|rights|permission .. service|smtp|protocol
			user has_no permission
			security_defaults|conditional_access
			when_not advertised
		`,
		unless: `
			plaintext|cleartext|clear_text|plain_text|encrypted|tls|ssl|starttls|encryption
			temporary|temporarily
		`,
	},

	{
		reason: ReasonAuthMechanismUnsupported, phases: authOnly, codes: permanentReply,
		words: `
			unrecognized|unrecognised|unsupported|unknown authentication|auth? type|mechanism|method
			authentication|auth|sasl type|mechanism|method .. not_supported|unsupported|not_recognized|unrecognized|unknown|not_available
		`,
	},

	{
		reason: ReasonAccountLocked, phases: authOnly, codes: permanentReply,
		words: `
			too_many|excessive .. bad|failed|failures|invalid|unsuccessful|incorrect|wrong|attempts
			locked|lockout|locked_out
			blocked .. attempts|failed
		`,
	},

	{
		reason: ReasonAccountLocked, phases: authOnly,
		words: `
			account|user|mailbox|login .. locked|lockout
			locked_out|lockout
		`,
	},

	{
		reason: ReasonAccountRestricted, phases: authAndMail,
		words: `
			account|user|plan|subscription|sending|sender|tenant|customer .. suspended|suspension|restricted|paused|frozen|under_review|deactivated|hold|on_hold
			suspended|restricted|frozen|deactivated|trial|free|unpaid account|user|plan|tenant|sender
			blocked account
			trial|sandbox|unpaid
			test_purposes
			bad_outbound sender
			outbound spam
			sending paused|disabled|blocked
			account|user .. blocked|disabled|not_active|not_activated|not_yet|banned|not_verified|terminated|compromised
			unusual|suspicious sending activity
			free|trial account|plan .. not|only|cannot
			subscription|plan|payment|billing .. expired|overdue|required|inactive
			user .. blocked .. sending
		`,
		unless: `
			recipient .. disabled|suspended|blocked
			recipient account
			local? mailbox
			authentication|smtp_auth|basic_authentication disabled
			spf|dkim|dmarc
		`,
	},

	{
		reason: ReasonAccountRestricted, phases: rcptOnly,
		words: `
			your|sender|sending|outbound account|user|mailbox|plan|subscription .. suspended|restricted|disabled|blocked|trial|free|locked
			sender|sending|you .. suspended|paused
			bad_outbound sender
			test_purposes
			trial|sandbox|free account|plan|domain|subdomains
		`,
	},
}
