#!/bin/sh
# Makes a release twice, from copies of the commit in directories of different
# names and with empty build caches, and compares every byte. Leaves the first
# in dist/.
#
#	packaging/reproduce.sh VARIABLE=VALUE...    (for make)
set -eu
cd "$(dirname "$0")/.."

commit=$(git rev-parse HEAD)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM

for copy in one another-and-longer; do
	mkdir -p "$place/$copy/tree"
	git archive "$commit" | tar -x -C "$place/$copy/tree"
	GOCACHE="$place/$copy/cache" make -s -C "$place/$copy/tree" release "$@"
done
diff -rq "$place/one/tree/dist" "$place/another-and-longer/tree/dist"
rm -rf dist
mv "$place/one/tree/dist" dist
echo "reproduced: $(grep -c . dist/SHA256SUMS) files, byte for byte"
