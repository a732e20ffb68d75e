#!/usr/bin/env bash
# The backend is gone (connections refused) under a load of 32 connections over 1,000 known keys: all of them go on
# being answered, from then on fast; unknown ones get TEMP; when it is back it is asked again ("Outage").
# Alone: it measures.
set -eu
. "$(dirname "$0")/outage.sh"

outage_begin
backend_kill
outage_until_down
outage_while_down
outage_backend
outage_is_over
