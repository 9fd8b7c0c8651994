package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// blackboxModules is the configuration of blackbox_exporter: the session of the
// other contestants as a script of its TCP prober.
const blackboxModules = `modules:
  plain:
    prober: tcp
    timeout: 5s
    tcp: &session
      query_response:
        - expect: "^220"
        - send: "EHLO probe.test\r"
        - expect: "^250 "
        - send: "QUIT\r"
        - expect: "^221"
  secured:
    prober: tcp
    timeout: 5s
    tcp:
      <<: *session
      tls: true
      tls_config: {ca_file: %q, server_name: %s}
`

// blackbox runs each session as one HTTP request to Prometheus's
// blackbox_exporter. Its CPU time is that of its own process: what Prometheus
// spends on the request and on parsing the metrics is not counted. The
// environment variable BLACKBOX_EXPORTER may name the program.
func blackbox(e *endpoint, sessions, inflight int) (*trial, error) {
	program, err := exec.LookPath(cmp.Or(os.Getenv("BLACKBOX_EXPORTER"), "prometheus-blackbox-exporter"))
	if err != nil {
		return nil, errMissing
	}
	dir, err := os.MkdirTemp("", "bench-blackbox-")
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "blackbox.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, blackboxModules, e.ca, serverName), 0o600); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "--config.file="+config, "--web.listen-address="+address, "--log.level=error")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := &trial{
		cpu: func() time.Duration { return cpuTimeOf(cmd.Process.Pid) },
		stop: func() {
			_ = cmd.Process.Kill() //nolint:errcheck // it may have ended
			_ = cmd.Wait()         //nolint:errcheck // "signal: killed"
			_ = os.RemoveAll(dir)
		},
	}
	module := "plain"
	if e.tls != nil {
		module = "secured"
	}
	client := &http.Client{Timeout: 2 * sessionTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: inflight}}
	probe := "http://" + address + "/probe?module=" + module + "&target="
	t.run = func() error {
		return each(sessions, inflight, func(i int) error { return requestProbe(client, probe+url.QueryEscape(e.addr(i))) })
	}
	if err := waitForServer(address); err != nil {
		t.stop()
		return nil, err
	}
	return t, nil
}

func requestProbe(client *http.Client, address string) error {
	response, err := client.Get(address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	metrics, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if !bytes.Contains(metrics, []byte("probe_success 1")) {
		return fmt.Errorf("blackbox_exporter: the probe failed: %s", metrics)
	}
	return nil
}

// freeAddress returns a loopback address on which nothing listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// waitForServer waits until a server accepts connections.
func waitForServer(address string) error {
	const limit = 10 * time.Second
	var err error
	for start := time.Now(); time.Since(start) < limit; time.Sleep(10 * time.Millisecond) {
		var conn net.Conn
		if conn, err = net.Dial("tcp", address); err == nil {
			return conn.Close()
		}
	}
	return err
}

// cpuTimeOf returns the user and system time of a process from /proc (proc(5):
// utime and stime, in ticks of 10 ms), 0 where there is none.
func cpuTimeOf(pid int) time.Duration {
	const tick = 10 * time.Millisecond
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	fields := bytes.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * tick
}
