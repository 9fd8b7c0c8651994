package smtpprobe

import (
	"testing"
	"time"

	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	serializer "github.com/influxdata/telegraf/plugins/serializers/influx"
	"github.com/stretchr/testify/require"
)

// roundTrip returns the value of a tag after encoding and decoding as line protocol.
func roundTrip(t *testing.T, value string) string {
	t.Helper()
	s, p := &serializer.Serializer{}, &influx.Parser{}
	require.NoError(t, s.Init())
	require.NoError(t, p.Init())
	m := metric.New("m", map[string]string{"relay": value, "z": "last"}, map[string]any{"f": int64(1)}, time.Unix(0, 1))
	line, err := s.Serialize(m)
	if err != nil {
		return "not serialized: " + err.Error()
	}
	parsed, err := p.Parse(line)
	if err != nil || len(parsed) != 1 {
		return "not parsed"
	}
	return parsed[0].Tags()["relay"]
}

// Line protocol must preserve each accepted name, and change each refused one.
func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"mx1", "smtp://mail.example:25", "two words", " edges ", "a,b=c", `back\slash`, `two\\slashes`, `a\ b`, `a\,b`, `a\=b`, `"quoted"`, "größe", "日本", "😀", "a\u2028b", "#", "a=b, c d",
	} {
		require.NoError(t, checkName("name", name), "%q", name)
		require.Equal(t, name, roundTrip(t, name))
	}
	for _, name := range []string{`end\`, `end\\`, "a\nb", "a\rb", "a\tb", "a\fb"} {
		require.Error(t, checkName("name", name), "%q", name)
		require.NotEqual(t, name, roundTrip(t, name), "%q need not be refused", name)
	}
}
