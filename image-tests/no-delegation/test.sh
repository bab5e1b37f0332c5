# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# The server name is the machine's own name.
boot
ready 1500
checks
federation
