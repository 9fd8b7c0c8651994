#!/bin/sh
# Makes the pictures of the documentation: records the results of the scenario in
# this folder, renders them as a report and, through an InfluxDB, as panels of the
# dashboard, and takes screenshots of both with a browser.
set -eu

program=$1
images=$2
influxd=$3
browser=${BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ]; then
	echo 'images.sh: install chromium, or set BROWSER to a Chromium browser' >&2
	exit 1
fi
work=$(mktemp -d)
database=
trap 'test -z "$database" || kill "$database"; rm -rf "$work"' EXIT INT TERM

go run ./internal/report/record -program "$program" >"$work/results.lp"
"$program" report --output "$work/report.html" "$work/results.lp"

# picture NAME HEIGHT SECTIONS [FLAG] shows these sections of the page, or its upper
# part without SECTIONS. The waterfall of the relay "submission" is open.
picture() {
	{
		sed 's/<details>\(<summary class="row"><span title="submission">\)/<details open>\1/' "$work/report.html"
		test -z "$3" || echo "<style>h1,h1+div,.numbers,section:not($3){display:none}main{padding-top:6px}</style>"
	} >"$work/$1.html"
	"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --allow-file-access-from-files --hide-scrollbars --user-data-dir="$work/profile" ${4:+"$4"} \
		--window-size="1160,$2" --screenshot="$work/$1.png" "file://$work/$1.html" >"$work/browser.log" 2>&1 ||
		{ cat "$work/browser.log" >&2; exit 1; }
	mv "$work/$1.png" "$images/$1.png"
}
rm -f "$images"/report*.png "$images"/dashboard*.png
picture report-states 470 ''
picture report-states-dark 470 '' --force-dark-mode
picture report-relays 480 '#relays'
picture report-failures 1000 '#failures,#causes'
picture report-codes 460 '#codes'
picture report-latency 470 '#latency'
picture report-groups 330 '#groups,#certificates'
picture report-changes 330 '#backends,#changes'

# A browser window has a minimum width, a frame has none.
echo '<body style="margin:0"><iframe src="report.html" style="width:400px;height:900px;border:0"></iframe>' >"$work/phone.html"
"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --allow-file-access-from-files --hide-scrollbars \
	--user-data-dir="$work/profile" --window-size=400,900 --screenshot="$images/report-phone.png" "file://$work/phone.html" >"$work/browser.log" 2>&1 ||
	{ cat "$work/browser.log" >&2; exit 1; }

address=127.86.86.1
cat >"$work/influxdb.conf" <<CONF
reporting-disabled = true
bind-address = "$address:8088"
[meta]
  dir = "$work/meta"
[data]
  dir = "$work/data"
  wal-dir = "$work/wal"
[http]
  bind-address = "$address:8086"
  log-enabled = false
[logging]
  level = "error"
CONF
"$influxd" -config "$work/influxdb.conf" >"$work/influxd.log" 2>&1 &
database=$!
for _ in $(seq 100); do
	curl -sf "http://$address:8086/ping" && break
	sleep 0.1
done
curl -sf "http://$address:8086/query" --data-urlencode 'q=CREATE DATABASE telegraf' >/dev/null
curl -sf "http://$address:8086/write?db=telegraf" --data-binary "@$work/results.lp"

# dashboard NAME HEIGHT ROWS shows these rows of the dashboard.
dashboard() {
	go run ./internal/dashboards/picture -influx "http://$address:8086" -rows "$3" >"$work/$1.html"
	"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --hide-scrollbars --user-data-dir="$work/profile" \
		--window-size="1200,$2" --screenshot="$images/$1.png" "file://$work/$1.html" >"$work/browser.log" 2>&1 ||
		{ cat "$work/browser.log" >&2; exit 1; }
}
dashboard dashboard-now 1590 Now,Failures
dashboard dashboard-latency 1800 Latency,Availability
ls -l "$images"
