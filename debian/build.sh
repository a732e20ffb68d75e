#!/bin/sh
# make deb: the Debian package, built in a copy of the sources, and what lintian says of it, if that is there.
# build.sh DIRECTORY: where the packages go; what was there before is removed.
set -eu

mkdir -p "$1"
result=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
made=$(sed -n 's/^VERSION := //p' GNUmakefile)
packaged=$(dpkg-parsechangelog -S Version)
[ "$made" = "$packaged" ] || { echo "deb: debian/changelog is of $packaged, GNUmakefile of $made" >&2; exit 1; }

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$copy/pfx"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$copy/pfx"
cd "$copy/pfx"
dpkg-buildpackage --build=binary --no-sign >"$copy/log" 2>&1 || { tail -40 "$copy/log" >&2; exit 1; }
! command -v lintian >/dev/null || lintian --allow-root --fail-on error "$copy"/*.changes
rm -f "$result"/*.deb
cp "$copy"/*.deb "$result"
ls "$result"/*.deb
