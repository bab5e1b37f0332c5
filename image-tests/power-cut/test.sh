# shellcheck shell=sh disable=SC2154
# runs in: container, on a disk
# The plug is pulled three times, at moments that a seed chooses; it still gets there, and nothing is half done.
moments "${CUT_SEED:=7}" 3 >"$DIR/moments"
ok "the seed is $CUT_SEED: $(paste -sd, "$DIR/moments")"
boot
while read -r kind what tenths; do
    plug_is_pulled "$kind" "$what" "$tenths"
done <"$DIR/moments"
ready 900
ok "ready $(age) s after the last cut"
holds 'nothing is half done' nothing_is_half_done
checks
