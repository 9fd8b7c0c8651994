package smtperr

// messageFamilies are about the message.
var messageFamilies = []family{
	{
		reason: ReasonBareNewline, phases: dataToDot,
		words: `
			bare|stray|naked|lone|single|isolated|standalone $bare_end
			barelf|barelinefeed|smtplf
			cr|lf|newline .. without|not .. lf|cr|crlf|followed|allowed
			invalid|bad|wrong|incorrect|improper line_ending|end_of_line|eol|line_terminator
		`,
	},

	{
		reason: ReasonMalwareSuspected, phases: dataToDot, codes: permanentReply,
		words: `
			virus|malware|phishing|trojan|worm|ransomware|infected|malicious|eicar|viral|virii
		`,
		unless: `
			protect .. users|you .. virus|phishing|malware
			spam and phishing
			no|not|without virus|malware|phishing
		`,
	},

	{
		reason: ReasonSpamSuspected, phases: dataToDot, codes: permanentReply,
		words: `
			$spam_word
			suspicion_of spam
			domain .. reputation
			reputation .. domain|url|content|message
			suspicious message|content|mail|email|url|link
			blacklisted|listed|blocked|bad url|link|uri
			url|link|uri .. blacklisted|listed|blocked|blocklisted
			likely|probably suspicious|unsolicited
		`,
		unless: `
			not_spam only
			protect our users from spam and phishing
		`,
	},

	{
		reason: ReasonContentRejected, phases: dataToDot, codes: permanentReply,
		words: `
			content|body|attachment|file|header|subject|message_content|extension ~ $content_refused
			content_and security
			security_policy|content_policy|security_issue|security_risk|content_filter|content_restrictions
			illegal|dangerous|blocked|banned|prohibited attachment|file|content
			message_filtered|message_blocked|filtered
		`,
		unless: `
			dmarc|spf|dkim
		`,
	},

	{
		reason: ReasonMailLoop,
		words: `
			too_many hops|received_headers|received
			hop_count|hops exceeded|limit
			loop|mailloop
		`,
		unless: `
			challenge_loop
		`,
	},

	{
		reason: ReasonMessageTooLarge, phases: mailAndData, codes: permanentReply,
		words: `
			message|mail|email size|length exceed
		`,
	},
}
