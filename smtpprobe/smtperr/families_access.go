package smtperr

// accessFamilies are about what the relay allows a client: to connect, to relay,
// and to send at once.
var accessFamilies = []family{
	{
		reason: ReasonClientBlocked, phases: greetingToDot,
		words: `
			$our_side .. $blocked|listed_at|listed_in|listed_by|listed_on|listed|blackholed|blocklisted|on_our_list
			$our_side .. in|on|by|at|using|via|from .. $listing
			$bad_origin $origin
			$blocked|rejected|listed|found|refused|denied|present|appears .. using|by|in|at|on|via|from|due_to|because_of .. $listing
			due_to|because_of|based_on .. $listing
			rejected|deny|refused|blocked|found .. dnsbl|rbl
			dnsbl|rbl|@list .. deny|rejected|refused|blocked|listed
			in|on our|the|a|an|its|this|one_of_our|my .. $listing
			dnsbl|rbl
			rejected|refused|denied|blocked .. $listing
			host|remotehost|server|ip .. spammer
			sending spam .. @list
			smtp_server|smtp_relay|mail_server .. of|at your isp|service_provider|provider
			forbidden|denied|rejected|refused by|for|from your_ip|this_ip|your_host
			to_be_delisted|delist
			you_are|you_have_been|have_been|you_were .. blocked|banned|blacklisted
			poor|bad|low|negative|insufficient|very_low|worst .. reputation
			reputation .. poor|bad|low|negative|too_low|insufficient
			ip|sender|server|network|mta|host|@ip reputation
			reputation of .. ip|host|mta|network|server|sender|client
			connections|traffic|mail|messages|email not|never? accepted|allowed .. ip|ips|@ip
			not .. accepting connections|mail|traffic|messages from your_ip|ip|ips|network
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
			ip .. $ip_refused
			not_in whitelist
			dynamic|residential|dialup|dial_up|generic|home ip|ips|ip_address|ip_space|host|range|pool|space
			you_are .. spammer
			ip .. identified .. spam|spammer
			from_this_ip
			adresse_ip .. bloquee
		`,
		unless: `
			connection refused|timed_out|reset|closed|dropped|lost|failed
			$not_client is|was|has_been|are|has|address? also? been? $blocked|listed|banned|on|in|present
			$not_client $blocked|listed|banned|on|in
			recipient_address rejected
			domain .. present|listed|blocked|blacklisted
			url|uri|link .. listed|blocked|blacklisted|@domainlist|@list
			uribl|surbl|dbl|rhsbl|@domainlist
			unregistered domain
			domain .. reputation
			reputation of .. domain|url|content
			reputation .. domain
			reverse dns|hostname|lookup
			ptr|rdns
			bad helo
			spf
		`,
	},

	{
		reason: ReasonClientBlocked, phases: greetingToDot,
		words: `
			blocked|blacklisted|banned see
			rejected|refused|denied|blocked|see|visit .. @list
			@list
		`,
		unless: `
			$not_host is|was|has? been? blocked|rejected|banned|listed
			uribl|surbl|dbl|rhsbl|@domainlist
			domain .. listed|present|blocked
			helo|ehlo .. blocked|listed|rejected
			reverse dns
			spam|virus|phishing|malware
		`,
	},

	{
		reason: ReasonClientBlocked, phases: greetingToRcpt,
		words: `
			blocked_for|listed_for abuse|spam
		`,
	},

	{
		reason: ReasonClientBlocked, phases: greetingToDot,
		words: `
			this|your ip|ip_address is|has|was? been? blocked|blacklisted|blocklisted|banned
		`,
	},

	{
		reason: ReasonClientBlocked, phases: greetingToRcpt,
		words: `
			blocked|blacklisted|banned for|by|using|due_to|because
		`,
		unless: `
			$not_host is|was|has? been? blocked|rejected|banned|listed
			helo|ehlo .. blocked|listed|rejected
			spam|virus|phishing|malware|policy|filter|content
			recipient_address|sender_address
		`,
	},

	{
		reason: ReasonClientBlocked, phases: greetingOnly,
		words: `
			blocked|blacklisted|blocklisted|banned|spammer|dynamic|reputation|listed|spam
		`,
		unless: `
			reverse dns
			ptr|rdns
		`,
	},

	{
		reason: ReasonRelayDenied, phases: mailToDot,
		words: `
			relay ~ $forbid
			$wont to? .. relay
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
		`,
		unless: `
			open_relay blocked|listed|detected
			relay_limit|relay_quota|relay_rate
		`,
	},

	{
		reason: ReasonGreylisted, phases: mailToDot, codes: temporaryReply,
		words: `
			greylist|graylist|grey_list|gray_listed|postgrey
		`,
	},
}
