package alerts

import (
	"strconv"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
)

// tlsAlerts returns the alerts on certificates, encryption and capabilities.
func tlsAlerts() []Alert {
	address := []string{"relay", "source", "ip"}
	lost := func(capability, alone string) InfluxQL {
		return InfluxQL{Variant: capability, Over: 60,
			Query: selectBy(`count("before")`, "smtpprobe_change", `("what" = 'extensions' AND "removed" =~ /(^|,)`+capability+`(,|$)/`+alone+`)`, address...)}
	}
	return []Alert{
		{
			Name: "SMTPCertificateExpired", Severity: Critical,
			Summary: "the certificate of {relay} ({source}) expired {value} ago", Unit: seconds,
			Do:    "Clients that verify certificates refuse this relay. Renew the certificate, and have the relay load it: the probe sees what the relay serves, not the file on its disk.",
			Value: "time since the relay's certificate expired, in seconds,", By: address, Op: ">", Threshold: 0,
			InfluxQL: oneQuery(60, selectBy(`-1 * last("cert_expiry")`, "smtpprobe", "", address...)),
			PromQL:   "-1 * min by (relay, source, ip) (smtpprobe_cert_expiry)",
		},
		{
			Name: "SMTPCertificateExpiring", Severity: Warning,
			Summary: "the certificate of {relay} ({source}), or one in its chain, has {value} left", Unit: seconds,
			Do:    "Renew it, and have the relay load it: the probe sees what the relay serves, not the file on its disk. A negative time means that an intermediate certificate has expired.",
			Value: "time until the certificate or one in its chain expires, in seconds,", By: address, Op: "<", Threshold: dashboards.ExpirySoon,
			InfluxQL: []InfluxQL{
				{Variant: "leaf", Over: 60, Query: selectBy(`last("cert_expiry")`, "smtpprobe", "", address...), NotNegative: true},
				{Variant: "chain", Over: 60, Query: selectBy(`last("chain_expiry")`, "smtpprobe", "", address...)},
			},
			PromQL:      `min by (relay, source, ip) ({__name__=~"smtpprobe_(cert|chain)_expiry"}) < ` + strconv.Itoa(dashboards.ExpirySoon) + ` unless min by (relay, source, ip) (smtpprobe_cert_expiry) < 0`,
			PromQLWhole: true,
		},
		{
			Name: "SMTPTLSNotVerified", Severity: Warning,
			Summary: "{relay} ({source}) is reached over TLS that is not verified",
			Do: "The session is encrypted, but its certificate does not verify: self-signed, another name, an unknown CA, or somebody in between. The dashboard's table TLS sessions has the certificate. " +
				"If this is intended, set tls_ca to the CA that signed it, or silence the alert for this relay.",
			Value: "best result of the verification in the last three intervals (1: verified)", By: address, Op: "<", Threshold: 1,
			InfluxQL: oneQuery(3, selectBy(`max("tls_verified")`, "smtpprobe", "", address...)),
			PromQL:   "max by (relay, source, ip) (max_over_time(smtpprobe_tls_verified[{3}]))",
		},
		{
			Name: "SMTPCapabilityLost", Severity: Critical,
			Summary: "{relay} ({source}) no longer offers STARTTLS, or no longer AUTH",
			Do:      "Mail may now travel in the clear, or users cannot log in. Somebody changed the relay's configuration or a proxy in front of it, or strips the extension on the way. The dashboard's table Changes has before and after. The alert lasts for sixty intervals.",
			Value:   "number of times that the relay stopped offering STARTTLS or AUTH in sixty intervals", By: address, Op: ">=", Threshold: 1,
			InfluxQL: []InfluxQL{lost("STARTTLS", ""), lost("AUTH", ` OR "what" = 'auth' AND "after" = ''`)},
			PromQL:   "count by (relay, source, ip) (last_over_time(smtpprobe_lost_time[{60}]))",
		},
	}
}
