package smtperr

import (
	"slices"
	"strings"
)

// phaseSet is a set of phases, as bits in their order.
type phaseSet uint32

var (
	allPhases     = ^phaseSet(0)
	greetingOnly  = phasesOf(PhaseGreeting)
	greetingToDot = phasesOf(PhaseGreeting, PhaseEHLO, PhaseHELO, PhaseSTARTTLS, PhaseAuth) | mailToDot
	ehloToDot     = phasesOf(PhaseEHLO, PhaseHELO, PhaseSTARTTLS, PhaseAuth) | mailToDot
	ehloOnly      = phasesOf(PhaseEHLO, PhaseHELO)
	starttlsOnly  = phasesOf(PhaseSTARTTLS)
	authOnly      = phasesOf(PhaseAuth)
	authToDot     = authOnly | mailToDot
	authAndMail   = authOnly | phasesOf(PhaseMail, PhaseData, PhaseBody, PhaseDot)
	mailAndRcpt   = phasesOf(PhaseMail, PhaseRcpt)
	mailToDot     = mailAndRcpt | dataToDot
	mailAndData   = phasesOf(PhaseMail) | dataToDot
	rcptOnly      = phasesOf(PhaseRcpt)
	rcptAndDot    = phasesOf(PhaseRcpt, PhaseBody, PhaseDot)
	dataToDot     = phasesOf(PhaseData, PhaseBody, PhaseDot)
)

// codeSet limits a family to some reply codes.
type codeSet func(code int) bool

func anyCode(int) bool      { return true }
func only4xx(code int) bool { return code/100 == 4 }
func only5xx(code int) bool { return code/100 == 5 }
func only452(code int) bool { return code == 452 }

// sets are words that many patterns share.
var sets = map[string]string{
	"no":       "not cannot cant isnt doesnt dont wont no never unable without arent",
	"denied":   "denied denial refused rejected prohibited disallowed forbidden blocked restricted",
	"allowed":  "allowed permitted authorized authorised accepted",
	"forbid":   "$denied not_allowed not_permitted not_authorized not_accepted isnt_allowed not_configured not_supported not_available cannot unauthorized disabled not_enabled not_have_permission no_permission not_be_permitted not_be_allowed can_not may_not must_not",
	"listing":  "blocklist blacklist block_list black_list deny_list denylist dnsbl rbl realtime_blacklist blackhole_list blackholes reputation_list spammer_list @list spamhaus spamcop sorbs barracuda barracudacentral uceprotect cloudmark senderscore senderbase mailspike abuseat proofpoint talos invaluement",
	"blocked":  "blocked blacklisted black_listed blocklisted block_listed banned dnsbl rbl",
	"our_side": "client ip ips mta network connection host your_server mail_server sending_server your_address ip_address server_address @ip",
	"period":   "daily hourly weekly monthly 24_hour 24h today per_hour per_day per_month this_hour this_day last_hour past_hour last_day last_24 each_day a_day",
	"auth":     "authentication auth authenticate smtp_auth authorization",
	"tls":      "tls ssl starttls encryption encrypted tlsv1 ssl3",
	"versions": "tls_@version ssl_@version tlsv tlsv1 tlsv11 tlsv10 tls1 sslv2 sslv3 ssl3 ssl2 tls_version tls_protocol ssl_version protocol_version tls_v1 cipher_suite",
	"spf":      "spf dkim dmarc senderid sender_id domainkeys arc sender_policy_framework",
}

// family is a kind of wording. It gives its reason where one of its patterns is
// in a reply and none of what unless has.
type family struct {
	reason Reason
	phases phaseSet
	codes  codeSet
	words  string // patterns, one a line
	unless string // patterns, one a line; anywhere in the reply
}

