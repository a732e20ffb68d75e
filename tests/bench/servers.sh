# What a benchmark runs against, in a directory of its own (bash): nginx as the HTTP service, the daemons standalone.
# $build holds the programs, $dir is the directory, $tools what only the benchmark uses.

servers_port() { # a TCP port that nobody uses
    . tests/instance.sh
    instance_unused_port
}

# One process: what it does not use is left to the daemon and to those who ask.
servers_nginx() {
    http_port=${BACKEND_PORT:-$(servers_port)}
    https_port=$(servers_port)
    tests/certs.sh "$dir/certs"
    cat >"$dir/nginx.conf" <<END
daemon off;
master_process off;
pid $dir/nginx.pid;
error_log stderr error;
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
events { worker_connections 16384; }
http {
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    default_type application/json;
    server {
        listen 127.0.0.1:$http_port backlog=4096;
        listen 127.0.0.1:$https_port ssl;
        ssl_certificate $dir/certs/good.pem;
        ssl_certificate_key $dir/certs/good.key;
        location /status { stub_status; }
        location /map/ { return 200 '{"value":"answer"}'; }
        location /slow/ { echo_sleep 0.02; echo -n '{"value":"answer"}'; }
        location /policy { return 200 '{"value":"DUNNO"}'; }
        location /auth { add_header Auth-User account; return 200 '{"ok":true}'; }
    }
}
END
    nginx -p "$dir" -c "$dir/nginx.conf" 2>"$dir/nginx.log" &
    nginx_pid=$!
    servers_wait "$dir/nginx.log" nginx_answers
}
nginx_answers() {
    kill -0 "$nginx_pid" && "$tools/curl" -s 0 -t 100 "http://127.0.0.1:$http_port/map" >"$dir/try" 2>&1
}

# How many requests the HTTP service had so far, this one included.
servers_requests() {
    local socket
    exec {socket}<>"/dev/tcp/127.0.0.1/$http_port"
    printf 'GET /status HTTP/1.0\r\n\r\n' >&"$socket"
    awk '/^ *[0-9]+ [0-9]+ [0-9]+ *\r?$/ { print $3 }' <&"$socket"
    exec {socket}>&-
}

servers_wait() { # LOG COMMAND...
    local log=$1
    shift
    for _ in {1..200}; do
        ! "$@" || return 0
        sleep 0.05
    done
    cat "$log" >&2
    exit 1
}

# The configuration of all rows; the file is for those that need more entries.
servers_configuration() { # ENTRIES
    cat <<END
max_connections_per_host = 64;
state_directory = "$dir/state";
response_cache = { size = "${TABLE_MB}M"; };
socket_maps = {
    bench = { target = "http://127.0.0.1:$http_port/map/%s"; value_field = "value";
              response_cache = { enabled = false; }; };
    cached = { target = "http://127.0.0.1:$http_port/map/%s"; value_field = "value";
               response_cache = { max_age = "1w"; }; };
    slow = { target = "http://127.0.0.1:$http_port/slow/%s"; value_field = "value";
             response_cache = { enabled = false; }; };
$(for ((i = 0; i < $1; i++)); do
    echo "    more$i = { target = \"http://127.0.0.1:$http_port/map/%s\"; value_field = \"value\"; };"
done)
};
policy_services = { bench = { target = "http://127.0.0.1:$http_port/policy"; value_field = "value"; }; };
dovecot_sasl = { bench = { target = "http://127.0.0.1:$http_port/auth"; }; };
END
}

# servers_floor NAME PROGRAM [ARGUMENT...]: listens on $dir/NAME; its process id is ${floor[NAME]}.
declare -A floor
servers_floor() {
    local name=$1 program=$2
    shift 2
    "$tools/$program" "$dir/$name" "$@" 2>"$dir/$name.log" &
    floor[$name]=$!
    servers_wait "$dir/$name.log" test -S "$dir/$name"
}

# servers_start NAME PROGRAM [OPTION...]: listens on $dir/NAME; its parent is ${parent[NAME]}.
declare -A parent
servers_start() {
    local name=$1 program=$2
    shift 2
    "$program" -L "unix:$dir/$name" -C "$dir/pfx.cfg" "$@" 2>"$dir/$name.log" &
    parent[$name]=$!
    servers_wait "$dir/$name.log" test -S "$dir/$name"
}

servers_workers() { # NAME: their process ids, with commas
    pgrep -d, -P "${parent[$1]}"
}

servers_stop() { # NAME
    kill "${parent[$1]}"
    wait "${parent[$1]}" 2>/dev/null || true
}

servers_end() {
    local left
    left=$(jobs -p)
    # shellcheck disable=SC2086
    [ -z "$left" ] || kill $left 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$dir"
}
