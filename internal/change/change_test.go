package change_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func greeting(host string) change.Value {
	return change.Text(change.GreetingHost, change.Plain, host)
}

func extensions(names ...string) change.Value {
	return change.Set(change.Extensions, change.Plain, names)
}

// observed is a value observed some time after the start, and the change that
// it causes.
type observed struct {
	after time.Duration
	value change.Value
	want  *change.Change // nil: none
}

func TestMemory_Observe(t *testing.T) {
	t.Parallel()
	host := func(before, after string) *change.Change {
		return &change.Change{What: change.GreetingHost, Layer: change.Plain, Before: before, After: after}
	}
	for name, values := range map[string][]observed{
		"first value": {
			{value: greeting("a")},
		},
		"same value": {
			{value: greeting("a")},
			{after: time.Minute, value: greeting("a")},
			{after: 100 * time.Hour, value: greeting("a")},
		},
		"different text": {
			{value: greeting("a")},
			{after: time.Minute, value: greeting("b"), want: host("a", "b")},
			{after: 2 * time.Minute, value: greeting("b")},
		},
		"empty text": {
			{value: greeting("a")},
			{after: time.Minute, value: greeting(""), want: host("a", "")},
		},
		"load balancer that alternates": {
			{value: greeting("a")},
			{after: 1 * time.Minute, value: greeting("b"), want: host("a", "b")},
			{after: 2 * time.Minute, value: greeting("a")},
			{after: 3 * time.Minute, value: greeting("b")},
			{after: 23 * time.Hour, value: greeting("a")},
			{after: 24 * time.Hour, value: greeting("b")},
			{after: 27 * time.Hour, value: greeting("c"), want: host("b", "c")},
		},
		"value last observed a day ago": {
			{value: greeting("a")},
			{after: time.Minute, value: greeting("b"), want: host("a", "b")},
			{after: 24 * time.Hour, value: greeting("a"), want: host("b", "a")},
		},
		"value last observed just under a day ago": {
			{value: greeting("a")},
			{after: time.Minute, value: greeting("b"), want: host("a", "b")},
			{after: 24*time.Hour - time.Second, value: greeting("a")},
		},
		"clock set back": {
			{after: 1000 * time.Hour, value: greeting("a")},
			{after: 1001 * time.Hour, value: greeting("b"), want: host("a", "b")},
			{after: 0, value: greeting("b")},
			{after: time.Hour, value: greeting("a")},
			{after: 2 * time.Hour, value: greeting("b")},
			{after: 26 * time.Hour, value: greeting("a"), want: host("b", "a")},
		},
		"set": {
			{value: extensions("SIZE", "DSN", "STARTTLS")},
			{after: time.Minute, value: extensions("STARTTLS", "SIZE", "DSN", "DSN")},
			{after: 2 * time.Minute, value: extensions("SIZE", "CHUNKING", "DSN", "AUTH"), want: &change.Change{
				What: change.Extensions, Layer: change.Plain, Before: "DSN,SIZE,STARTTLS", After: "AUTH,CHUNKING,DSN,SIZE",
				Added: "AUTH,CHUNKING", Removed: "STARTTLS",
			}},
		},
		"set that becomes empty": {
			{value: extensions("SIZE")},
			{after: time.Minute, value: extensions(), want: &change.Change{
				What: change.Extensions, Layer: change.Plain, Before: "SIZE", After: "", Removed: "SIZE",
			}},
		},
		"layers": {
			{value: extensions("STARTTLS")},
			{value: change.Set(change.Extensions, change.Encrypted, []string{"AUTH"})},
			{after: time.Minute, value: change.Set(change.Extensions, change.Encrypted, []string{"STARTTLS"}), want: &change.Change{
				What: change.Extensions, Layer: change.Encrypted, Before: "AUTH", After: "STARTTLS", Added: "STARTTLS", Removed: "AUTH",
			}},
			{after: time.Minute, value: extensions("STARTTLS")},
		},
		"escapes": {
			{value: greeting("a\r\nb")},
			{after: time.Minute, value: greeting("\x00é\\"), want: host(`a\r\nb`, `\x00\u00e9\\`)},
			{after: time.Hour, value: extensions("A,B", "C")},
			{after: time.Hour, value: extensions("C"), want: &change.Change{
				What: change.Extensions, Layer: change.Plain, Before: `A\x2cB,C`, After: "C", Removed: `A\x2cB`,
			}},
		},
	} {
		for _, mode := range []string{"in memory", "stored"} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				memory := &change.Memory{}
				for i, v := range values {
					var want []change.Change
					if v.want != nil {
						want = []change.Change{*v.want}
					}
					require.Equal(t, want, memory.Observe(start.Add(v.after), v.value), "value %d", i)
					if mode == "stored" {
						memory = stored(t, memory)
					}
				}
			})
		}
	}
}

