# shellcheck shell=sh disable=SC2154,SC2016
# A machine begins in a container, as far as dpkg is at work; a QEMU goes on with that, and its plug is pulled at dpkg's next
# events. Then the same disk goes on in a container, and the plug is pulled twice more. With TRIALS=2, as in `make campaign`, it
# is pulled in QEMU again while a change over ssh is on trial, and while one goes back.
# shellcheck source=image-tests/changes.sh
. "${SITE%/*}/../changes.sh"
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

if [ "${TRIALS:=0}" -gt 0 ]; then
    own_kernel
    desk_opens
    changes
    for n in $(seq "$TRIALS"); do
        begins 'media: {max_upload: 60M}'
        # Nobody confirms it meanwhile.
        kill -STOP "$first"
        goes_on_in_qemu
        holds "$n: it goes on in QEMU" until_holds 400 guest '[ "$(wc -l </var/lib/homeseed/trial/boots)" = 2 ]'
        cut=trial
        [ $((n % 2)) = 1 ] || { cut=revert && guest 'homeserver revert'; }
        sleep "$n"
        cut_power
        ok "$n: the plug is pulled in QEMU $n s after a $cut began"
        begins_in_container
        own_kernel
        kill -CONT "$first"
        ended 4 "$n: the machine has gone back"
        holds "$n: nothing is half done" nothing_is_half_done
    done
    holds "of $verdicts verdicts none differs from what the machine has" [ "$differ" = 0 ]
fi
