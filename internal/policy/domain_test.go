package policy

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
)

func TestSource_MX(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		answer  dnstest.Answer
		secure  bool
		mxName  string // domain.test if empty
		failure DANE
	}{
		{name: "secure", answer: dnstest.Secure(dnstest.Records("MX 10 mx.test.")), secure: true},
		{name: "insecure", answer: dnstest.Records("MX 10 mx.test.")},
		{name: "secure NODATA", answer: dnstest.Secure(dnstest.NoData()), secure: true},
		{name: "secure null MX", answer: dnstest.Secure(dnstest.Records("MX 0 .")), secure: true},
		{name: "secure CNAME", answer: dnstest.Secure(dnstest.Chain("domain.test CNAME other.test.", "other.test MX 10 mx.test.")), secure: true, mxName: "other.test"},
		{name: "bogus", answer: dnstest.Bogus(dnstest.Records("MX 10 mx.test.")), failure: DANEBogus},
		{name: "SERVFAIL", answer: dnstest.ServFail(), failure: DANEError},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := testSource(t, dnstest.Zone{"domain.test": tt.answer})
			d := s.Domain(t.Context(), "domain.test").Get(t.Context())
			require.Equal(t, tt.secure, d.MXSecure)
			require.Equal(t, tt.failure, d.MXFailure)
			if tt.mxName == "" {
				tt.mxName = "domain.test"
			}
			require.Equal(t, tt.mxName, d.MXName)
			require.Equal(t, STSNone, d.STS.State)
		})
	}
}
