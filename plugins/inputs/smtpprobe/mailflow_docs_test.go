package smtpprobe

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMailFlow_Documentation(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/mailflow.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	require.Len(t, blocks, 6)
	for _, block := range blocks {
		for _, variable := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(block[1], -1) {
			t.Setenv(variable[1], flowKey)
		}
		p := initialized(t, block[1])
		require.NotEmpty(t, p.tracker.boxes)
		for _, r := range p.parsedRelays {
			require.True(t, p.tracker.tracks(r.name))
		}
	}
}

func TestSampleConfig_Mailbox(t *testing.T) {
	p, err := load(t, uncommented(t))
	require.NoError(t, err)
	require.Len(t, p.Mailboxes, 1)
	m := NewMailbox("", &p.Settings, nil, nil)
	require.Equal(t, m.Deadline, p.Mailboxes[0].Deadline)
	require.Equal(t, m.Late, p.Mailboxes[0].Late)
	require.Equal(t, m.MaxInFlight, p.Mailboxes[0].MaxInFlight)
	require.Equal(t, m.Delete, p.Mailboxes[0].Delete)
	text := uncommented(t)
	for key := range mailboxKeys {
		require.Regexp(t, `(?m)^ *`+key+` = `, text)
	}
}
