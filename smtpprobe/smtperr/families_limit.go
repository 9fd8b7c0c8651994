package smtperr

// limitFamilies are about limits: the TLS version, quotas, and rates.
var limitFamilies = []family{
	{
		reason: ReasonTLSVersionRejected,
		words: `
			$versions .. $outdated
			upgrade|use .. $versions
			unsupported|old|outdated|deprecated|obsolete|insecure $versions
		`,
	},

	{
		reason: ReasonQuotaExceeded, phases: authToDot,
		words: `
			$period .. limit|quota|allowance|allotment|maximum
			limit|quota|maximum .. $period
			exceeded|reached|over|hit .. limit|quota|maximum|max|number .. $period
			too_many|number .. sent|received|send .. $period
			sent|send|received .. too_many .. $period
			too_many .. this_hour|per_hour|per_day|today|this_day
			messages|mails|emails|recipients .. per_hour|per_day
			credit|plan .. exceeded|exhausted|used_up|insufficient
			not_enough|insufficient|no credit
			maximum credits
			submission|message|sending|email|outbound|recipients|delivery quota
			submission|messaging|sending|outbound|sender limit .. exceeded|reached
			exceeded|reached|over .. sending|messaging|submission|outbound|email|mail|user_sending limit|quota
			reached|exceeded .. limit for sending|messages
			quota|limit .. sending|outgoing|outbound
			count|rate quota exceeded
			quota exceeded number
		`,
		unless: `
			mailbox|inbox|storage|disk|user_is over|quota|full|received|out|limit|size|allocation
			recipient has? exceeded
			recipient .. full
			receiving mail
			message_size|size_limit|size
			connection|session|login rate|limit|quota
			login|auth|authentication attempts
			per_connection|per_session
		`,
	},

	{
		reason: ReasonQuotaExceeded, phases: authToDot,
		words: `
			daily|hourly|monthly .. message|sending|recipient|email|mail|relay|submission quota|limit|rate
			too_many recipients received|sent this_hour|today
			submission quota
			tenant .. exceeded threshold
		`,
		unless: `
			mailbox|inbox|storage quota
		`,
	},

	{
		reason: ReasonRateLimited,
		words: `
			$many .. $countable
			too_many recipients from
			too_many .. from your|this|@ip
			too_many new
			too_many times
			too_many transactions|deliveries
			too_much mail|email|traffic|spam_from|data_from
			rate limit|overlimit|exceeded|control|controlled|restricted
			ratelimit|overlimit|throttle
			thread limit
			sending|message|submission|connection|delivery|smtp rate
			unusual|excessive|high|abnormal|unexpected rate|volume|traffic|activity
			unexpected_volume
			too_quickly|too_fast|too_frequently|too_frequent|too_often
			slow_down
			slower
			frequency|frequently .. limit|exceeded
			connection|session|client|login|sender|concurrency|velocity limit|quota|count .. exceeded|reached|hit|met
			exceeded|reached|over|hit .. connection|session|concurrency|concurrent|rate|login|messages limit|connections|sessions
			exceeded .. rate
			limit .. connections|sessions
			trop_de connexions
			reached .. maximum .. connections|sessions
			maximum_connections|max_connections
			flood|smtp_flood
		`,
		unless: `
			mailbox|inbox|user|recipient receiving|is_receiving .. mail|email|messages|much|many|quickly
			contact is receiving
			message|mail|email|file|maximum size
			mail_data
			user has? too_many
			too_many hops|received
			mail_loop|routing_loop
			too_many recipients in|per session|message|transaction|mail
			recipient has? exceeded
			account unusual
			unusual sending activity
			login|auth|authentication|password failures
			failed|bad|invalid|unsuccessful|incorrect|wrong .. attempts|logins|authentications|passwords|auth
		`,
	},

	{
		reason: ReasonRateLimited, phases: authOnly, codes: temporaryReply,
		words: `
			too_many|too_much .. password|tries|retries|login|attempts|authentications|auth|failed|failures|errors
		`,
	},

	{
		reason: ReasonRateLimited, phases: allButAuth,
		words: `
			too_many .. login|attempts|authentication|auth|failures
		`,
	},
}
