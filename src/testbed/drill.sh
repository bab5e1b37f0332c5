# shellcheck shell=sh disable=SC2154
# What `homeseed backup drill` does: a machine of the test bed waits for its past, and gets it.

waits() { state | grep -F 'waiting for the backup: '; }
is_idle() { guest '! pgrep -f synapse.app.homeserver'; }
restored() {
    # shellcheck disable=SC2086 # none or one
    by_ssh restore "$SITE" "$DRILL_BACKUPS" --identity "$DRILL_IDENTITY" --signers "$DRILL_SIGNERS" --at "$DRILL_AT" $DRILL_OPTIONS
}

boot
holds 'the machine waits for its past' until_holds 1800 waits
[ "$RUNS_IN" = qemu ] || own_kernel
holds 'no Synapse runs meanwhile' is_idle
desk_opens
drill_began=$(date +%s)
holds 'the backup is restored' restored
ok "from the beginning of the restore to ready: $(($(date +%s) - drill_began)) s"
checks
