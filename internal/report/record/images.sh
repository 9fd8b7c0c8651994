#!/bin/sh
# Makes the pictures of the documentation: plays the story of this folder
# through the program, turns it into a report and has a browser show that.
set -eu

program=$1
images=$2
browser=${BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ]; then
	echo 'images.sh: install chromium, or name a browser of its kind by BROWSER' >&2
	exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

go run ./internal/report/record -program "$program" >"$work/story.lp"
"$program" report --output "$work/report.html" "$work/story.lp"

# picture NAME HEIGHT: the upper part of the page, so high.
picture() {
	"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
		--window-size="1160,$2" --screenshot="$work/$1" "file://$work/report.html" >"$work/browser.log" 2>&1 ||
		{ cat "$work/browser.log" >&2; exit 1; }
	mv "$work/$1" "$images/$1"
}
picture report-states.png 434
picture report.png 2370
ls -l "$images"
