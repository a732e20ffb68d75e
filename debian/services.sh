# What prerm and postinst ask of Postfix: dh_installdeb puts it into both, for their line SERVICES.

# The configuration directories of all instances.
instances_of_postfix() {
    echo /etc/postfix
    postconf -hx multi_instance_directories 2>/dev/null | tr -s ', ' '\n\n'
}

# The services in an instance's master.cf whose command is a daemon of pfx, with "spawned" also spawn(8) with one; each
# with the number of its line.
services_of_pfx() { # DIRECTORY [spawned]
    [ -r "$1/master.cf" ] || return 0
    awk -v spawned="${2:-}" '
        /^[ \t]*(#|$)/ { next }
        /^[^ \t]/ { words = 0; number = FNR; first = $0 }
        {
            for (i = 1; i <= NF; i++)
                if ((++words == 8 || spawned != "" && $i ~ /^argv=/) &&
                    $i ~ /^(argv=)?(.*\/)?pfx-(socketmap|policyd|saslbridge|metrics)$/)
                    print "  " FILENAME ":" number ": " first
        }
    ' "$1/master.cf"
}
