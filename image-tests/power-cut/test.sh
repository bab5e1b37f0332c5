# shellcheck shell=sh disable=SC2154
# runs in: container, on a disk
# The plug is pulled three times, at moments that a seed chooses, and once more in the machine's later life: while it reboots,
# or while it takes up another document. It still gets there, and nothing is half done.
moments "${CUT_SEED:=7}" 3 >"$DIR/moments"
moments "$CUT_SEED" 1 reboot document >"$DIR/later"
ok "the seed is $CUT_SEED: $(cat "$DIR/moments" "$DIR/later" | paste -sd,)"
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
