#!/bin/sh
# Generated: every check of this machine, as TAP. checks.sh [host|network|all]
# CHECK_CURL holds more arguments for curl, such as a route: --connect-to HOST:443:127.0.0.1:443
set -u
set -a
@ENV@
CHECK_CURL=${CHECK_CURL-}
set +a

# What a check may use beside plain shell.
# shellcheck disable=SC2016
helpers=@HELPERS@
with=$helpers

# Seconds, by a clock that never jumps where there is one.
clock() { cut -d. -f1 /proc/uptime 2>/dev/null || date +%s; }

# check FROM WAIT TITLE, the shell on standard input: tries once a second; a status of 99 means that waiting is of no use.
check() {
    run=$(cat)
    case $from in all | "$1") ;; *) return ;; esac
    n=$((n + 1))
    end=$(($(clock) + $2))
    until reason=$(timeout 60 sh -euc "$with$run" </dev/null 2>&1); do
        if [ $? = 99 ] || [ "$(clock)" -ge "$end" ]; then
            failed=1
            echo "not ok $n - $3"
            printf '%s\n' "${reason:-no reason given}" | tail -n 20 | sed 's/^/# /'
            return
        fi
        sleep 1
    done
    echo "ok $n - $3"
}

# shellcheck disable=SC2034
n=0 failed=0 from=${1:-all}
case $from in host) echo 1..@HOST@ ;; network) echo 1..@NETWORK@ ;; all) echo 1..@ALL@ ;; *) exit 2 ;; esac
