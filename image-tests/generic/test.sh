# shellcheck shell=sh disable=SC2154,SC2016
# starts from: generic image
# An image that knows no site, and the document of one: the machine is that of the stock image and the document.

# unnamed: the image is there, and does not know the machine's name.
unnamed() { [ -s "$DIR/image.raw" ] && ! grep -qaF "$HOST" "$DIR/image.raw"; }

goes_on_in_container
holds 'the disk has grown' guest '[ "$(df --output=size -BG / | tail -n 1 | tr -dc 0-9)" -ge 7 ]'
# The first boot of an image has its moments too.
moments "${CUT_SEED:=5}" 1 within edge >"$DIR/moments"
ok "the seed is $CUT_SEED: $(cat "$DIR/moments")"
read -r kind what tenths <"$DIR/moments"
plug_is_pulled "$kind" "$what" "$tenths"
ready 600
holds 'nothing is half done' nothing_is_half_done
holds 'the man pages are indexed daily, not after every package' guest '[ -s /usr/bin/mandb ] && [ ! -e /var/lib/man-db/auto-update ]'
holds 'nothing was downloaded' guest '[ ! -e /var/log/apt/history.log ]'
holds 'the inventory is that of the document' [ "$(guest 'sha256sum </usr/lib/homeseed/inventory' | cut -c-64)" = "$PAYLOAD" ]
holds 'the image knows no site' unnamed
checks
