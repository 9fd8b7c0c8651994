//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func nativeBinary(t *testing.T) string {
	return Built(t, "TELEGRAF_NATIVE_BIN", "telegraf-native")
}

// In a Telegraf with the plugin linked in, the settings of all inputs and secret
// stores work in the plugin's section.
func TestNativeTelegraf(t *testing.T) {
	files := NewTLSFiles(t)
	accounts := &smtptest.Accounts{Passwords: map[string]string{Username: Password}, OnlyTLS: true}
	healthy := smtptest.Start(t, smtptest.Script{Accounts: accounts, TLS: certs.Server(files.Issue(certs.For("127.0.0.1")))})
	busy := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Then(smtptest.Say("421 4.3.2 busy, try again later"), smtptest.HalfClose())})

	place := PlaceFor(t, "native")
	config := place.WriteFile(t, "telegraf.conf", fmt.Sprintf(`
[global_tags]
  site = "everywhere"
[agent]
  interval = "1s"
  flush_interval = "1s"
  omit_hostname = true

[[secretstores.jose]]
  id = "mail"
  path = %[1]q
  password = "for the store"

[[inputs.smtpprobe]]
  alias = "outbound"
  name_suffix = "_native"
  fieldexclude = ["extensions"]
  timeout = "900ms"
  tls_ca = %[2]q
  [inputs.smtpprobe.tags]
    environment = "e2e"
  [[inputs.smtpprobe.relay]]
    name = "healthy"
    url = "submission://%[3]s"
    probe = "auth"
    username = "@{mail:user}"
    password = "@{mail:password}"
  [[inputs.smtpprobe.relay]]
    name = "busy"
    url = "smtp://%[4]s"

[[inputs.internal]]

[[outputs.file]]
  files = [%[5]q]
  data_format = "influx"
`, place.File("secrets"), files.CA, healthy.Addr(), busy.Addr(), place.File("metrics")))

	for key, value := range map[string]string{"user": Username, "password": Password} {
		out, err := exec.Command(nativeBinary(t), "--config", config, "secrets", "set", "mail", key, value).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	tg := &Telegraf{Program: StartProgram(t, place, "telegraf", nativeBinary(t), "--config", config)}

	await := func(name string) telegraf.Metric {
		return tg.AwaitMetric(t, name, func(m telegraf.Metric) bool {
			return m.Name() == "smtpprobe_native" && m.Tags()["relay"] == name
		})
	}
	succeeded := await("healthy")
	require.Equal(t, Outcome("none/none:235:done"), outcomeOf(succeeded), "%v", succeeded.Fields()["error"])
	require.Equal(t, int64(1), succeeded.Fields()["success"])
	require.Equal(t, "e2e", succeeded.Tags()["environment"])
	require.Equal(t, "everywhere", succeeded.Tags()["site"])
	require.Contains(t, succeeded.Fields(), "auth_time")
	require.NotContains(t, succeeded.Fields(), "extensions")

	failed := await("busy")
	require.Equal(t, Outcome("service_unavailable/congested:421:greeting"), outcomeOf(failed))
	require.Equal(t, int64(0), failed.Fields()["success"])
	require.Equal(t, "e2e", failed.Tags()["environment"])

	gather := tg.AwaitMetric(t, "the alias in Telegraf's statistics of itself", func(m telegraf.Metric) bool {
		return m.Name() == "internal_gather" && m.Tags()["input"] == "smtpprobe" && m.Tags()["alias"] == "outbound"
	})
	require.Equal(t, int64(0), gather.Fields()["errors"], "a failing relay is data")

	tg.Stop(t)
	require.NotContains(t, tg.Output(), " E! ")
	for _, secret := range secrets {
		require.NotContains(t, tg.Output(), secret)
	}
}
