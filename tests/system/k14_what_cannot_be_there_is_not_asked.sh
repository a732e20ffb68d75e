#!/usr/bin/env bash
# A key that cannot be in the table is NOTFOUND without a request: another domain than those of `domains`, a part that a
# template needs, no candidate at all (A3, Templates, Keys; as mysql_table(5)).
set -eu
. "$(dirname "$0")/lib.sh"

backend_start -l inet:127.0.0.1:0
unasked=() asked=()
never() { # NAME KEY...: these are not asked for
    local key
    for key in "${@:2}"; do unasked+=("$1 $key"); done
}
asks() { # NAME KEY VALUE: the positive control
    asked+=("$1" "$2" "$3")
}

map listed '' 'domains = ["example.com", "Other.Example"];'
never listed example.com user user@ @ @example.com @other.example '*' '<>' user@sub.example.com user@example.com. \
    user@notexample.com user@example.co user@.example.com user@example.com@third.example 192.0.2.1
asks listed user@example.com value-of-user@example.com
asks listed USER@OTHER.example value-of-user@other.example
asks listed a@b@example.com value-of-a@b@example.com
asks listed '"a @ b"@example.com' 'value-of-"a @ b"@example.com'

map unfolded '' 'domains = "Example.COM"; fold_case = false;'
never unfolded User@Example.ORG @Example.COM
asks unfolded User@eXAMPLE.com value-of-User@eXAMPLE.com

# The domain is that of the key of Postfix, not of what is asked for it.
map listed_catchall '' 'domains = "example.com"; keys = ["catchall", "localpart"]; local_domains = "example.net";'
never listed_catchall user@example.net @example.com
asks listed_catchall user@example.com value-of-@example.com

part() { # NAME TEMPLATE: a template in each of the places that there are
    entry "$1_in_url" "target = \"http://$BACKEND/$1_in_url/$2?key=%s\";"
    entry "$1_in_group" "target = \"http://$BACKEND/$1_in_group?key=%s\"; payload = { n = 1; part = [ \"$2\" ]; };"
    entry "$1_in_form" "target = \"http://$BACKEND/$1_in_form?key=%s\"; payload = \"part=$2\";
        content_type = \"application/x-www-form-urlencoded\";"
    entry "$1_in_header" "target = \"http://$BACKEND/$1_in_header?key=%s\"; custom_headers = \"X-Part: $2\";"
}
places=(in_url in_group in_form in_header)
part domain %d
part domain_of_key %D
part localpart %u
part localpart_of_key %U
part third_label %3
part third_label_in_braces '%{3}'
for place in "${places[@]}"; do
    for name in domain domain_of_key; do
        never "${name}_$place" user user@
        asks "${name}_$place" user@example.com value-of-user@example.com
        asks "${name}_$place" @example.com value-of-@example.com
    done
    for name in localpart localpart_of_key; do
        never "${name}_$place" @example.com
        asks "${name}_$place" user value-of-user
        asks "${name}_$place" user@example.com value-of-user@example.com
    done
    for name in third_label third_label_in_braces; do
        never "${name}_$place" user user@ user@example.com @example.com a.b.c
        asks "${name}_$place" user@mx.example.com value-of-user@mx.example.com
    done
done

# A result_format is not asked for what it cannot be made of, either; of the value it leaves out (a28).
map result_domain '' 'result_format = "%s in %D";'
never result_domain user user@ example.com
asks result_domain user@example.com 'value-of-user@example.com in example.com'
map result_localpart '' 'result_format = "%s of %U";'
never result_localpart @example.com
asks result_localpart user 'value-of-user of user'
map result_label '' 'result_format = "%s in %2";'
never result_label user@localhost user
asks result_label user@example.com 'value-of-user@example.com in example'

# Of the candidates, too.
map without_catchall '' 'result_format = "%s of %U"; keys = "catchall";'
never without_catchall user@example.com
asks result_localpart user@example.com 'value-of-user@example.com of user'

map no_candidate '' 'keys = "catchall";'
map no_candidates '' 'keys = ["catchall", "localpart"]; payload = { all = "%{keys}"; };'
map no_prefix '' 'keys = "ip_prefixes";'
map no_domain "all=%{keys}" 'keys = ["domain", "parent_domains"];'
never no_candidate user user@
never no_candidates user user@
never no_prefix user@example.com example.com
never no_domain 192.0.2.1 2001:db8::1 user@
asks no_candidate user@example.com value-of-@example.com
asks no_candidates user@example.com value-of-user@example.com
asks no_prefix 192.0.2.1 value-of-192.0.2.1
asks no_domain user@example.com value-of-user@example.com

configuration
pfx_standalone

for name_and_key in "${unasked[@]}"; do
    expect_reply "${name_and_key%% *}" "${name_and_key#* }" 'NOTFOUND '
    expect_equal "requests for $name_and_key" 0 "$(fetch '/_count?path=/')"
done
for ((i = 0; i < ${#asked[@]}; i += 3)); do
    fetch /_reset >/dev/null
    expect_equal "${asked[i]} ${asked[i + 1]}" "OK ${asked[i + 2]}" "$(ask "${asked[i]}" "${asked[i + 1]}")"
    expect_equal "requests for ${asked[i]} ${asked[i + 1]}" 1 "$(fetch '/_count?path=/')"
done
expect_no_log 'error: '
pfx_stop
