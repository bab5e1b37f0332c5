# shellcheck shell=sh disable=SC2154,SC2016
# Changed sites are brought to the machine of a case by `homeseed apply`. A case reads this with
# `. "${SITE%/*}/../changes.sh"` and says `changes` once the machine is ready and the desk is open.
changes() {
    site
    cp "$DIR/site.yaml" "$DIR/had.yaml"
    had=$(in_force)
    holds 'it is ready' until_holds 400 has "$had"
}

# site LINES...: the site at the desk, with these lines more.
site() {
    desk_has "$SITE"
    printf '%s\n' "$@" >>"$DIR/site.yaml"
}
# ends STATUS WORDS...: the site is applied, and the program ends with this status.
ends() {
    wanted=$1
    shift
    by_ssh apply "$DIR/site.yaml" "$@" || :
    [ "$desk_status" = "$wanted" ]
}
says() { grep -E -e "$1" "$DIR/desk.out"; }
says_not() { ! says "$1"; }
in_force() { guest 'sha256sum </usr/lib/homeseed/inventory | cut -c-64'; }
# Ready with the payload of this digest, and nothing is left of a trial.
has() {
    guest 'homeserver status' | grep '^ready: ' && [ "$(in_force)" = "$1" ] &&
        guest '! ls -d /var/lib/homeseed/trial* /etc/systemd/system/homeseed-trial* /etc/systemd/system/*/homeseed-trial* 2>/dev/null | grep .'
}
has_exactly() { has "$1" && [ "$(guest 'ls -d /usr/lib/homeseed/applied-* 2>/dev/null | wc -l')" = "$2" ]; }

# judged STATUS: the program has ended with this status. The machine must be ready with what it says, its own checks and a
# verdict from the desk, on the site that is in force then, must find nothing wrong, and nothing is left of a trial.
verdicts=0 differ=0
judged() {
    if [ "$1" = 0 ]; then
        cp "$DIR/site.yaml" "$DIR/had.yaml"
        had=$("$HOMESEED" plan "$DIR/site.yaml" --format json 2>/dev/null | sed -n 's/^ *"payload_digest": "\([0-9a-f]*\)".*/\1/p')
    else
        cp "$DIR/had.yaml" "$DIR/site.yaml"
    fi
    verdicts=$((verdicts + 1))
    if judged_said=$(is_as_judged 2>&1); then return; fi
    differ=$((differ + 1))
    not_ok "verdict $verdicts, of status $1, is what the machine has" "$judged_said"
}
is_as_judged() { has "$had" && guest 'homeserver status' | grep -F "payload $(printf %.12s "$had")" && agree; }

# applied STATUS TITLE WORDS...: the site is applied, and the program ends with this status, rightly; `took` has the seconds.
applied() {
    applied_status=$1 applied_title=$2
    shift 2
    began=$(date +%s%N)
    holds "$applied_title" ends "$applied_status" "$@"
    # shellcheck disable=SC2034
    took=$(awk "BEGIN { printf \"%.1f\", ($(date +%s%N) - $began) / 1e9 }")
    judged "$applied_status"
}

# starts LINES...: the site with these lines is being applied, in the background. WORDS has further ones.
starts() {
    site "$@"
    # shellcheck disable=SC2086
    logging_in exec env "XDG_CONFIG_HOME=$DIR/config" "$HOMESEED" apply "$DIR/site.yaml" ${WORDS-} >"$DIR/first.out" 2>&1 &
    first=$!
}
# begins LINES...: the same, until it is on trial and in force.
begins() {
    starts "$@"
    until_holds 60 guest '[ -e /var/lib/homeseed/trial/begun ]'
}
# ended STATUS TITLE: that program has ended with this status, rightly.
ended() {
    first_status=0
    wait "$first" || first_status=$?
    holds "$2" ends_with "$1"
    judged "$1"
}
ends_with() { cat "$DIR/first.out" && [ "$first_status" = "$1" ]; }
first_says() { grep -E -e "$1" "$DIR/first.out"; }
