# shellcheck shell=sh
fail() { # REASON...
    echo "$*"
    exit 1
}
want() { # EXPECTED FOUND
    [ "$2" = "$1" ] || fail "it is: $2, not: $1"
}
check_curl() { # as curl; a status of 400 or more fails
    # shellcheck disable=SC2086
    curl --silent --show-error --fail --max-time 20 ${CHECK_CURL-} "$@"
}
check_unit() { # UNIT: active; waiting is of no use once it has failed
    ! systemctl is-failed --quiet "$1" || { systemctl status --no-pager "$1"; exit 99; }
    systemctl is-active --quiet "$1" || fail "$1 is not active"
}
check_json() { # URL JSON: exactly this but for blanks, as JSON, for every origin
    answer=$(check_curl -w "\n%header{access-control-allow-origin} %{content_type}" "$1")
    is=$(printf "%s\n" "$answer" | sed "\$d" | tr -d " \n")
    [ "$is" = "$(printf "%s" "$2" | tr -d " \n")" ] || fail "$1 says $is"
    how=$(printf "%s\n" "$answer" | tail -n 1)
    [ "${how%%;*}" = "* application/json" ] || fail "$1 comes as $how"
}
