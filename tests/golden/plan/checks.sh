#!/bin/sh
# Generated: every check of this machine, as TAP. checks.sh [host|network|all]
# CHECK_CURL holds more arguments for curl, such as a route: --connect-to HOST:443:127.0.0.1:443
set -u
set -a
HOST=chat.example.org
PORTS='443 8448'
CHECK_CURL=${CHECK_CURL-'--connect-timeout 5'}
CHECK_CURL=${CHECK_CURL-}
set +a

# What a check may use beside plain shell.
# shellcheck disable=SC2016
helpers='# shellcheck shell=sh
# fail REASON
fail() {
    echo "$*"
    exit 1
}
# want EXPECTED FOUND
want() {
    [ "$2" = "$1" ] || fail "it is: $2, not: $1"
}
# As curl; a status of 400 or more fails.
check_curl() {
    # shellcheck disable=SC2086
    curl -sSfm20 $CHECK_CURL "$@"
}
# check_unit UNIT: active; waiting is of no use once it has failed.
'
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
case $from in host) echo 1..1 ;; network) echo 1..1 ;; all) echo 1..2 ;; *) exit 2 ;; esac
h_ground='hello() { echo "hello $1"; }
'
with=$helpers$h_ground
check host 3 'ground: the facts are in place' <<'.'
# Explains itself.
want "hello $HOST" "$(hello "$HOST")"
.
check network 3 'house: the door opens' <<'.'
check_curl "https://$HOST/" | grep -q house
.
exit $failed
