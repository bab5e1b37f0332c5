# shellcheck shell=sh disable=SC2154
# starts from: packages
# The bare domain lives on another web server, which holds the three documents that the plan prints.
boot
ready 900
checks
