//go:build e2e

package monitoring

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/alerts"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// alertmanager is an Alertmanager with the configuration for users.
type alertmanager struct {
	*e2e.Program
	address string
}

func startAlertmanager(t *testing.T) *alertmanager {
	t.Helper()
	path, err := exec.LookPath("prometheus-alertmanager")
	require.NoError(t, err, "internal/e2e/install.sh installs it")
	place := e2e.PlaceFor(t, "alertmanager")
	config := place.WriteFile(t, "alertmanager.yml", alerts.Alertmanager(timing))
	a := &alertmanager{address: place.At(9093), Program: e2e.StartProgram(t, place, "alertmanager", path,
		"--config.file="+config, "--storage.path="+place.File("data"), "--web.listen-address="+place.At(9093),
		"--cluster.listen-address=", "--log.level=warn")}
	a.Await(t, "it is ready", func() bool { return up(t, "http://"+a.address+"/-/ready") })
	return a
}

// notifying returns the alerts that are not inhibited.
func (a *alertmanager) notifying(t *testing.T) []alert {
	t.Helper()
	status, body := request(t, http.MethodGet, "http://"+a.address+"/api/v2/alerts?active=true&inhibited=false&silenced=false", "", "")
	require.Equal(t, http.StatusOK, status, "%s", body)
	var active []struct{ Labels map[string]string }
	require.NoError(t, json.Unmarshal(body, &active))
	found := make([]alert, 0, len(active))
	for _, alert := range active {
		found = append(found, newAlert(alert.Labels["alertname"], alert.Labels))
	}
	return distinct(found)
}
