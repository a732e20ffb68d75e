#!/usr/bin/env bash
# pfxctl check warns of secrets that others than root can read, and of files that others can write: who writes them
# decides what happens to mail; and of a state_directory that the daemons cannot write (A8).
set -eu
. "$(dirname "$0")/findings.sh"

# Who may read secrets.
chmod 644 "$T/etc/secret"
finds 0 "warning: $CFG:2: *.http_auth_basic.file: $T/etc/secret can be read by everybody: chmod 600 *"
chgrp postfix "$T/etc/secret"
chmod 640 "$T/etc/secret"
finds 0 "warning: $CFG:2: *.file: $T/etc/secret can be read by postfix through its group: chgrp root *"
# readable_secret KEY SED-COMMAND: makes it one that stands in pfx.cfg.
readable_secret() {
    change pfx.cfg "$2"
    chmod 600 "$CFG"
    check
    expect_equal "$1 in a file that is root's" "0 " "$STATUS $FOUND"
    change pfx.cfg "$2"
    chmod 644 "$CFG"
    finds 0 "warning: $CFG:*$1: $CFG can be read by everybody: chmod 600 $CFG"
}
readable_secret socket_maps.defaults.http_auth_basic '2s|{ file = .*secret"; }|"user:word"|'
readable_secret socket_maps.domains.custom_headers '3s|; };|; custom_headers = ["X-A: b", "X-Api-Key: hush"]; };|'
readable_secret socket_maps.users.http.proxy '4s|; };|; http = { proxy = "http://u:p@192.0.2.1:3128"; }; };|'
change pfx.cfg '4s|; };|; custom_headers = ["X-Api-Key:"]; http = { proxy = "http://192.0.2.1:3128"; }; };|'
chmod 644 "$CFG"
check
expect_equal "a header that is taken away, a proxy without a password" "0 " "$STATUS $FOUND"
mend

# One cure for both.
change pfx.cfg '2s|{ file = .*secret"; }|"user:word"|'
chmod 666 "$CFG"
tells_of 2
expect_equal "cures in '$FOUND'" 2 "$(grep -c ": chmod 600 $CFG\$" <<<"$FOUND")"
mend

# Who may write what says what happens to mail.
for file in pfx.cfg pfx.d pfx.d/10.cfg more secret; do
    path=$T/etc/$file
    anew() {
        mend
        mkdir "$T/etc/pfx.d"
        echo >"$T/etc/pfx.d/10.cfg"
        echo 'log_level = "info";' >"$T/etc/more"
        echo '@include "more"' >>"$CFG"
    }
    anew
    chmod o+w "$path"
    if [ "$file" = secret ]; then to=600; else to=go-w; fi
    finds 78 "$path: can be written by everybody, *: chmod $to $path"
    anew
    chown postfix "$path"
    finds 78 "$path: belongs to postfix, *: chown root $path"
    anew
    chgrp postfix "$path"
    chmod g=w "$path"
    finds 78 "$path: can be written by postfix, *: chmod g-w $path"
    anew
    chmod g=w "$path"
    finds 0 "warning: $path: can be written by its group, *: chmod g-w $path"
done

# The directory of answers and counters has to be writable.
state() { # DIRECTORY
    change pfx.cfg "1i state_directory = \"$1\";"
}
state "$T/none"
finds 0 "warning: $CFG:1: state_directory: $T/none: No such file or directory: install -d -o postfix -m 700 $T/none"
state "$T/etc/secret"
finds 0 "warning: $CFG:1: state_directory: $T/etc/secret is no directory"
mkdir "$T/kept"
state "$T/kept"
finds 0 "warning: $CFG:1: state_directory: $T/kept cannot be written by postfix, *: name a directory of its own: *"
chown postfix "$T/kept"
state "$T/kept"
check
expect_equal "a directory of the daemons" "0 " "$STATUS $FOUND"
mend
