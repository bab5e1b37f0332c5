# shellcheck shell=sh disable=SC2154
# From the stock image to a homeserver that federates, undisturbed; `power-cut` boots more than once.

# sysctls: those that are not as kernel-hardening-checker wants them and are not waived; nothing waived is as it wants it.
sysctls() {
    sysctls_keys=$(sed 's/#.*//; s/ .*//' "${SITE%/*}/sysctls.txt" | xargs)
    guest "for key in $sysctls_keys; do sysctl -n \$key 2>/dev/null || echo -; done" >"$DIR/sysctls"
    [ "$(wc -l <"$DIR/sysctls")" = 39 ] || { echo 'not all of 39 were read'; return 1; }
    sed '/^#/d' "${SITE%/*}/sysctls.txt" | paste -d' ' "$DIR/sysctls" - | while read -r is key want waiver; do
        [ "$is" = "$want" ] && good=yes || good=no
        [ "$good$waiver" = yes ] || { [ "$good" = no ] && [ -n "$waiver" ]; } || echo "$key is $is, not $want ($waiver)"
    done | { ! grep .; }
}

boot
ready 1500
ok "power-on to ready: $(age) s"
checks
holds "$(sed '/^#/d' "${SITE%/*}/sysctls.txt" | awk 'NF == 2' | grep -c .) of 39 sysctls are as kernel-hardening-checker wants them" sysctls
federation
