package mailflow_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

const secret = "0123456789abcdef"

func newKey(t testing.TB) mailflow.Key {
	t.Helper()
	key, err := mailflow.NewKey([]byte(secret))
	require.NoError(t, err)
	return key
}

func TestKey_Sign(t *testing.T) {
	t.Parallel()
	flow := sha256.Sum256([]byte("agent\x00relay"))
	require.Equal(t, hexOf(flow[:4]), mailflow.FlowID("agent", "relay"))

	sent := time.UnixMilli(1764091479123)
	token := mailflow.Token{Flow: mailflow.FlowID("agent", "relay"), Run: "00c0ffee", Seq: 7, Sent: sent}
	payload := "1." + token.Flow + ".00c0ffee.7.1764091479123"
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(payload))
	want := payload + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
	require.Equal(t, want, newKey(t).Sign(token))

	got, err := newKey(t).Verify(want)
	require.NoError(t, err)
	require.Equal(t, token, got)
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

func TestKey_Verify_Foreign(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	valid := key.Sign(mailflow.Token{Flow: "01234567", Run: "89abcdef", Seq: 12, Sent: time.UnixMilli(1764091479123)})
	mac := valid[strings.LastIndexByte(valid, '.'):]
	other, err := mailflow.NewKey([]byte("another key of 16 bytes"))
	require.NoError(t, err)
	tests := []struct{ name, text string }{
		{name: "empty", text: ""},
		{name: "random id", text: "J2DLHDXA5S6GNAWVVGPZ6HQXXN"},
		{name: "another key", text: other.Sign(mailflow.Token{Flow: "01234567", Run: "89abcdef", Seq: 12, Sent: time.UnixMilli(1764091479123)})},
		{name: "modified sequence number", text: strings.Replace(valid, ".12.", ".13.", 1)},
		{name: "modified flow", text: strings.Replace(valid, "01234567", "01234568", 1)},
		{name: "modified time", text: strings.Replace(valid, "1764091479123", "1764091479124", 1)},
		{name: "modified version", text: "2" + valid[1:]},
		{name: "leading zero", text: strings.Replace(valid, ".12.", ".012.", 1)},
		{name: "sign", text: strings.Replace(valid, ".12.", ".+12.", 1)},
		{name: "sequence number 0", text: "1.01234567.89abcdef.0.1764091479123" + mac},
		{name: "sequence number that exceeds 64 bits", text: "1.01234567.89abcdef.99999999999999999999.1764091479123" + mac},
		{name: "upper case", text: strings.Replace(valid, "89abcdef", "89ABCDEF", 1)},
		{name: "no signature", text: strings.TrimSuffix(valid, mac)},
		{name: "empty signature", text: strings.TrimSuffix(valid, mac) + "."},
		{name: "short signature", text: valid[:len(valid)-4]},
		{name: "padded signature", text: valid + "=="},
		{name: "CR in the signature", text: valid[:len(valid)-4] + "\r" + valid[len(valid)-4:]},
		{name: "trailing text", text: valid + " x"},
		{name: "additional part", text: valid + ".x"},
		{name: "long text", text: valid + strings.Repeat("A", 1<<20)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := key.Verify(tt.text)
			require.Error(t, err)
			require.LessOrEqual(t, len(err.Error()), 80, "the error must not repeat the text")
		})
	}
}

func TestNewKey_TooShort(t *testing.T) {
	t.Parallel()
	_, err := mailflow.NewKey([]byte("fifteen bytes.."))
	require.EqualError(t, err, "must be at least 16 bytes")

	_, err = mailflow.Key{}.Verify(newKey(t).Sign(mailflow.Token{Flow: "01234567", Run: "89abcdef", Seq: 1, Sent: time.Now()}))
	require.Error(t, err, "the zero Key")
}

func TestEnvelopeID(t *testing.T) {
	t.Parallel()
	signed := newKey(t).Sign(mailflow.Token{Flow: "01234567", Run: mailflow.NewRun(), Seq: 1 << 40, Sent: time.Now()})
	require.Equal(t, signed, mailflow.EnvelopeID(signed), "a token needs no encoding")
	require.LessOrEqual(t, len(signed), 100, "RFC 3461 §4.4")
	require.Equal(t, "a+20b+2Bc+3D", mailflow.EnvelopeID("a b+c="))
}

func FuzzToken(f *testing.F) {
	key := newKey(f)
	f.Add(key.Sign(mailflow.Token{Flow: "01234567", Run: "89abcdef", Seq: 1, Sent: time.UnixMilli(1764091479123)}))
	f.Add("1.01234567.89abcdef.1.1.AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := key.Verify(text)
		if err != nil {
			return
		}
		require.Equal(t, text, key.Sign(token), "a token has exactly one form")
	})
}