func TestMemory_ObserveSeveral(t *testing.T) {
	t.Parallel()
	memory := &change.Memory{}
	require.Empty(t, memory.Observe(start, greeting("a"), extensions("SIZE")))
	require.Empty(t, memory.Observe(start.Add(time.Minute), greeting("a")), "extensions were not observed")
	changes := memory.Observe(start.Add(time.Hour), extensions("DSN"), greeting("b"))
	require.Len(t, changes, 2)
	require.Equal(t, change.Extensions, changes[0].What)
	require.Equal(t, change.GreetingHost, changes[1].What)
}

func TestMemory_Differs(t *testing.T) {
	t.Parallel()
	memory := &change.Memory{}
	require.False(t, memory.Differs(greeting("a")), "first value")
	memory.Observe(start, greeting("a"), extensions("SIZE"))
	require.False(t, memory.Differs(greeting("a"), extensions("SIZE")))
	require.True(t, memory.Differs(greeting("a"), extensions("DSN")))
	memory.Observe(start, greeting("b"))
	require.True(t, memory.Differs(greeting("a")), "a known value, but not the last")
}

func TestMemory_ObserveVolatile(t *testing.T) {
	t.Parallel()
	memory := &change.Memory{}
	observe := func(after time.Duration, host string) []change.Change {
		memory = stored(t, memory)
		return memory.Observe(start.Add(after), greeting(host))
	}
	minute := func(i int) time.Duration { return time.Duration(i) * time.Minute }

	require.Empty(t, observe(0, "host0"))
	for i := 1; i < change.MaxValues; i++ {
		require.Len(t, observe(minute(i), fmt.Sprintf("host%d", i)), 1, "value %d", i+1)
	}
	require.Empty(t, observe(minute(9), "host3"), "a known value")
	changes := observe(minute(10), "host8")
	require.Equal(t, []change.Change{{
		What: change.GreetingHost, Layer: change.Plain, Before: "host3", After: change.Volatile,
	}}, changes)

	// No changes are reported for a day.
	quietUntil := minute(10) + change.Window
	for after := minute(11); after < quietUntil; after += time.Hour {
		require.Empty(t, observe(after, "host"+after.String()), after)
	}
	// After that it is still volatile.
	changes = observe(quietUntil, "again")
	require.Len(t, changes, 1)
	require.Equal(t, change.Volatile, changes[0].After)

	// Then it keeps one value.
	for after := quietUntil; after < quietUntil+30*time.Hour; after += time.Hour {
		require.Empty(t, observe(after, "settled"))
	}
	changes = observe(quietUntil+31*time.Hour, "new")
	require.Len(t, changes, 1)
	require.Equal(t, "settled", changes[0].Before)
	require.Equal(t, "new", changes[0].After)
}

func TestMemory_ObserveVolatile_ClockSetBack(t *testing.T) {
	t.Parallel()
	memory := &change.Memory{}
	for i := range change.MaxValues + 1 {
		memory.Observe(start.Add(1000*time.Hour), greeting(fmt.Sprint("host", i)))
	}
	require.Empty(t, memory.Observe(start, greeting("x")), "quiet")
	for after := time.Hour; after < 25*time.Hour; after += time.Hour {
		require.Empty(t, memory.Observe(start.Add(after), greeting("x")))
	}
	require.Len(t, memory.Observe(start.Add(26*time.Hour), greeting("y")), 1, "quiet for a day, not for 1000 hours")
}

