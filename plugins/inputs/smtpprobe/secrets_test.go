package smtpprobe

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/secretstores"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// memoryStore is a secret store in memory.
type memoryStore struct{ secrets map[string]string }

func (*memoryStore) SampleConfig() string             { return "" }
func (*memoryStore) Init() error                      { return nil }
func (*memoryStore) Set(_, _ string) error            { return errors.New("read only") }
func (*memoryStore) List() ([]string, error)          { return nil, nil }
func (s *memoryStore) Get(key string) ([]byte, error) { return []byte(s.secrets[key]), nil }

func (s *memoryStore) GetResolver(key string) (telegraf.ResolveFunc, error) {
	return func() ([]byte, bool, error) {
		value, err := s.Get(key)
		return value, false, err
	}, nil
}

func TestSecret_LinkedToStore(t *testing.T) {
	secretstores.Add("shelf", func(string) telegraf.SecretStore {
		return &memoryStore{map[string]string{"user": "alice", "pass": "alices", "other": "bobs", "proxy": "socks5://u:p@192.0.2.1:1080"}}
	})
	p := initialized(t, `
		[[secretstores.shelf]]
		id = "shelf"
		[[inputs.smtpprobe]]
		servers = ["smtp://a.example"]
		probe = "auth"
		username = "@{shelf:user}"
		password = "@{shelf:pass}"
		[[inputs.smtpprobe.relay]]
		name = "child"
		url = "smtp://b.example"
		[[inputs.smtpprobe.relay]]
		name = "own"
		url = "smtp://b.example"
		username = "bob"
		password = "@{shelf:other}"
		proxy_url = "@{shelf:proxy}"
		`)
	for name, expected := range map[string]string{"smtp://a.example": "alice alices", "child": "alice alices", "own": "bob bobs"} {
		auth, err := relayNamed(t, p, name).login.auth()
		require.NoError(t, err)
		require.Equal(t, expected, auth.Username+" "+auth.Password, name)
	}
	own := relayNamed(t, p, "own")
	request, err := p.request(own, &own.target)
	require.NoError(t, err)
	require.Equal(t, "socks5://192.0.2.1:1080", fmt.Sprint(request.Prober.Proxy))
}

func TestSecret_ReadForEachProbe(t *testing.T) {
	t.Parallel()
	value, failure := "first", error(nil)
	password := config.NewSecret([]byte("@{shelf:pass}"))
	require.NoError(t, password.Link(map[string]telegraf.ResolveFunc{
		"@{shelf:pass}": func() ([]byte, bool, error) { return []byte(value), true, failure },
	}))
	username := config.NewSecret([]byte("alice"))
	l := &login{username: &username, password: &password}

	auth, err := l.auth()
	require.NoError(t, err)
	require.Equal(t, "first", auth.Password)

	value = "second"
	auth, err = l.auth()
	require.NoError(t, err)
	require.Equal(t, "second", auth.Password)

	value = "third\r\nQUIT"
	_, err = l.auth()
	require.EqualError(t, err, "invalid password: must not contain CR, LF or NUL")

	failure = errors.New("the store is sealed")
	_, err = l.auth()
	require.ErrorContains(t, err, "cannot read secret password")
	require.ErrorContains(t, err, "the store is sealed")
}

func TestSecret_VariablesAndDollars(t *testing.T) {
	t.Setenv("SMTPPROBE_TEST_USER", "alice")
	p := initialized(t, `
		[[inputs.smtpprobe]]
		servers = ["smtp://a.example"]
		probe = "auth"
		username = "${SMTPPROBE_TEST_USER}"
		password = "p$$w0rd"
		`)
	auth, err := p.parsedRelays[0].login.auth()
	require.NoError(t, err)
	require.Equal(t, "alice", auth.Username)
	require.Equal(t, "p$w0rd", auth.Password)
}

// Telegraf's loader does not replace a variable that is not set. Its name must not be
// sent as a password.
func TestSecret_UnsetVariable(t *testing.T) {
	for name, tt := range map[string]struct{ settings, err string }{
		"braces":        {`password = "${SMTPPROBE_TEST_UNSET}"`, "password: environment variable SMTPPROBE_TEST_UNSET is not set"},
		"no braces":     {`password = "$SMTPPROBE_TEST_UNSET"`, "password: environment variable SMTPPROBE_TEST_UNSET is not set"},
		"within a text": {`password = "a${SMTPPROBE_TEST_UNSET}b"`, "password: environment variable SMTPPROBE_TEST_UNSET is not set"},
		"lower case":    {`password = "${unset_variable}"`, "password: environment variable unset_variable is not set"},
		"token":         {`token = "${SMTPPROBE_TEST_UNSET}"`, "token: environment variable SMTPPROBE_TEST_UNSET is not set"},
		"proxy":         {"password = \"p\"\nproxy_url = \"socks5://u:${SMTPPROBE_TEST_UNSET}@127.0.0.1:1\"", "proxy_url: environment variable SMTPPROBE_TEST_UNSET is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := smtptest.Start(t, smtptest.Script{Extensions: []string{"AUTH PLAIN XOAUTH2"}})
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				servers = ["smtp://%s"]
				helo = "probe.example"
				probe = "auth"
				auth_cleartext = true
				username = "probe"
				%s`, srv.Addr(), tt.settings))
			acc := newRecord(t)
			require.NoError(t, p.Gather(acc))
			m := acc.only(t, "smtpprobe")
			require.Equal(t, "config_error", m.Tags()["error_class"], m.Fields())
			require.Contains(t, m.Fields()["error"], tt.err)
			for _, session := range srv.Sessions() {
				require.NotContains(t, strings.Join(session.Commands(), "\n"), "AUTH")
			}
		})
	}
}

func TestSecret_DollarInPassword(t *testing.T) {
	for _, password := range []string{"$", "$$", "pa$SWORD", "$ecret", "$1", "${}", "{A}", "$AB-C"} {
		s := config.NewSecret([]byte(password))
		value, err := open("password", &s)
		require.NoError(t, err, password)
		require.Equal(t, password, value)
	}
}

// Open secrets need locked memory, which is limited.
func TestSecret_ConcurrentlyOpen(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	password := config.NewSecret([]byte("@{shelf:pass}"))
	require.NoError(t, password.Link(map[string]telegraf.ResolveFunc{
		"@{shelf:pass}": func() ([]byte, bool, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Millisecond)
			return []byte("s3cret"), true, nil
		},
	}))
	username := config.NewSecret([]byte("probe"))
	p := withEngine(t, many(1000), func(p *SMTPProbe) {
		p.MaxConcurrent = 1000
		p.Settings.Probe, p.Username, p.Password = "auth", &username, &password
	})
	require.Len(t, p.gathered(t).named("smtpprobe"), 1000)
	require.LessOrEqual(t, most.Load(), int64(cap(openSecrets)))
	require.Greater(t, most.Load(), int64(1))
}
