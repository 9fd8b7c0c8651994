// Package monitoring tests the dashboards, the alerts and the documented queries
// against real databases. Its files are behind the build tag e2e; "make e2e" runs
// it.
//
// In TestScenario two real Telegrafs, a stock one and one with the plugin linked
// in, probe scripted relays every second. They write to InfluxDB 1.6 (Debian's),
// to InfluxDB 1.8 (for Flux) and to Prometheus, which sends its alerts to
// Alertmanager. The relays go through a sequence of states: healthy, logins
// refused, mail refused, slow, down for one agent, down for both, recovered, and
// one agent stopped. After each step exactly the expected alerts must fire, and
// notify, and every query of every dashboard must return the expected data.
package monitoring
