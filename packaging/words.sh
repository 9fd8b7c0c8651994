#!/bin/sh
# Fails if a text file that git tracks has a word that CONTRIBUTING.md bans. The
# banned words are the lines "- `word`: use ..." of its section "Language".
set -eu
cd "$(dirname "$0")/.."

words=$(mktemp)
trap 'rm -f "$words"' EXIT
sed -n 's/^- `\([^`]*\)`: .*/\1/p' CONTRIBUTING.md >"$words"
test -s "$words" || { echo "words: CONTRIBUTING.md lists none" >&2; exit 1; }

# Test data and licenses may contain the words.
if git grep -InwiFf "$words" -- . ':!CONTRIBUTING.md' ':!LICENSE' ':!go.sum' ':!*/testdata/*' ':!packaging/copyright' >&2; then
	echo "words: use the words that CONTRIBUTING.md gives instead" >&2
	exit 1
fi
