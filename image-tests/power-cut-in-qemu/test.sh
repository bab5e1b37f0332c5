# shellcheck shell=sh disable=SC2154
# The plug of a QEMU is pulled while dpkg is at work; then the same disk goes on in a container, and it is pulled twice more.
moments "${CUT_SEED:=11}" 1 unpack configure configure trigger >"$DIR/first"
moments "$CUT_SEED" 2 within edge >"$DIR/moments"
ok "the seed is $CUT_SEED: $(cat "$DIR/first" "$DIR/moments" | paste -sd,)"
boot
read -r kind what tenths <"$DIR/first"
holds "$kind $what comes" comes "$kind" "$what"
sleep "$((tenths / 10)).$((tenths % 10))"
cut_power
goes_on_in_container
while read -r kind what tenths; do
    plug_is_pulled "$kind" "$what" "$tenths"
done <"$DIR/moments"
ready 900
holds 'nothing is half done' nothing_is_half_done
checks
