# shellcheck shell=sh
# From the stock image to a homeserver that federates, undisturbed; `power-cut` boots more than once.
boot
ready 1500
ok "power-on to ready: $(age) s"
checks
federation
