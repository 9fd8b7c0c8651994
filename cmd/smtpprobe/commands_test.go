package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestClasses(t *testing.T) {
	text, markdown, object := program("classes"), program("classes", "--markdown"), program("classes", "--json")
	var rows []map[string]any
	require.NoError(t, json.Unmarshal([]byte(object.stdout), &rows))
	require.Len(t, rows, len(smtperr.Classes())-1, "no failure is no class of them")
	for i, row := range rows {
		class := smtperr.Classes()[i+1]
		require.Equal(t, class.String(), row["class"])
		require.InEpsilon(t, float64(class), row["result_code"], 0)
		require.Contains(t, text.stdout, "\n"+class.String()+" ")
		require.Contains(t, markdown.stdout, "| `"+class.String()+"` | "+strconv.Itoa(int(class))+" |")
	}
}

func TestSampleConfig(t *testing.T) {
	sample := program("sample-config")
	require.Equal(t, statusOK, sample.status)
	require.Contains(t, sample.stdout, "[[inputs.smtpprobe]]")
	inputs, err := execd.Load(t.Context(), configFile(t, sample.stdout), false, io.Discard)
	require.NoError(t, err)
	require.Len(t, inputs, 1)
}

func TestVersion(t *testing.T) {
	for _, arg := range []string{"version", "--version", "-V"} {
		require.Regexp(t, `^smtpprobe \S+ go\S+ \w+/\w+\n$`, program(arg).stdout)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"check", "--help"}, {"relays", "-h"}} {
		got := program(args...)
		require.Equal(t, statusOK, got.status)
		require.Contains(t, got.stdout, "USAGE")
		require.Empty(t, got.stderr)
	}
}

func TestRelays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	base := freeBase(t)
	got := program("relays", "--base", strconv.Itoa(base), "--dir", dir, "--for", "1ms")
	require.Equal(t, statusOK, got.status, got.stderr)
	require.Contains(t, got.stdout, "smtp://127.0.0.1:"+strconv.Itoa(base)+" ")
	require.FileExists(t, filepath.Join(dir, demo.CAFile))
}

func TestRelays_PortTaken(t *testing.T) {
	base := freeBase(t)
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(base+1)))
	require.NoError(t, err)
	defer l.Close()
	got := program("relays", "--base", strconv.Itoa(base), "--dir", t.TempDir())
	require.Equal(t, statusFailed, got.status)
	require.Equal(t, 1, strings.Count(got.stderr, "\n"), got.stderr)
	require.Contains(t, got.stderr, strconv.Itoa(base+1))
}

// freeBase finds room for the relays below the ports that systems give out.
func freeBase(t *testing.T) int {
	t.Helper()
	for base := 11000 + os.Getpid()%100*100; base < 32000; base += 100 {
		if fleet, err := demo.Start(t.Context(), demo.Options{Base: base}); err == nil {
			fleet.Close()
			return base
		}
	}
	require.FailNow(t, "no free range of ports")
	return 0
}
