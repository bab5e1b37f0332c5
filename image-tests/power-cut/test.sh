# shellcheck shell=sh disable=SC2154
# runs in: container, on a disk
# The plug is pulled three times, at moments that a seed chooses, and three times more in the machine's later life: while it
# reboots, or takes up another document; while a change over ssh is on trial; and while such a change goes back. It still gets
# there, nothing is half done, and the change is whole or not at all.
# shellcheck source=image-tests/changes.sh
. "${SITE%/*}/../changes.sh"
moments "${CUT_SEED:=7}" 3 >"$DIR/moments"
moments "$CUT_SEED" 1 reboot document >"$DIR/later"
moments "$CUT_SEED" 1 trial >"$DIR/amid"
moments "$((CUT_SEED + 1))" 1 revert >>"$DIR/amid"
ok "the seed is $CUT_SEED: $(cat "$DIR/moments" "$DIR/later" "$DIR/amid" | paste -sd,)"
boot
while read -r kind what tenths; do
    plug_is_pulled "$kind" "$what" "$tenths"
done <"$DIR/moments"
ready 900
ok "ready $(age) s after the last cut"
holds 'nothing is half done' nothing_is_half_done
checks

read -r kind what tenths <"$DIR/later"
tell "the plug will be pulled: $kind"
case $kind in
reboot) guest 'systemctl --no-block reboot' ;;
document) document other ;;
esac
sleep "$((tenths / 10)).$((tenths % 10))"
cut_power
ok "the plug is pulled $((tenths / 10)).$((tenths % 10)) s after a $kind began"
boot
ready 900
ok "ready $(age) s after that cut"
holds 'nothing is half done' nothing_is_half_done
checks

# ---- a change over ssh ----
document site
ready 900
own_kernel
desk_opens
changes
begun=$had
begins 'media: {max_upload: 60M}'
while read -r kind what tenths <&5; do
    # Of what goes back, most is done within two seconds.
    [ "$kind" = trial ] || { begins && guest 'homeserver revert' && tenths=$((tenths % 20)); }
    sleep "$((tenths / 10)).$((tenths % 10))"
    cut_power
    ok "the plug is pulled $((tenths / 10)).$((tenths % 10)) s after a $kind began"
    boot
    own_kernel
    case $kind in
    trial) ended 0 'the plug, pulled while a change is on trial, does no harm: it stays' ;;
    revert) ended 4 'pulled while a change goes back, it has gone back' ;;
    esac
    holds 'nothing is half done' nothing_is_half_done
done 5<"$DIR/amid"
holds 'the change that stayed is in force' [ "$had" != "$begun" ]
holds "of $verdicts verdicts none differs from what the machine has" [ "$differ" = 0 ]
