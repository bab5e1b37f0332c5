# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# The bare domain lives on another web server, which holds the two documents that the plan prints.
boot
ready 900
checks
