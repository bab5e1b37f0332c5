# shellcheck shell=sh
# A Matrix client of a few verbs, for the tests: curl, jq and nothing kept between two calls.
#
# SERVER is the host that a client talks to, such as `chat.example.org`; TOKEN is what `login` printed.
# `CLIENT_CURL` may hold further arguments of curl. A verb prints its answer, and fails with the server's words.

# api METHOD SERVER PATH [TOKEN [BODY]]: prints the answer's JSON.
api() {
    api_answer=$(
        # shellcheck disable=SC2086 # several arguments
        printf '%s' "${5-}" | curl ${CLIENT_CURL-} --silent --show-error --max-time 60 --request "$1" \
            --header 'Content-Type: application/json' ${4:+--header "Authorization: Bearer $4"} \
            ${5:+--data-binary @-} --write-out '\n%{http_code}' "https://$2/_matrix/$3"
    ) || return 1
    case ${api_answer##*"$newline"} in
    2*) printf '%s\n' "${api_answer%"$newline"*}" ;;
    *)
        printf '%s %s: %s\n' "$1" "https://$2/_matrix/$3" "$api_answer" >&2
        return 1
        ;;
    esac
}

newline='
'

# in_url TEXT: as one part of a path.
in_url() {
    jq -rn --arg text "$1" '$text | @uri'
}

# pick FILTER COMMAND...: what jq finds in the command's answer; a refusal is heard.
pick() {
    pick_filter=$1
    shift
    pick_answer=$("$@") || {
        printf '%s' "$pick_answer" >&2
        return 1
    }
    printf '%s\n' "$pick_answer" | jq -er "$pick_filter"
}

# retry SECONDS COMMAND...: until it succeeds; the last failure is the one that is heard.
retry() {
    retry_until=$(($(date +%s) + $1))
    shift
    while [ "$(date +%s)" -lt "$retry_until" ]; do
        "$@" 2>/dev/null && return 0
        sleep 1
    done
    "$@"
}

# login SERVER USER PASSWORD: prints a token.
login() {
    pick .access_token api POST "$1" client/v3/login '' "$(jq -n --arg user "$2" --arg password "$3" \
        '{type: "m.login.password", identifier: {type: "m.id.user", user: $user}, password: $password}')"
}

# create_room SERVER TOKEN: prints the id of a new private room.
create_room() {
    pick .room_id api POST "$1" client/v3/createRoom "$2" '{"preset": "private_chat", "name": "Test"}'
}

# invite SERVER TOKEN ROOM USER: the user's whole name, such as `@alice:example.org`.
invite() {
    api POST "$1" "client/v3/rooms/$(in_url "$3")/invite" "$2" \
        "$(jq -n --arg user "$4" '{user_id: $user}')" >/dev/null
}

# join SERVER TOKEN ROOM VIA: by way of the server named VIA, which is in the room.
join() {
    api POST "$1" "client/v3/join/$(in_url "$3")?server_name=$(in_url "$4")&via=$(in_url "$4")" "$2" '{}' >/dev/null
}

# send SERVER TOKEN ROOM TEXT: a message.
send() {
    api PUT "$1" "client/v3/rooms/$(in_url "$3")/send/m.room.message/$(od -An -N8 -tx1 /dev/urandom | tr -d ' ')" \
        "$2" "$(jq -n --arg text "$4" '{msgtype: "m.text", body: $text}')" >/dev/null
}

# messages SERVER TOKEN ROOM: the texts of the room, newest first, one a line.
messages() {
    pick '[.chunk[] | select(.type == "m.room.message").content.body] | join("\n")' \
        api GET "$1" "client/v3/rooms/$(in_url "$3")/messages?dir=b&limit=100" "$2"
}

# has_message SERVER TOKEN ROOM TEXT
has_message() {
    messages "$1" "$2" "$3" | grep -Fxq -- "$4"
}

# upload SERVER TOKEN FILE: prints the `mxc://` address.
upload() {
    # shellcheck disable=SC2086 # several arguments
    pick .content_uri curl ${CLIENT_CURL-} --silent --show-error --fail-with-body --max-time 120 \
        --header "Authorization: Bearer $2" --header 'Content-Type: application/octet-stream' \
        --data-binary "@$3" "https://$1/_matrix/media/v3/upload"
}

# download SERVER TOKEN MXC FILE
download() {
    # shellcheck disable=SC2086 # several arguments
    curl ${CLIENT_CURL-} --silent --show-error --fail --max-time 120 \
        --header "Authorization: Bearer $2" --output "$4" \
        "https://$1/_matrix/client/v1/media/download/${3#mxc://}"
}
