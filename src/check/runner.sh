#!/bin/sh
# Generated: every check of this machine, as TAP. checks.sh [host|network|all] [--list]
# CHECK_CURL holds more arguments for curl, such as a route: --connect-to HOST:443:127.0.0.1:443
set -u
set -a
@ENV@
CHECK_CURL=${CHECK_CURL-}
set +a

# What a check may use beside plain shell.
# shellcheck disable=SC2016
helpers=@HELPERS@

now() { cut -d. -f1 /proc/uptime 2>/dev/null || date +%s; }

# attempt RUN: 99 means that waiting is of no use.
attempt() { timeout 60 sh -euc "$helpers$1" </dev/null 2>&1; }

# proves WAIT RUN: leaves the last reason in $reason.
proves() {
    end=$(($(now) + $1))
    while :; do
        reason=$(attempt "$2") && return
        [ $? != 99 ] && [ "$(now)" -lt "$end" ] || return
        sleep 1
    done
}

# check FROM WAIT TITLE RUN
check() {
    case $from in all | "$1") ;; *) return ;; esac
    n=$((n + 1))
    if [ "$list" ]; then
        echo "$1 $3"
    elif proves "$2" "$4"; then
        echo "ok $n - $3"
    else
        failed=$((failed + 1))
        echo "not ok $n - $3"
         printf "%s\\n" "${reason:-no reason given}" | tail -n 20 | sed 's/^/# /'
    fi
}

n=0 failed=0 from=all list=
for word; do
    case $word in
        host | network | all) from=$word ;;
        --list) list=yes ;;
        *) echo "usage: checks.sh [host|network|all] [--list]" >&2; exit 2 ;;
    esac
done
case $from in host) total=@HOST@ ;; network) total=@NETWORK@ ;; *) total=@ALL@ ;; esac
[ "$list" ] || echo "1..$total"
