#!/bin/sh
# Fails on a word that CONTRIBUTING.md bans, in any text file that git tracks.
# The banned words are the lines "- `word`: use ..." of its section "Language".
set -eu
cd "$(dirname "$0")/.."

words=$(mktemp)
trap 'rm -f "$words"' EXIT
sed -n 's/^- `\([^`]*\)`: .*/\1/p' CONTRIBUTING.md >"$words"
test -s "$words" || { echo "words: CONTRIBUTING.md lists none" >&2; exit 1; }

# Quotations of replies and of licenses are data, not our language.
if git grep -InwiFf "$words" -- . ':!CONTRIBUTING.md' ':!LICENSE' ':!go.sum' ':!*/testdata/*' ':!packaging/copyright' >&2; then
	echo "words: use the words that CONTRIBUTING.md gives instead" >&2
	exit 1
fi