// families are in order of precedence: where several match, the first one wins.
var families = []family{
	{ReasonTLSVersionRejected, allPhases, anyCode, `
		$versions .. not_supported|unsupported|not_accepted|not_allowed|deprecated|old|outdated|obsolete|insecure|disabled|no_longer|retired|upgrade|required|or_higher|rejected|weak
		upgrade|use .. $versions
		unsupported|old|outdated|deprecated|obsolete|insecure $versions
	`, ``},

	{ReasonQuotaExceeded, authToDot, anyCode, `
		$period .. limit|quota|allowance|allotment|maximum
		limit|quota|maximum .. $period
		exceeded|reached|over|hit .. limit|quota|maximum|number .. $period
		too_many|number .. sent|received|send .. $period
		sent|send|received .. too_many .. $period
		too_many .. this_hour|per_hour|per_day|today|this_day
		messages|mails|emails|recipients .. per_hour|per_day
		credit|plan .. exceeded|exhausted|used_up|insufficient
		not_enough|insufficient|no credit
		maximum credits
		submission|message|sending|email|mail|outbound|recipients|recipient_rate|delivery quota
		submission|messaging|sending|outbound|sender limit .. exceeded|reached
		exceeded|reached|over .. sending|messaging|submission|outbound|email|mail|user_sending limit|quota
		reached|exceeded .. limit for sending|messages
		quota|limit .. sending|outgoing|outbound
		submissionquotaexceeded
	`, `
		mailbox|inbox|storage|disk|user_is over|quota|full|received|out|limit|size|allocation
		recipient has? exceeded
		recipient .. full
		receiving mail
		message_size|size_limit|size
		connection|session|login rate|limit|quota
		login|auth|authentication attempts
		per_connection|per_session
	`},
	{ReasonQuotaExceeded, authToDot, anyCode, `
		daily|hourly|monthly .. message|sending|recipient|email|mail|relay|submission quota|limit|rate
		too_many recipients received|sent this_hour|today
		submission quota
		tenant .. exceeded threshold
	`, `
		mailbox|inbox|storage quota
	`},

	{ReasonRateLimited, allPhases, anyCode, `
		too_many|concurrent|simultaneous|excessive|parallel|max|maximum|maximum_number_of|number_of|limit_of .. connection|connected|session|login|login_attempts|authentication_attempts|auth_attempts|command|client|message|mail_from|request|transaction|process|threads|email|mails|smtp_sessions
		too_many recipients from
		too_many .. from your|this|@ip
		too_many new
		too_many times
		too_many transactions|deliveries
		too_much mail|email|traffic|spam|data_from
		rate limit|overlimit|exceeded|control|controlled|restricted
		ratelimit|overlimit|throttle
		thread limit
		sending|message|connection|delivery|smtp rate
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
	`, `
		mailbox|inbox|user|recipient receiving|is_receiving .. mail|email|messages|much|many|quickly
		contact is receiving
		mail_loop|routing_loop
		too_many recipients in|per session|message|transaction|mail
		recipient has? exceeded
		account unusual
		unusual sending activity
		login|auth|authentication|password failures
		failed|bad|invalid|unsuccessful|incorrect|wrong .. attempts|logins|authentications|passwords|auth
	`},
	{ReasonRateLimited, authOnly, only4xx, `
		too_many .. password|tries|retries|login|attempts|authentications|auth|failed|failures|errors
	`, ``},
	{ReasonRateLimited, allPhases &^ authOnly, anyCode, `
		too_many .. login|attempts|authentication|auth|failures
	`, ``},

	{ReasonClientBlocked, greetingToDot, anyCode, `
		$our_side .. $blocked|listed_at|listed_in|listed_by|listed_on|listed|blackholed|blocklisted|on_our_list
		$our_side .. in|on|by|at|using|via|from .. $listing
		$blocked|banned|bad|black|suspicious|untrusted|unauthorized|dynamic|residential|dialup|blocklisted ip|ips|ip_address|sending_ip|sender_ip|host|mta|network|range|address_space|ip_space|address_range|client
		$blocked|rejected|listed|found|refused|denied|present|appears .. using|by|in|at|on|via|from|due_to|because_of .. $listing
		due_to|because_of|based_on .. $listing
		rejected|deny|refused|blocked|found .. dnsbl|rbl
		dnsbl|rbl|@list .. deny|rejected|refused|blocked|listed
		in|on our|the|a|an|its|this|one_of_our|my .. $listing
		dnsbl|rbl
		rejected|refused|denied|blocked .. $listing
		host|remotehost|server|ip .. spammer
		smtp_server|smtp_relay|mail_server .. of|at your isp|service_provider|provider
		forbidden|denied|rejected|refused by|for|from your_ip|this_ip|your_host
		to_be_delisted|delist
		you_are|you_have_been|have_been|you_were .. blocked|banned|blacklisted
		poor|bad|low|negative|insufficient|very_low|worst .. reputation
		reputation .. poor|bad|low|negative|too_low|insufficient
		ip|sender|server|network|mta|host|@ip reputation
		reputation of .. ip|host|mta|network|server|sender|client
		connections|traffic|mail|messages|email not|never? accepted|allowed .. ip|ips|@ip
		not_accept .. connections|mail|traffic|messages .. your_ip|this_ip|ip|ips
		connections will not be accepted
		removal_from this|the list
		not_allowed|not_permitted|unauthorized|not_authorized|forbidden|not_welcome to? connect|from_your_ip|from_this_ip
		host_network not_allowed
		your_access to
		part of their network
		geoip|geographical|geographic|geo_ip|geolocation
		country .. blocked|rejected|not_allowed|not_accepted
		rejected|blocked|not_allowed|refused|mail .. from country|your_country
		ip .. not_authorized|not_allowed|not_permitted|unauthorized|rejected|denied|not_in|not_whitelisted|not_accepted|refused
		not_in whitelist
		dynamic|residential|dialup|dial_up|generic|home ip|ips|ip_address|ip_space|host|range|pool|space
		you_are .. spammer
		ip .. identified .. spam|spammer
		from_this_ip
		blocked_for|listed_for abuse|spam
		adresse_ip .. bloquee
	`, `
		connection refused|timed_out|reset|closed|dropped|lost|failed
		sender|sender_address|from_address|envelope|domain|mailfrom|helo|ehlo|helo_command|helo_domain|url|uri|link|recipient|user|rcpt|mailbox|content|attachment|account|website is|was|has_been|are|has|address? also? been? $blocked|listed|banned|on|in|present
		sender|sender_address|from_address|mailfrom|domain|helo|ehlo|helo_command|url|uri|link|recipient|mailbox|content|attachment|sender_domain $blocked|listed|banned|on|in
		recipient_address rejected
		domain .. present|listed|blocked|blacklisted
		url|uri|link .. listed|blocked|blacklisted|@domainlist|@list
		uribl|surbl|dbl|rhsbl|@domainlist
		domain .. reputation
		reputation of .. domain|url|content
		reputation .. domain
		reverse dns|hostname|lookup
		ptr|rdns
		bad helo
		spf
	`},
	{ReasonClientBlocked, greetingToDot, anyCode, `
		blocked|blacklisted|banned see
		rejected|refused|denied|blocked|see|visit .. @list
		@list
	`, `
		message|mail|email|sender|from|domain|content|url|uri|link|recipient|user|account|attachment|helo|envelope|mailbox|header|dmarc|spf|dkim is|was|has? been? blocked|rejected|banned|listed
		uribl|surbl|dbl|rhsbl|@domainlist
		domain .. listed|present|blocked
		helo|ehlo .. blocked|listed|rejected
		reverse dns
		spam|virus|phishing|malware
	`},
	{ReasonClientBlocked, greetingToDot &^ dataToDot, anyCode, `
		blocked|blacklisted|banned for|by|using|due_to|because
	`, `
		message|mail|email|sender|from|domain|content|url|uri|link|recipient|user|account|attachment|helo|envelope|mailbox|header|dmarc|spf|dkim is|was|has? been? blocked|rejected|banned|listed
		helo|ehlo .. blocked|listed|rejected
		spam|virus|phishing|malware|policy|filter|content
		recipient_address|sender_address
	`},
	{ReasonClientBlocked, greetingOnly, anyCode, `
		blocked|blacklisted|blocklisted|banned|spammer|dynamic|reputation|listed|spam
	`, `
		reverse dns
		ptr|rdns
	`},

	{ReasonRelayDenied, mailToDot, anyCode, `
		relay ~ $forbid
		unable|cannot|cant|not_able|wont|will_not|refuse|not_allowed|not_permitted|unauthorized|not_authorized|not_configured|not_set_up|denies|not_willing to? .. relay
		not|dont|doesnt|no|never|not_an_open relay
		do|does not_relay
		rcpthosts
		non_accepted domain
		as_a relay
		through|via .. this|our server without authentication|authenticating
		not_a|not_an open_relay|open_mail_relay
		not|dont|doesnt|wont handle|serve mail|messages for
		not_a gateway
		not_a_local domain
		relay .. without|requires auth|authentication
	`, `
		open_relay blocked|listed|detected
		relay_limit|relay_quota|relay_rate
	`},

	{ReasonGreylisted, mailToDot, only4xx, `
		greylist|graylist|grey_list|gray_listed|postgrey
	`, ``},

	{ReasonAppPasswordRequired, authOnly, anyCode, `
		app|application|application_specific|app_specific|device|client password|passcode|specific_password
		authorization|authorisation|auth|authenticate code
		password .. application|app|external
	`, `
		authorization code expired
	`},

	{ReasonAccountDisabled, authOnly, only5xx, `
		account|user|mailbox is|has|was been? disabled|deactivated|inactive|terminated|closed|expired
		account|user|mailbox disabled|deactivated|inactive|terminated|closed|expired
		disabled|inactive|deactivated account|user
		account .. not_active|not_enabled|not_activated
	`, ``},
	{ReasonAuthDisabled, authOnly, anyCode, `
		authentication|auth|smtp_auth|basic_authentication|basic_auth|smtpclientauthentication|client_authentication|smtp|smtp_access|smtp_service|smtp_login|login|sasl .. disabled|not_enabled|turned_off|switched_off|not_activated|not_active|deactivated|isnt_enabled
		basic_authentication|basic_auth .. not_supported|not_allowed|deprecated|retired|blocked|no_longer
		smtp|authentication|auth .. not_offered|not_available|not_advertised
		disabled|not_enabled .. authentication|smtp_auth|smtp_access
		enable|activate|open .. smtp|smtp_auth|smtp_access|smtp_service|pop3
		smtp|imap .. access .. denied|not_allowed|not_permitted|blocked
		not_have|no access|rights|permission .. service|smtp|protocol
		user has_no permission
		security_defaults|conditional_access
		when_not advertised
	`, `
		plaintext|cleartext|clear_text|plain_text|encrypted|tls|ssl|starttls|encryption
		temporary|temporarily
	`},

	{ReasonAuthMechanismUnsupported, authOnly, only5xx, `
		unrecognized|unrecognised|unsupported|unknown authentication|auth? type|mechanism|method
		authentication|auth|sasl type|mechanism|method .. not_supported|unsupported|not_recognized|unrecognized|unknown|not_available
	`, ``},

	{ReasonAccountLocked, authOnly, only5xx, `
		too_many|excessive .. bad|failed|failures|invalid|unsuccessful|incorrect|wrong|attempts
		locked|lockout|locked_out
		blocked .. attempts|failed
	`, ``},
	{ReasonAccountLocked, authOnly, anyCode, `
		account|user|mailbox|login .. locked|lockout
		locked_out|lockout
	`, ``},

	{ReasonAccountRestricted, authAndMail, anyCode, `
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
	`, `
		recipient .. disabled|suspended|blocked
		recipient account
		local? mailbox
		authentication|smtp_auth|basic_authentication disabled
		spf|dkim|dmarc
	`},
	{ReasonAccountRestricted, rcptOnly, anyCode, `
		your|sender|sending|outbound account|user|mailbox|plan|subscription .. suspended|restricted|disabled|blocked|trial|free|locked
		sender|sending|you .. suspended|paused
		bad_outbound sender
		test_purposes
		trial|sandbox|free account|plan|domain|subdomains
	`, ``},

	{ReasonRDNS, greetingToDot, anyCode, `
		cannot|could_not|unable_to|cant|couldnt|not|failed_to find|resolve|determine|verify|lookup .. your|client|host? reverse|hostname|host_name|ptr|name|rdns
		reverse|inverse dns|hostname|host_name|lookup|name|mapping|resolution|record|entry|ip|address|pointer
		rdns|ptr|fcrdns|revdns
		ip|name|hostname|host lookup fail
		forward_confirmed|possibly_forged
		ip|ip_address|your_address|@ip .. not_resolve|unresolvable|not_have .. name|hostname|host|dns
		no .. hostname|name .. for? .. ip|@ip
		dns .. does_not match|resolve .. ip
		hostname .. not|doesnt match .. ip|address|@ip
	`, `
		helo|ehlo
		sender_domain|sender_address
	`},
	{ReasonRDNS, greetingToDot, anyCode, `
		reverse dns|hostname|lookup
		rdns|ptr
	`, ``},

	{ReasonSenderDomainInvalid, mailAndRcpt, anyCode, `
		sender|from|mailfrom|mail_from|return_path|envelope .. domain .. not_found|not_exist|not_resolve|invalid|unknown|not_valid|nonexistent|non_existent|unresolvable|no_mx|not_have|must|unroutable|not_accept|no_dns|must_exist
		domain_of sender .. not_exist|not_resolve|not_found|unresolvable
		domain .. of? sender .. not|does_not|cannot exist|resolve|found
		sender .. need|requires fully_qualified
		unroutable|unrouteable|unresolvable|nonexistent|unresolved|invalid|bogus|fake sender|from|sender_domain|sending_domain|mail_from
		sender .. no|not mx|dns|mx_record|a_record|valid_mx|resolvable|resolve
		sender domain is? empty|required|needed|lookup|dns|mx|error
		sender .. malformed dns
		no|invalid|missing|cannot|not_find .. mx|dns_mx|mx_record|a_record .. sender|domain|resource
		valid sender_domain
		sending_domain .. not_exist|not_resolve|not_found|invalid
		domain .. not_exist|not_resolve .. sender
	`, `
		recipient_address
		sender|sending|from domain .. blocked|listed|not_allowed|not_authorized|not_verified|unverified|unconfigured|blacklisted|denied|reputation|rejected
		spf|dkim|dmarc
		reverse dns
		domain_as
		unconfigured
		unverified|verified
	`},
	{ReasonSenderDomainInvalid, dataToDot, only5xx, `
		from .. domain .. invalid|not_exist|not_found|not_valid|not_resolve
		domain_of sender .. not_exist|not_resolve
		sender .. domain .. not_found|not_exist|not_resolve
	`, `
		spf|dkim|dmarc
	`},

	{ReasonSenderNullMX, mailToDot, only5xx, `
		sender|sender_address|sender_domain|from_address|from|return_path has|have|publishes|with? null_mx
	`, ``},

	{ReasonSenderUnverifiable, mailToDot, anyCode, `
		sender .. verify|verification|callout|callback|callforward failed|failure|error|defer
		sender .. unverified|undeliverable|unverifiable|not_deliverable|cannot_be_verified|not_be_verified address|sender?
		cannot|could_not|couldnt|unable_to|failed_to|cant verify|validate|authenticate .. sender|from|return_path
		sender .. could_not|cannot|cant be? verified|validated
		verification|verify of sender
		sender|verify|verification callout|callback|callforward
		sender .. user_unknown|unknown_user|no_such_user|not_exist|mailbox_unavailable|unknown_in|unknown
		envelope_sender|return_path .. not_exist|invalid|unknown|not_deliverable
	`, `
		recipient_address
		domain .. verified|unverified|not_verified|unconfigured
		spf|dkim|dmarc
		identity
	`},

	{ReasonAuthRequired, mailToDot, anyCode, `
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
	`, `
		spf|dkim|dmarc|domainkeys|arc
		authentication failed|results|level|checks|information
		tls_authentication
		unauthenticated sender|email|mail|message
	`},

	{ReasonSenderNotAllowed, mailToDot, anyCode, `
		not_owned|not_owner|does_not_own|not_own
		send_as|on_behalf|sendas|send_on .. $forbid|permission|rights
		permission|allowed|authorized|authorised|permitted|right|privilege to .. send_as|send_on|send_from|use_this|use_the|use
		sendasdenied|send_as_denied
		sender|from|identity|email|email_address|sending_domain|sender_address|from_address|sender_identity|address|domain .. not_verified|unverified|not_been_verified|isnt_verified|not_confirmed|not_registered|unconfigured|not_configured|unregistered|not_validated|unauthorized|not_approved|not_whitelisted
		unverified|unconfigured|unauthorized|unregistered|unauthorised sender|from|sending_domain|email|sending|identity|domain|address
		verified|authorized|authenticated|registered|confirmed|valid sender|identity|sender_identity|from_address|from
		not|cannot|cant|unauthorized|not_be .. allowed|permitted|authorized|able? to .. use|send_as|send_from|send_with|send_mail_from|send_messages_from|send_email_from
		sender|from|mail_from|sender_address|from_address|envelope_sender|sender_domain|mailfrom is|was|are? not|isnt|no_longer allowed|permitted|authorized|authorised|match|accepted|acceptable|valid|ok
		sender|from|mail_from|sender_address|from_address|mailfrom|envelope_sender .. must|should|does_not|not .. same|equal|match|belong|correspond
		sender|sender_address|from_address .. blacklist|black_list|spammer|block_list|blocklist|list
		not_allowed|not_permitted|not_authorized|unauthorized to? send|submit mail|email|messages
		not_allowed|not_permitted to_send
		sender|sender_address|from_address|envelope_sender|sender_domain|senders_email|mailfrom|mailfrom_domain|from_domain|sending_domain|return_path is|has|was? been? $blocked|listed|denied|unacceptable|blocklisted|on_the_blocklist
		denied|disallowed|blocked|refuse|unauthorized|forbidden|rejecting|illegal the|your|this? sender|from_address|sender_address|mail_from
		sender_address|sender|from_address .. mismatch|not_match|spoof|forged|impersonation
		domain .. not_allowed to send
		allow|permit|authorize .. as_a_sender|as_sender|as_the_sender
		user .. not_allowed|not_authorized .. send|use|from
		account|user|login .. not_allowed|not_permitted|not_authorized|cannot .. send_from|send_as|sender|address
		not_allowed|not_permitted|not_authorized|cannot|can_not|may_not to? send .. from|as|with
		blocked_senders|badmailfrom|senderfilterconfig|sender_filter
		mail_from .. authorized|authorization|authenticated|auth user
	`, `
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
	`},

	{ReasonAuthChecksFailed, mailToDot, only5xx, `
		$spf ~ failed|failure|softfail|hardfail|permerror|rejected|denied|refused|blocked|not_pass|pass|not_accept|accepted|not_permitted|not_allowed|allowed|not_authorized|unauthorized|authorized|not_match|mismatch|violation|violate|invalid|unauthenticated|missing|policy|error|required|none|disallow|quarantine|aligned|alignment|misaligned|prohibits|verification|check|record|signature|configured|designated|bad|no|lack|evaluation|evaluate
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
	`, `
		spf_record_lookup
		duplicate header
	`},

	{ReasonTLSRequired, ehloToDot, anyCode, `
		$tls|secure_connection|secure|tls_connection|ssl_connection|secure_channel|tls_encryption|encrypted_connection is|session|are|connection|must? be? required|needed|necessary|mandatory|first|requirement|enforced|only
		must|require|need|please|mandatory|should|have_to .. $tls|secure_connection|tls_connection|secure
		starttls|tls|ssl .. must|first|before|required|mandatory
		issue|use|enable|send starttls|tls|ssl
		without|before|until|no tls|ssl|starttls|encryption|encrypted|tls_encryption
		not|isnt|un encrypted|secure
		unencrypted|plaintext|cleartext|clear_text|insecure|non_secure|nonsecure|plain_text|non_encrypted|non_tls .. authentication|connection|not_allowed|disallowed|disabled|not_permitted|session|auth|mechanisms|login|forbidden|prohibited
		authentication|auth|login|mechanisms .. unencrypted|plaintext|cleartext|clear_text|insecure|non_secure|non_encrypted
		must_issue starttls
	`, `
		certificate
		not_available|unavailable|temporary|temporarily
		tls_not_required
	`},

	{ReasonHeloRejected, ehloToDot, anyCode, `
		helo|ehlo|helohost|helo_command|helo_name|ehlo_name ~ rejected|refused|denied|invalid|fqdn|not_fqdn|fully_qualified|forged|blocked|listed|impersonate|impersonation|illegal|not_resolve|not_found|mismatch|not_match|not_valid|unresolvable|malformed|unacceptable|fake|spoofed|not_allowed|not_accepted|not_permitted|blacklisted|not_exist|no_such|bogus|wrong|unknown|pretending|suspicious|localhost|literal
		bad|incorrect|improper helo|ehlo
		helo|ehlo domain|host|name|hostname|argument|parameter|greeting
		need|require fully_qualified|fqdn hostname|host_name|host
		fully_qualified hostname|host_name|host
		forged_helo
		impersonate domain
	`, `
		sender_address
		helo_first|ehlo_first
		send|say|issue|expected|missing|no|without helo|ehlo
		helo|ehlo|hello first
		bad_sequence
	`},
	{ReasonHeloRejected, ehloOnly, anyCode, `
		name|hostname|host_name|domain|client .. not_accepted|not_allowed|not_permitted|refused|denied
		server|host|client|machine|computer|domain|host_name|hostname|server_name|argument .. invalid|fqdn|not_fqdn|fully_qualified|not_valid|illegal|malformed|rejected|not_resolve|bad|unknown|not_exist
		invalid|illegal|bad|malformed|unknown|forged .. name|hostname|domain|host|address|argument|server_name
		fqdn|fully_qualified
		pretend|impersonate
		localhost
	`, ``},

	{ReasonBareNewline, dataToDot, anyCode, `
		bare|stray|naked|lone|single|isolated|standalone cr|lf|newline|linefeed|line_feed|carriage|carriage_return|crs|lfs|line_endings|received|characters
		barelf|barelinefeed|smtplf
		cr|lf|newline .. without|not .. lf|cr|crlf|followed|allowed
		invalid|bad|wrong|incorrect|improper line_ending|end_of_line|eol|line_terminator
	`, ``},

	{ReasonMalwareSuspected, dataToDot, only5xx, `
		virus|malware|phishing|trojan|worm|ransomware|infected|malicious|eicar|viral|virii
	`, `
		protect .. users|you .. virus|phishing|malware
		spam and phishing
		no|not|without virus|malware|phishing
	`},

	{ReasonSpamSuspected, dataToDot, only5xx, `
		spam|spammy|spamlike|spamassassin|antispam|spamfilter|spamprofiler|unsolicited|junk|ube|uce|bulk_mail|bulk_email|bulk_e|bulk_advertising|uribl|surbl|dbl|@domainlist
		suspicion_of spam
		domain .. reputation
		reputation .. domain|url|content|message
		suspicious message|content|mail|email|url|link
		blacklisted|listed|blocked|bad url|link|uri
		url|link|uri .. blacklisted|listed|blocked|blocklisted
		likely|probably suspicious|unsolicited
	`, `
		not_spam only
		protect our users from spam and phishing
	`},

	{ReasonContentRejected, dataToDot, only5xx, `
		content|body|attachment|file|header|subject|message_content|extension ~ blocked|rejected|denied|refused|not_accepted|not_allowed|filtered|prohibited|banned|violates|violation|illegal|unacceptable|dangerous|forbidden|disallowed|restricted|potential|denial|objectionable|error|executable|unsafe
		content_and security
		security_policy|content_policy|security_issue|security_risk|content_filter|content_restrictions
		illegal|dangerous|blocked|banned|prohibited attachment|file|content
		message_filtered|message_blocked|filtered
	`, `
		dmarc|spf|dkim
	`},

	{ReasonMailLoop, allPhases, anyCode, `
		too_many hops|received_headers|received
		hop_count|hops exceeded|limit
		loop|mailloop
	`, `
		challenge_loop
	`},

	{ReasonMailboxFull, rcptAndDot, anyCode, `
		mailbox|inbox|account|user|recipient|maildir|folder .. full|quota_exceeded|over_quota|overquota|out_of_storage|exceeded_quota|over_limit|storage_limit|exceeded_storage|quota|size_limit
		over_quota|overquota|overquotatemp|quota_violation
		quota exceeded|full|reached
		exceeded .. mailbox|storage|quota
		exceeded storage allocation
		exceed .. quota
		full mailbox
		boite .. pleine
		not_enough|insufficient|no .. space|storage .. mailbox|account|user
	`, `
		system|disk
		message_quota|submission_quota|sending_quota
	`},
	{ReasonSystemFull, mailToDot, only4xx, `
		disk space|full|quota|storage
		insufficient|not_enough|no|low_on|out_of|lack_of|no_more|running_out .. storage|disk|space|disk_space|diskspace|system_storage
		space shortage|left|available
		system storage
		storage .. full|exhausted|exceeded
		no_space left
		queue|spool|file_system|filesystem|system is? full
	`, `
		mailbox|inbox|recipients_inbox|user_quota
	`},
	{ReasonSystemFull, mailToDot, only452, `
		insufficient .. resources|storage
		out_of resources|memory
	`, `
		mailbox|inbox
	`},

	{ReasonCongested, allPhases, only4xx, `
		busy
		insufficient|lack_of|low_on|no|not_enough|out_of .. resources|memory
		overloaded|under_load|heavy_load|high_load|load_average|maximum_load|load_too_high|under_heavy|load_is
		resource .. unavailable|exhausted|low
		load .. too_high|high
		system|server load
		try .. less_busy
		congested|congestion
	`, `
		mailbox|user|recipient is? busy
	`},

	{ReasonIntercepted, greetingOnly, anyCode, `
		cannot|could_not|unable_to|cant|couldnt|failed_to|not|error|failure connect|connection|reach|contact .. server|host|destination|remote|relay|backend|smtp|upstream|@ip
		connect|connection error|failed|failure|timed_out
		proxy|antivirus|firewall|backend|upstream|gateway|mail_shield|scanner .. failed|unavailable|error|cannot|could_not|unable|timeout|connect
	`, ``},

	{ReasonMailboxUnavailableTemp, rcptOnly, only4xx, `
		recipient .. unverified|undeliverable|not_verified address?
		address|recipient .. verification .. progress|pending|failed|in_progress
		verification in_progress
		receiving .. too_quickly|too_fast|too_much|too_many|rate_that|at_a_rate
		user_you are_trying
		mailbox|recipient|user .. busy|locked|temporarily|unavailable
	`, ``},

	{ReasonSenderNotAllowed, mailToDot, anyCode, `
		sender|sender_address|from_address ~ rejected|refused|denied|blocked|blacklisted|unacceptable|disallowed
		sender|sender_address|from_address is? invalid|illegal|not_valid|malformed|incorrect|bad
		invalid|illegal|bad sender|mail_from|from_address
		mail_from|from .. rejected|invalid|refused
		mail .. from .. not_allowed|rejected|refused
	`, `
		recipient_address
		spf|dkim|dmarc
		helo|ehlo
		sender|sending ip|host|server|network
	`},
}

