#!/bin/sh
# Puts a payload in force, and the former one again when nobody confirms it in time, or when the machine is started twice
# meanwhile. Runs at every boot as long as the trial is open; may run any number of times.
set -eu
home=/usr/lib/homeseed
trial=/var/lib/homeseed/trial
link=$home/payload/applied

in_force() {
    from=$home/payload
    [ ! -d "$link" ] || from=$link
    sha256sum <"$from/inventory" | cut -c-64
}

# Puts the payload of a folder in force, or that of the document.
put() { # FOLDER
    systemctl stop homeseed-fetch.service homeseed.timer homeseed.service 2>/dev/null || true
    if [ -n "$1" ]; then
        ln -sfn "../$1" "$link.new"
        mv -T "$link.new" "$link"
    else
        rm -f "$link"
    fi
    sync
    sh "$home/payload$home/arm"
    sync
}

over() {
    rm -rf "$trial.over"
    mv -T "$trial" "$trial.over"
    sync
    rm -rf "$trial.over" "$home/verbs/confirm" "$home/verbs/revert" /etc/systemd/system/homeseed-trial.service
    systemctl disable --quiet homeseed-trial.service 2>/dev/null || rm -f /etc/systemd/system/*.wants/homeseed-trial.service
    systemctl daemon-reload
    exit 0
}

revert() { # REASON
    # Whoever confirms it at this moment was faster.
    exec 9>"$trial/lock"
    flock 9
    echo "$1" >/var/lib/homeseed/reverted
    put "$(cat "$trial/former")"
    over
}

boot=$(cat /proc/sys/kernel/random/boot_id)
if ! grep -qx "$boot" "$trial/boots"; then
    echo "$boot" >>"$trial/boots"
    sync "$trial/boots"
fi
[ ! -e "$trial/asked" ] || revert 'it was asked to'
boots=$(grep -c . "$trial/boots")
if [ ! -e "$trial/begun" ]; then
    [ "$boots" = 1 ] || revert 'the machine was started again before the new payload was in force'
    put "$(cat "$trial/folder")"
    : >"$trial/begun"
    sync "$trial/begun" "$trial"
fi
# A document with another digest wins, whatever was on trial.
[ "$(in_force)" = "$(cat "$trial/digest")" ] || over
[ "$boots" -le 2 ] || revert 'the machine was started twice before anybody confirmed the new payload'
# A wrong clock makes it no longer than it was to be.
limit=$(cat "$trial/limit")
left=$(($(cat "$trial/deadline") - $(date +%s)))
[ "$left" -le "$limit" ] || left=$limit
[ "$left" -le 0 ] || sleep "$left"
revert "nobody confirmed the new payload within $limit s"
