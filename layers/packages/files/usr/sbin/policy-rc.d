#!/bin/sh
# Nothing is started by being installed: each is configured first. A reboot lifts this.
[ ! -e /run/homeseed/installing ] || exit 101