// hints are families for what is often said beside a code that is vague. They
// count after specific enhanced codes and reply codes with one meaning.
var hints = []family{
	{ReasonMailboxUnavailable, rcptAndDot, only5xx, `
		user|mailbox|recipient|address|account|alias|addressee|email_address|customer unknown|not_found|not_exist|invalid|unallocated|not_valid|nonexistent|disabled|inactive|unavailable|not_available|discontinued
		user|mailbox|recipient|address|account|alias|addressee|recipient_address .. unknown|not_found|not_exist|nonexistent|does_not_exist|doesnt_exist|invalid|not_listed|no_longer|no_such
		unknown|invalid|nonexistent|non_existent|inactive|unrouteable user|recipient|mailbox|account|local_part|address|alias|addressee
		no such|mailbox user|recipient|mailbox|person|address|account|here|by_that_name|customer
		no mailbox
		not our|a valid? user|customer|recipient|mailbox
		user|account doesnt|does_not have|exist
		not_a_valid mailbox|recipient|address
		not_in recipient_list
	`, `
		sender|from_address
		relay
		domain
	`},
	{ReasonTooManyRecipients, rcptOnly | dataToDot, anyCode, `
		too_many recipients|rcpt
		recipient limit|count .. exceeded|reached
		maximum|exceeded .. recipients
		multiple_destination domains
	`, `
		$period
	`},
	{ReasonMessageTooLarge, mailAndData, anyCode, `
		message|mail|email|attachment|body|size|content|data .. too_large|too_big|too_long|too_huge
		message|size|mail|email|attachment|maximum .. size|length|limit .. exceeded|limit|maximum
		size|message .. exceeds|larger|bigger|over .. maximum|limit|size|allowed|fixed
		exceeds .. size|message_size|maximum_size
		too_much mail_data
		size_limit
	`, `
		mailbox|quota
		line
	`},
	{ReasonTLSUnavailable, starttlsOnly, anyCode, `
		tls|starttls|ssl|encryption|security_layer .. not_available|unavailable|not_supported|not_enabled|disabled|not_configured|failed|error|not_offered|cannot|temporary
	`, ``},
	{ReasonAuthCredentialsInvalid, authOnly, only5xx, `
		credential|password|username|user_name|user|login|authentication_data|userid|user_id|account .. incorrect|invalid|wrong|bad|mismatch|unknown|not_found|rejected|not_exist|not_correct|not_accepted|failed|unsuccessful
		incorrect|invalid|wrong|bad|unknown .. credential|password|username|user|login|authentication_data|authentication|userid
		authentication|login|logon|auth|authorization|sasl .. failed|failure|unsuccessful|rejected|denied|invalid|incorrect
	`, `
		mechanism
		temporary|temporarily
	`},
	{ReasonTLSRequired, authOnly, anyCode, `
		tls|ssl|starttls|encryption|encrypted|secure_connection
	`, `
		temporary|temporarily
		certificate
	`},
	{ReasonHostNoMail, greetingOnly, only5xx, `
		not|never|doesnt accept|receive .. mail|email|messages
		no_mail accepted|here|service_here
	`, `
		from
	`},
	{ReasonNotAccepting, greetingOnly, anyCode, `
		not currently? accepting .. connections|mail|messages|network
	`, `
		from
	`},
	{ReasonNotAccepting, greetingToDot, only4xx, `
		not currently? accepting .. connections|mail|messages|network
		maintenance|shutting_down|shutdown|going_down|out_of_service|restarting
		stopped accepting
		service temporarily suspended
	`, `
		recipient|mailbox|user|address
	`},
	{ReasonAccessDenied, greetingToDot, anyCode, `
		client|client_host|host|connection|ip|server|client_address rejected|denied|refused|access_denied|unauthorized
		unauthorized interface|host|client|server
		access_denied .. ip|host|client|@ip
		not_allowed|not_permitted|not_authorized .. this_server|this_system|access
	`, `
		recipient_address
		helo
	`},
	{ReasonAccessDenied, greetingOnly, only5xx, `
		access|connection|session|service denied|refused|rejected|forbidden|restricted|not_allowed
		not_welcome
	`, ``},
	{ReasonNotAuthorized, phasesOf(PhaseMail), only5xx, `
		access denied|forbidden|refused
		not_authorized|unauthorized|not_permitted
	`, ``},
	{ReasonSystemError, mailToDot | greetingToDot, only4xx, `
		internal|local|temporary|temporarily|server|system|configuration|lookup error|problem|failure|server_error|system_problem|system_error|system_failure|configuration_error|lookup_failure|lookup_error|configuration_problem
		queue file
		server configuration problem
		milter|filter|scanner|antivirus|content_scanner .. error|unavailable|failed|timeout|failure
	`, `
		authentication|auth|verify|recipient|mailbox|user|tls
	`},
	{ReasonAuthRequired, mailAndRcpt, only5xx, `
		authentication|auth|authenticate|login
	`, `
		spf|dkim|dmarc
		failed|failure|results|checks
		recipient_address
	`},
	{ReasonAuthChecksFailed, mailToDot, only5xx, `
		dmarc|spf|dkim
	`, `
		duplicate header
	`},
}

func phasesOf(list ...Phase) (set phaseSet) {
	for _, p := range list {
		set |= p.bit()
	}
	return set
}

// bit is a phase's place in a phaseSet; commands of no phase have one, too.
func (p Phase) bit() phaseSet { return 1 << p.index() }

func (p Phase) index() int {
	return slices.IndexFunc(phases[:], func(row phaseRow) bool { return row.phase == p }) + 1
}

func lines(text string) []string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
