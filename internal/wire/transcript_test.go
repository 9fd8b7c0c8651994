package wire

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mask"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func texts(log *Transcript) []string {
	var list []string
	for _, line := range log.Lines() {
		list = append(list, string(line.Dir)+" "+line.Text)
	}
	return list
}

func TestTranscript_Lines(t *testing.T) {
	t.Parallel()
	secrets := new(mask.Secrets)
	secrets.Add("correct horse")
	log := NewTranscript(time.Now(), secrets)
	log.Event("connected")
	log.sent("EHLO probe.test")
	log.reply(smtperr.NewReply(250, []string{"relay.test correct horse", "a\x1b[31mb", ""}))
	log.Note("(message of 10 bytes)")
	require.Equal(t, []string{
		"* connected", "C EHLO probe.test", "S 250-relay.test ***", `S 250-a\x1b[31mb`, "S 250", "C (message of 10 bytes)",
	}, texts(log))
}

func TestTranscript_Bounds(t *testing.T) {
	t.Parallel()
	log := NewTranscript(time.Now(), nil)
	log.reply(smtperr.NewReply(250, []string{strings.Repeat("x", maxTranscriptLine-len("250 "))}))
	log.reply(smtperr.NewReply(250, []string{strings.Repeat("x", maxLine)}))
	for range maxTranscript {
		log.Event("more")
	}
	list := texts(log)
	require.Len(t, list, maxTranscript+1)
	require.Equal(t, "S 250 "+strings.Repeat("x", 508), list[0])
	require.Equal(t, "S 250 "+strings.Repeat("x", 508)+"...", list[1])
	require.Equal(t, "* 2 more lines", list[maxTranscript])
}

func TestTranscript_Nil(t *testing.T) {
	t.Parallel()
	var log *Transcript
	log.Event("connected")
	log.InAuth(true)
	log.reply(smtperr.NewReply(250, []string{"ok"}))
	require.Empty(t, log.Lines())
}
