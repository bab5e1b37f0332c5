# shellcheck shell=sh disable=SC2154
# A machine begins in a container, as far as dpkg is at work; a QEMU goes on with that, and its plug is pulled at dpkg's next
# events. Then the same disk goes on in a container, and the plug is pulled twice more.
moments "${CUT_SEED:=11}" 1 unpack configure configure trigger >"$DIR/first"
moments "$CUT_SEED" 2 within edge >"$DIR/moments"
ok "the seed is $CUT_SEED: $(cat "$DIR/first" "$DIR/moments" | paste -sd,)"
names_appear
read -r kind what tenths <"$DIR/first"
begins_in_container
holds "$kind $what comes" comes "$kind" "$what"
goes_on_in_qemu
holds 'dpkg goes on in QEMU' comes configure "$((1 + tenths % 4))"
sleep "$((tenths / 10)).$((tenths % 10))"
cut_power
goes_on_in_container
while read -r kind what tenths; do
    plug_is_pulled "$kind" "$what" "$tenths"
done <"$DIR/moments"
ready 900
holds 'nothing is half done' nothing_is_half_done
checks