func TestChange_Bounds(t *testing.T) {
	t.Parallel()
	many := func(first, n int) []string {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("EXTENSION-%03d", first+i)
		}
		return names
	}
	t.Run("text", func(t *testing.T) {
		t.Parallel()
		memory := &change.Memory{}
		memory.Observe(start, greeting(strings.Repeat("x", 5000)+"1"))
		changes := memory.Observe(start, greeting(strings.Repeat("x", 5000)+"2"))
		require.Len(t, changes, 1, "the difference is in the truncated part")
		require.Len(t, changes[0].After, 1024)
		require.True(t, strings.HasSuffix(changes[0].After, "x..."))
	})
	t.Run("set that grows beyond the limit", func(t *testing.T) {
		t.Parallel()
		memory := &change.Memory{}
		memory.Observe(start, extensions(many(0, 10)...))
		changes := memory.Observe(start, extensions(many(0, 500)...))
		require.Len(t, changes, 1)
		require.LessOrEqual(t, len(changes[0].Added), 1024)
		require.True(t, strings.HasPrefix(changes[0].Added, "EXTENSION-010,"))
		require.NotContains(t, changes[0].Added, "EXTENSION-500")
		require.Empty(t, changes[0].Removed)
	})
	t.Run("set that shrinks from beyond the limit", func(t *testing.T) {
		t.Parallel()
		memory := &change.Memory{}
		memory.Observe(start, extensions(many(0, 500)...))
		changes := memory.Observe(start, extensions(append(many(1, 9), "ZZZ")...))
		require.Len(t, changes, 1)
		require.Empty(t, changes[0].Added, "ZZZ may have been in the truncated part")
		require.True(t, strings.HasPrefix(changes[0].Removed, "EXTENSION-000,EXTENSION-010,"))
	})
	t.Run("set that always changes", func(t *testing.T) {
		t.Parallel()
		memory := &change.Memory{}
		for i := range 1000 {
			memory.Observe(start.Add(time.Duration(i)*time.Second), extensions(many(i, 1000)...))
		}
		data, err := json.Marshal(memory)
		require.NoError(t, err)
		require.Less(t, len(data), (change.MaxValues+1)*1200)
	})
}

func TestMemory_UnmarshalJSON(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data string
		err  string
		want string // JSON of the Memory
	}{
		"empty":            {data: `{}`, want: `{}`},
		"null":             {data: `null`, want: `{}`},
		"unknown property": {data: `{"colour/plain":{"values":[{"sum":"1","text":"red","at":1}]}}`, want: `{}`},
		"unknown layer":    {data: `{"auth/onion":{"values":[{"sum":"1","text":"red","at":1}]}}`, want: `{}`},
		"missing layer":    {data: `{"auth":{"values":[{"sum":"1","text":"red","at":1}]}}`, want: `{}`},
		"no values":        {data: `{"auth/plain":{"values":[]}}`, want: `{}`},
		"unescaped text": {
			data: `{"tls/tls":{"values":[{"sum":"a\n","text":"b\r\u00e9\\x0a","at":1}],"quiet_until":7}}`,
			want: `{"tls/tls":{"values":[{"sum":"a\\n","text":"b\\r\\u00e9\\x0a","at":1}],"quiet_until":7}}`,
		},
		"too many values": {
			data: `{"auth/plain":{"values":[` + strings.Repeat(`{},`, change.MaxValues+1) + `{}]}}`,
			err:  "reading the memory of changes: 10 values of auth/plain",
		},
		"wrong type": {data: `[]`, err: "reading the memory of changes: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memory := &change.Memory{}
			err := memory.UnmarshalJSON([]byte(test.data))
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			data, err := json.Marshal(memory)
			require.NoError(t, err)
			require.JSONEq(t, test.want, string(data))
		})
	}
}

// stored returns a copy of a Memory that was encoded and decoded.
func stored(t *testing.T, memory *change.Memory) *change.Memory {
	t.Helper()
	data, err := json.Marshal(memory)
	require.NoError(t, err)
	read := &change.Memory{}
	require.NoError(t, json.Unmarshal(data, read))
	again, err := json.Marshal(read)
	require.NoError(t, err)
	require.Equal(t, string(data), string(again))
	return read
}
