#!/bin/sh
# What the status says of a trial.
if [ -e /var/lib/homeseed/trial/deadline ]; then
    echo "on trial until $(date -ud "@$(cat /var/lib/homeseed/trial/deadline)" +%R) UTC: homeserver confirm, or homeserver revert"
elif [ -e /var/lib/homeseed/reverted ]; then
    echo "back to the former payload: $(cat /var/lib/homeseed/reverted)"
fi
