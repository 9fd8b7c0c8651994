// Package story tests the dashboards and the alerts against real databases. It
// is behind the build tag e2e and part of "make e2e".
//
// Two real Telegrafs, one stock and one with the plugin linked in, probe
// scripted relays every second and write to a real InfluxDB 1.6 (Debian's), an
// InfluxDB 1.8 (for Flux) and a real Prometheus, which sends its alerts to a
// real Alertmanager. The relays go through a story: healthy, refused logins,
// refusals, slow, down for one agent, down for both, recovered, and an agent
// that falls silent. At each point the alerts that fire, and those that notify
// somebody, must be exactly those that should, and every query of every
// dashboard is asked and what it says compared.
package story
