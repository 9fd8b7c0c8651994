package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	want := &STSPolicy{Mode: STSTesting, MaxAge: maxSTSAge, MX: []string{"*.a.test"}}
	for name, body := range map[string]string{
		"CRLF":                      "version: STSv1\r\nmode: testing\r\nmx: *.a.test\r\nmax_age: 31557600\r\n",
		"LF":                        "version: STSv1\nmode: testing\nmx: *.a.test\nmax_age: 31557600\n",
		"no final line end":         "version: STSv1\nmode: testing\nmx: *.a.test\nmax_age: 31557600",
		"another order":             "mx: *.a.test\nmax_age: 31557600\nmode: testing\nversion: STSv1\n",
		"no space and spaces":       "version:STSv1\nmode: \t testing\nmx:*.a.test \nmax_age:31557600 \n",
		"upper case in mx":          "version: STSv1\nmode: testing\nmx: *.A.Test\nmax_age: 31557600\n",
		"empty lines":               "\nversion: STSv1\n\nmode: testing\nmx: *.a.test\nmax_age: 31557600\n\n",
		"unknown keys":              "version: STSv1\nfuture: x: y\nmode: testing\nmx: *.a.test\nmax_age: 31557600\nempty:\n",
		"repeated keys, first wins": "version: STSv1\nmode: testing\nmode: enforce\nmx: *.a.test\nmax_age: 31557600\nmax_age: 1\n",
	} {
		p, err := parsePolicy([]byte(body))
		require.NoError(t, err, name)
		require.Equal(t, want, p, name)
	}
	for name, body := range map[string]string{
		"empty":               "",
		"no version":          "mode: enforce\nmx: a.test\nmax_age: 1\n",
		"other version":       "version: STSv2\nmode: enforce\nmx: a.test\nmax_age: 1\n",
		"no mode":             "version: STSv1\nmx: a.test\nmax_age: 1\n",
		"unknown mode":        "version: STSv1\nmode: Enforce\nmx: a.test\nmax_age: 1\n",
		"no mx":               "version: STSv1\nmode: enforce\nmax_age: 1\n",
		"invalid mx":          "version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1\n",
		"wildcard inside":     "version: STSv1\nmode: enforce\nmx: a.*.test\nmax_age: 1\n",
		"bare wildcard":       "version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n",
		"empty mx":            "version: STSv1\nmode: enforce\nmx:\nmax_age: 1\n",
		"no max_age":          "version: STSv1\nmode: enforce\nmx: a.test\n",
		"max_age over a year": "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 31557601\n",
		"overflowing max_age": "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 18446744073709551615\n",
		"negative max_age":    "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: -1\n",
		"no colon":            "version: STSv1\nmode enforce\nmx: a.test\nmax_age: 1\n",
	} {
		_, err := parsePolicy([]byte(body))
		require.Error(t, err, name)
	}
}

func TestSTSPolicy_Covers(t *testing.T) {
	t.Parallel()
	p := &STSPolicy{MX: []string{"mx.a.test", "*.b.test"}}
	for host, want := range map[string]bool{
		"mx.a.test": true, "MX.A.test.": true, "a.test": false, "x.mx.a.test": false,
		"x.b.test": true, "b.test": false, "y.x.b.test": false, "xb.test": false, "": false,
	} {
		require.Equal(t, want, p.Covers(host), host)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(goodPolicy))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parsePolicy(body)
		if err == nil && (p.MaxAge > maxSTSAge || p.Mode != STSNone && len(p.MX) == 0) {
			t.Fatalf("accepted %q", body)
		}
	})
}
