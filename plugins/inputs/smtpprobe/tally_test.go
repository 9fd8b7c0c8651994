package smtpprobe

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestGather_Tally(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(4), func(p *SMTPProbe) {
			p.Alias = "edge"
			p.Backoff = config.Duration(time.Hour)
			p.MaxConcurrent = 1
		})
		s.probeAs = func(p *probeRequest) *smtpprobe.Result {
			time.Sleep(time.Second)
			switch p.Target.Host {
			case "r0.example":
				return refusing(p)
			case "r1.example":
				return failing(p, smtperr.New(smtperr.ClassAuthFailed, "", smtperr.PhaseAuth, nil))
			}
			return working(p)
		}
		point := func() map[string]any {
			m := s.gathered(t).only(t, "smtpprobe_gather")
			require.Equal(t, map[string]string{"instance": "edge"}, m.Tags())
			return m.Fields()
		}
		expected := map[string]any{
			"targets": int64(4), "succeeded": int64(2), "failed": int64(2), "failed_network": int64(1), "skipped": int64(0),
			"canceled": int64(0), "duration": 4.0, "suspect": int64(0),
		}
		require.Equal(t, expected, point())
		require.Equal(t, expected, point(), "no pause after the first failure")
		expected["failed"], expected["failed_network"], expected["skipped"], expected["duration"] = int64(0), int64(0), int64(2), 2.0
		require.Equal(t, expected, point())
	})
}

func TestGather_Suspect(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		targets, refusing int
		class             smtperr.Class
		suspect           int64
	}{
		"all of ten, network":          {targets: 10, refusing: 10, class: smtperr.ClassConnectError, suspect: 1},
		"more than half, network":      {targets: 11, refusing: 6, class: smtperr.ClassConnectTimeout, suspect: 1},
		"more than half, this machine": {targets: 10, refusing: 6, class: smtperr.ClassLocalError, suspect: 1},
		"half":                         {targets: 10, refusing: 5, class: smtperr.ClassConnectError, suspect: 0},
		"too few targets":              {targets: 9, refusing: 9, class: smtperr.ClassConnectError, suspect: 0},
		"all of ten, relays":           {targets: 10, refusing: 10, class: smtperr.ClassServiceUnavailable, suspect: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withEngine(t, many(tt.targets), nil)
			s.probeAs = func(p *probeRequest) *smtpprobe.Result {
				number, err := strconv.Atoi(p.Target.Host[1 : len(p.Target.Host)-len(".example")])
				if err != nil || number >= tt.refusing {
					return working(p)
				}
				return failing(p, smtperr.New(tt.class, "", smtperr.PhaseConnect, nil))
			}
			require.Equal(t, tt.suspect, s.gathered(t).only(t, "smtpprobe_gather").Fields()["suspect"])
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	var n numbers
	require.Equal(t, 1, n.take())
	require.Equal(t, 2, n.take())
	require.Equal(t, 3, n.take())
	n.free(2)
	require.Equal(t, 2, n.take(), "an instance has the same number after a reload")
	require.Equal(t, 4, n.take())
}

// An instance without an alias has a number, which Stop frees and Start takes.
func TestInstance(t *testing.T) {
	s := withEngine(t, many(1), nil)
	for range 2 {
		require.Regexp(t, `^[1-9]\d*$`, s.gathered(t).only(t, "smtpprobe_gather").Tags()["instance"])
		s.Stop()
		require.NoError(t, s.Start(nil))
	}
}
