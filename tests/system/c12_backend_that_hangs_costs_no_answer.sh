#!/usr/bin/env bash
# The same of a backend that accepts and never answers: until it counts as down each answer comes within stale_after
# and 100 ms ("Outage").
# Alone: it measures.
set -eu
. "$(dirname "$0")/outage.sh"

outage_begin
backend_hang
outage_until_down
outage_while_down
backend_go_on
outage_is_over
