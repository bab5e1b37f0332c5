# shellcheck shell=sh
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
check_unit() {
    ! systemctl is-failed --quiet "$1" || { systemctl status --no-pager "$1"; exit 99; }
    systemctl is-active "$1"
}
# check_json URL JSON: exactly this but for blanks, as JSON, for every origin. Redirects are followed as others do.
check_json() {
    want "$2*application/json" "$(check_curl -L --proto-redir =https -w "%header{access-control-allow-origin}%{content_type}" "$1" |
        tr -d " \t\r\n" | sed "s/;.*//")"
}
