//go:build e2e

package story

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/alerts"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// kapacitor is one server, with the TICKscripts as its tasks.
type kapacitor struct {
	*e2e.Program
	url string
}

// startKapacitor needs the database to be there.
func startKapacitor(t *testing.T, db *influxDB, scripts map[string]string) *kapacitor {
	t.Helper()
	place := e2e.PlaceFor(t, "kapacitor")
	for name, script := range scripts {
		place.WriteFile(t, path.Join("load", "tasks", name), script)
	}
	config := place.WriteFile(t, "kapacitor.conf", fmt.Sprintf(`
hostname = "localhost"
data_dir = %q
[http]
  bind-address = %q
  log-enabled = false
[storage]
  boltdb = %q
[replay]
  dir = %q
[task]
  dir = %q
[load]
  enabled = true
  dir = %q
[logging]
  file = "STDERR"
  level = "INFO"
[reporting]
  enabled = false
[stats]
  enabled = false
[[influxdb]]
  enabled = true
  name = "default"
  default = true
  urls = [%q]
  disable-subscriptions = true
`, place.File("data"), place.At(9092), place.File("kapacitor.db"), place.File("replay"), place.File("tasks"), place.File("load"), db.url))
	k := &kapacitor{url: "http://" + place.At(9092), Program: e2e.StartProgram(t, place, "kapacitord",
		e2e.Built(t, "KAPACITOR_BIN", "kapacitord"), "-config", config)}
	k.Await(t, "runs every task", func() bool {
		_, body := request(t, http.MethodGet, k.url+"/kapacitor/v1/tasks?fields=executing&fields=error", "", "")
		var all struct{ Tasks []struct{ Executing bool } }
		return json.Unmarshal(body, &all) == nil && len(all.Tasks) == len(scripts) && all.Tasks[len(scripts)-1].Executing
	})
	return k
}

// firing are the alerts whose level in the topic is not OK. Kapacitor's own
// selection by level misses some (its order of levels is not one).
func (k *kapacitor) firing(t *testing.T) []fired {
	t.Helper()
	status, body := request(t, http.MethodGet, k.url+"/kapacitor/v1/alerts/topics/"+alerts.Topic+"/events?min-level=OK", "", "")
	if status == http.StatusNotFound { // nothing has fired yet
		return nil
	}
	require.Equal(t, http.StatusOK, status, "%s", body)
	var topic struct {
		Events []struct {
			ID    string
			State struct{ Level string }
		}
	}
	require.NoError(t, json.Unmarshal(body, &topic))
	found := make([]fired, 0, len(topic.Events))
	for _, event := range topic.Events {
		if event.State.Level != "OK" {
			found = append(found, firedByID(event.ID))
		}
	}
	return distinct(found)
}
