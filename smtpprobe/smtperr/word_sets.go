package smtperr

// wordSets are alternatives that patterns use by name, as in "$denied".
var wordSets = map[string]string{
	"allowed": "allowed permitted authorized authorised accepted",
	"auth":    "authentication auth authenticate smtp_auth authorization",
	"auth_service": `
		authentication auth smtp_auth basic_authentication basic_auth
		client_authentication smtp smtp_access smtp_service smtp_login login sasl`,
	"bad_origin": `
		$blocked banned bad black suspicious untrusted unauthorized dynamic residential dialup blocklisted`,
	"bare_end": `
		cr lf newline linefeed line_feed carriage carriage_return crs lfs line_endings received characters`,
	"blocked": "blocked blacklisted black_listed blocklisted block_listed banned dnsbl rbl",
	"content_refused": `
		blocked rejected denied refused not_accepted not_allowed filtered prohibited banned violates
		violation illegal unacceptable dangerous forbidden disallowed restricted potential denial
		objectionable error executable unsafe`,
	"countable": `
		connection connected session login login_attempts authentication_attempts auth_attempts command
		client message mail_from request transaction process threads email mails smtp_sessions`,
	"denied": "denied denial refused rejected prohibited disallowed forbidden blocked restricted",
	"domain_missing": `
		not_found not_exist not_resolve invalid unknown not_valid nonexistent non_existent unresolvable
		no_mx not_have must unroutable not_accept no_dns must_exist`,
	"domain_refused": `
		blocked listed not_allowed not_authorized not_verified unverified unconfigured blacklisted denied
		reputation rejected`,
	"failure": `
		error problem failure server_error system_problem system_error system_failure configuration_error
		lookup_failure lookup_error configuration_problem`,
	"forbid": `
		$denied not_allowed not_permitted not_authorized not_accepted isnt_allowed not_configured
		not_supported not_available cannot unauthorized disabled not_enabled not_have_permission
		no_permission not_be_permitted not_be_allowed can_not may_not must_not`,
	"from": `
		sender from mail_from sender_address from_address envelope_sender sender_domain mailfrom
		envelope_domain sending_address senders_email mailfrom_domain from_domain sending_domain return_path`,
	"full": `
		full quota_exceeded over_quota overquota out_of_storage exceeded_quota over_limit storage_limit
		exceeded_storage quota size_limit`,
	"gone": `
		unknown not_found not_exist invalid unallocated not_valid nonexistent disabled inactive unavailable
		not_available discontinued does_not_exist doesnt_exist not_listed no_longer no_such`,
	"helo_refused": `
		rejected refused denied invalid fqdn not_fqdn fully_qualified forged blocked listed impersonate
		impersonation illegal not_resolve not_map not_found mismatch not_match not_valid unresolvable
		malformed unacceptable fake spoofed not_allowed not_accepted not_permitted blacklisted not_exist
		no_such bogus wrong unknown pretending suspicious localhost literal`,
	"host_refused": `
		invalid fqdn not_fqdn fully_qualified not_valid illegal malformed rejected not_resolve bad unknown
		not_exist`,
	"identity": `
		sender from identity email email_address sending_domain sender_address from_address sender_identity
		address domain`,
	"ip_refused": `
		not_authorized not_allowed not_permitted unauthorized rejected denied not_in not_whitelisted
		not_accepted refused`,
	"listing": `
		blocklist blacklist block_list black_list deny_list denylist dnsbl rbl realtime_blacklist
		blackhole_list blackholes reputation_list spammer_list @list spamhaus spam_haus spamcop sorbs
		barracuda barracudacentral uceprotect cloudmark hostkarma senderscore senderbase mailspike abuseat
		proofpoint talos invaluement`,
	"loaded": `
		overloaded under_load heavy_load high_load load_average maximum_load load_too_high under_heavy
		load_is`,
	"login": `
		credential password username user_name user login authentication_data userid user_id account`,
	"many": `
		too_many concurrent simultaneous excessive parallel max maximum maximum_number_of limit_of`,
	"no": "not cannot cant isnt doesnt dont wont no never unable without arent",
	"not_client": `
		sender sender_address from_address envelope domain mailfrom helo ehlo helo_command helo_domain url
		uri link recipient user rcpt mailbox content attachment account website sender_domain`,
	"not_host": `
		message mail email sender from domain content url uri link recipient user account attachment helo
		envelope mailbox header dmarc spf dkim`,
	"origin": `
		ip ips ip_address sending_ip sender_ip host mta network range address_space ip_space address_range
		client`,
	"our_side": `
		client ip ips mta network connection host your_server mail_server sending_server your_address
		ip_address server_address @ip`,
	"outdated": `
		not_supported unsupported not_accepted not_allowed deprecated old outdated obsolete insecure
		disabled no_longer retired upgrade required or_higher rejected weak`,
	"period": `
		daily hourly weekly monthly 24_hour 24h today per_hour per_day per_month this_hour this_day
		last_hour past_hour last_day last_24 each_day a_day`,
	"secured": `
		$tls secure_connection secure tls_connection ssl_connection secure_channel tls_encryption
		encrypted_connection`,
	"send_from": "send_from send_mail_from send_messages_from send_email_from",
	"spam_word": `
		spam spammy spamlike spamassassin antispam spamfilter spamprofiler unsolicited junk ube uce
		bulk_mail bulk_email bulk_e bulk_advertising uribl surbl dbl @domainlist`,
	"spf": "spf dkim dmarc senderid sender_id domainkeys arc sender_policy_framework",
	"spf_result": `
		failed failure softfail hardfail permerror rejected denied refused blocked not_pass pass not_accept
		accepted not_permitted not_allowed allowed not_authorized unauthorized authorized not_match mismatch
		violation violate invalid unauthenticated missing policy error required none disallow quarantine
		aligned alignment misaligned prohibits verification check record signature configured designated bad
		no lack evaluation evaluate`,
	"tls": "tls ssl starttls encryption encrypted tlsv1 ssl3",
	"tls_missing": `
		not_available unavailable not_supported not_enabled disabled not_configured failed error not_offered
		cannot temporary`,
	"unable": "not cannot could_not couldnt cant unable_to failed_to",
	"unsecured": `
		unencrypted plaintext cleartext clear_text insecure non_secure nonsecure plain_text non_encrypted
		non_tls`,
	"unsecured_use": `
		authentication connection not_allowed disallowed disabled not_permitted session auth mechanisms
		login forbidden prohibited`,
	"unverifiable": `
		unverified unvalidated undeliverable unverifiable not_deliverable cannot_be_verified not_be_verified`,
	"unverified": `
		not_verified unverified not_been_verified isnt_verified not_confirmed not_registered unconfigured
		not_configured unregistered not_validated unauthorized not_approved not_whitelisted`,
	"versions": `
		tls_@version ssl_@version tlsv tlsv1 tlsv11 tlsv10 tls1 sslv2 sslv3 ssl3 ssl2 tls_version
		tls_protocol ssl_version protocol_version tls_v1 cipher_suite`,
	"wont": `
		unable cannot cant not_able wont will_not refuse not_allowed not_permitted unauthorized
		not_authorized not_configured not_set_up denies not_willing`,
	"wrong": `
		incorrect invalid wrong bad mismatch unknown not_found rejected not_exist not_correct not_accepted
		failed unsuccessful`,
}
