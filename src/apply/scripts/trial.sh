#!/bin/sh
# A payload on trial. Without an argument, as a service: puts it in force, and the former one again when nobody confirms it
# in time, or when the machine is started twice meanwhile; may run any number of times.
#
#   confirm [DIGEST]   it stays
#   revert             the former one is in force again
set -eu
home=/usr/lib/homeseed
trial=/var/lib/homeseed/trial
link=$home/payload/applied

fail() {
    echo "$*" >&2
    exit 1
}

# Puts the payload of a folder in force, or that of the document.
put() { # FOLDER
    systemctl stop homeseed.timer homeseed.service || true
    # What was stopped amid a step is half done, whatever its stamp says; and what it was about to lay goes.
    rm -f /var/lib/homeseed/stamps/*
    sed 's/.* //; s/$/.homeseed/' /var/lib/homeseed/placed | xargs rm -f
    if [ -n "$1" ]; then
        ln -sfn "../$1" "$link.new"
        mv -T "$link.new" "$link"
    else
        rm -f "$link"
    fi
    sync
    # It looks at once, however lately it has looked.
    rm -f /run/homeseed/verdict
    sh "$home/payload$home/arm"
    sync
}

# Nobody begins a trial meanwhile.
alone() {
    mkdir -p /run/homeseed
    exec 8>/run/homeseed/applying
    flock 8
}

# The trial has ended, whichever way; no payload stays but those in force.
over() {
    alone
    rm -rf "$trial.over"
    mv -T "$trial" "$trial.over"
    sync
    clean
}

# Nothing of a trial stays. What would do this again at the next boot goes last.
clean() {
    rm -rf "$trial.over" "$home/verbs/confirm" "$home/verbs/revert"
    now=$(readlink "$link") || now=
    for folder in "$home"/applied-*; do [ "${folder##*/}" = "${now##*/}" ] || rm -rf "$folder"; done
    sync
    # At once: a power cut in between would leave one of them for ever.
    rm -f /etc/systemd/system/multi-user.target.wants/homeseed-trial.service /etc/systemd/system/homeseed-trial.service "$home/trial"
    systemctl daemon-reload
    sync
    exit 0
}

back() { # REASON
    # The room that was kept for it.
    rm -f "$trial/reserve"
    sync
    # Whoever confirms it at this moment is faster, or too late.
    exec 9>"$trial/lock"
    flock 9
    former=$(cat "$trial/former")
    # If this is cut short, it is done again.
    touch "$trial/asked" || true
    [ -s /var/lib/homeseed/reverted ] || echo "$(date -u '+%F %R') UTC: $1" >/var/lib/homeseed/reverted || true
    sync
    put "$former"
    over
}

if [ ! -e "$trial" ]; then
    [ $# = 0 ] || fail 'nothing is on trial'
    alone
    [ -e "$trial" ] || clean
fi
digest=$(cat "$trial/digest")
case ${1-} in
confirm)
    [ "${2-$digest}" = "$digest" ] || fail "on trial is $digest"
    exec 9>"$trial/lock"
    flock -n 9 || fail 'it is too late: the machine goes back'
    if [ ! -e "$trial/begun" ] || [ -e "$trial/asked" ]; then fail 'it is not in force'; fi
    systemctl stop homeseed-trial.service
    rm -f "$home/report/trial"
    over
    ;;
revert)
    touch "$trial/asked"
    sync "$trial"
    exec systemctl restart --no-block homeseed-trial.service
    ;;
esac

boot=$(cat /proc/sys/kernel/random/boot_id)
if ! grep -qx "$boot" "$trial/boots"; then
    echo "$boot" >>"$trial/boots"
    sync "$trial/boots"
fi
# A document with another digest wins, whatever was on trial.
[ "$(sha256sum <"$home/payload/inventory" | cut -c-64)" = "$(cat "$trial/document")" ] || over
[ ! -e "$trial/asked" ] || back 'it was asked to'
boots=$(grep -c . "$trial/boots")
if [ ! -e "$trial/begun" ]; then
    [ "$boots" = 1 ] || back 'the machine was started again before the new payload was in force'
    folder=$(cat "$trial/folder")
    # What it lays goes again, however far that has come.
    cat /var/lib/homeseed/placed "$home/${folder:-payload}/inventory" >"$trial/placed" || true
    sync "$trial/placed"
    mv "$trial/placed" /var/lib/homeseed/placed
    put "$folder"
    : >"$trial/begun"
    sync "$trial/begun" "$trial"
fi
[ "$boots" -le 2 ] || back 'the machine was started twice before anybody confirmed the new payload'
# A clock that was set meanwhile makes it no longer than it was to be.
limit=$(cat "$trial/limit")
left=$(($(cat "$trial/deadline") - $(date +%s)))
[ "$left" -le "$limit" ] || left=$limit
[ "$left" -le 0 ] || sleep "$left"
back "nobody confirmed the new payload within $limit s"
