#!/bin/sh
# Two homeservers that list each other, and one that nobody lists: what passes between them, as TAP.
#
# Runs on a computer of the test internet. HOST, SERVER_NAME, ADMIN and ADMIN_PASSWORD are the machine's;
# LISTED and UNLISTED_PEER are the names of two other homeservers, with a user PEER_USER on each.
set -u
: "$HOST" "$SERVER_NAME" "$ADMIN" "$ADMIN_PASSWORD" "$LISTED" "$UNLISTED_PEER" "$PEER_USER" "$PEER_PASSWORD"
# shellcheck source-path=SCRIPTDIR source=federation.sh
. "${0%/*}/federation.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0

# fact TITLE COMMAND...: one result. What follows a fact that does not hold is tried all the same.
fact() {
    title=$1
    shift
    count=$((count + 1))
    if said=$("$@" 2>&1); then
        echo "ok $count - federation: $title"
    else
        echo "not ok $count - federation: $title"
        printf '%s\n' "$said" | tail -n 5 | sed 's/^/# /'
    fi
}

crosses() { # FROM TOKEN TO TOKEN: a message from one server arrives at the other.
    send "$1" "$2" "$room" "hello from $1" && retry 90 has_message "$3" "$4" "$room" "hello from $1"
}

media_crosses() { # FROM TOKEN TO TOKEN: a file of random bytes is the same on the other server.
    head -c 300000 /dev/urandom >"$dir/sent"
    address=$(upload "$1" "$2" "$dir/sent") || return 1
    retry 60 download "$3" "$4" "$address" "$dir/received" || return 1
    [ "$(sha256sum <"$dir/sent")" = "$(sha256sum <"$dir/received")" ]
}

peer_joins() { # SERVER TOKEN USER: the machine's user invites, the other joins.
    invite "$HOST" "$host_token" "$room" "$3" && retry 90 join "$1" "$2" "$room" "$SERVER_NAME"
}

unlisted_is_refused() { # it asks for something that any listed server may see
    ! api GET "$UNLISTED_PEER" "client/v3/profile/$(in_url "@$ADMIN:$SERVER_NAME")" "$unlisted_token"
}

unlisted_is_not_asked() {
    ! api GET "$HOST" "client/v3/profile/$(in_url "@$PEER_USER:$UNLISTED_PEER")" "$host_token"
}

peer_is_asked() {
    retry 60 api GET "$HOST" "client/v3/profile/$(in_url "@$PEER_USER:$LISTED")" "$host_token"
}

peer_is_answered() {
    retry 60 api GET "$LISTED" "client/v3/profile/$(in_url "@$ADMIN:$SERVER_NAME")" "$peer_token"
}

unlisted_stays_outside() {
    ! { invite "$HOST" "$host_token" "$room" "@$PEER_USER:$UNLISTED_PEER" &&
        join "$UNLISTED_PEER" "$unlisted_token" "$room" "$SERVER_NAME"; }
}

host_token=$(retry 30 login "$HOST" "$ADMIN" "$ADMIN_PASSWORD")
peer_token=$(retry 30 login "$LISTED" "$PEER_USER" "$PEER_PASSWORD")
unlisted_token=$(retry 30 login "$UNLISTED_PEER" "$PEER_USER" "$PEER_PASSWORD")
room=$(create_room "$HOST" "$host_token")

unlisted_works() {
    retry 60 api GET "$UNLISTED_PEER" "client/v3/profile/$(in_url "@$PEER_USER:$LISTED")" "$unlisted_token"
}

if [ -n "${ANYONE-}" ]; then echo 1..9; else echo 1..12; fi
fact "@$ADMIN:$SERVER_NAME and a user of $LISTED can log in" test -n "$host_token" -a -n "$peer_token" -a -n "$unlisted_token"
fact "@$ADMIN:$SERVER_NAME makes a room" test -n "$room"
fact "$LISTED sees a profile of the machine" peer_is_answered
fact "the machine sees a profile of $LISTED" peer_is_asked
fact "a user of $LISTED joins the room by invitation" peer_joins "$LISTED" "$peer_token" "@$PEER_USER:$LISTED"
fact "a message goes from the machine to $LISTED" crosses "$HOST" "$host_token" "$LISTED" "$peer_token"
fact "a message goes from $LISTED to the machine" crosses "$LISTED" "$peer_token" "$HOST" "$host_token"
fact "a file goes from the machine to $LISTED" media_crosses "$HOST" "$host_token" "$LISTED" "$peer_token"
fact "a file goes from $LISTED to the machine" media_crosses "$LISTED" "$peer_token" "$HOST" "$host_token"
[ -z "${ANYONE-}" ] || exit 0
fact "$UNLISTED_PEER is a homeserver that others answer" unlisted_works
fact "$UNLISTED_PEER gets nothing from the machine" unlisted_is_refused
fact "the machine gets nothing from $UNLISTED_PEER" eval 'unlisted_is_not_asked && unlisted_stays_outside'
