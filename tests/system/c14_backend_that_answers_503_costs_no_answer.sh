#!/usr/bin/env bash
# The same of a backend that answers 503 to everything ("Outage").
# Alone: it measures.
set -eu
. "$(dirname "$0")/outage.sh"

set_data() { # FILE: it is read at the next request
    cp "$1" "$T/data.next"
    mv "$T/data.next" "$T/data"
}
outage_begin
cp "$T/data" "$T/data.full"
: >"$T/data.empty"
set_data "$T/data.empty" # every key is missing: miss=503
outage_until_down
outage_while_down
set_data "$T/data.full"
outage_is_over
