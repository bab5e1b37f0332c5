# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# What well-known scorers say of the machine; then an operator holds it tighter, and can still work with it.
# docs/hardening.md has the table, and why the rest is as it is.
# shellcheck source=image-tests/changes.sh
. "${SITE%/*}/../changes.sh"
SCORERS=${SITE%image-tests/*}target/tools/scorers/bin

exposure() { guest "systemd-analyze security --no-pager '$1'" | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\) .*/\1/p'; }
# is_exposed_at_most SCORE UNIT: by systemd-analyze(1), from 0, the best, to 10.
is_exposed_at_most() {
    is_exposed=$(exposure "$2")
    echo "$is_exposed"
    awk -v is="$is_exposed" -v most="$1" 'BEGIN { exit is == "" || is > most }'
}
follows_policy() { "$SCORERS/ssh-audit" --policy "${SITE%/*}/ssh.policy" "$MACHINE"; }
# finds_nothing: neither high nor medium, in a configuration that it has read.
finds_nothing() {
    guest 'nginx -T 2>/dev/null' >"$DIR/nginx.conf"
    grep -q "server_name $HOST" "$DIR/nginx.conf" || return 1
    "$SCORERS/gixy" --format json "$DIR/nginx.conf" >"$DIR/gixy.json" || :
    grep -q '^\[' "$DIR/gixy.json" && ! grep -iE '"severity": *"(HIGH|MEDIUM)"' "$DIR/gixy.json"
}
# RFC 6066, 3: the alert of a server that does not know the name.
gets_no_certificate() {
    gets_no=$(network "echo | openssl s_client -connect $MACHINE:443 -servername other.example.net 2>&1 || :")
    echo "$gets_no"
    echo "$gets_no" | grep -q 'unrecognized name' && ! echo "$gets_no" | grep -q 'BEGIN CERTIFICATE'
}
# 52, of curl: nothing was answered.
gets_no_content() { network "curl -s --max-time 10 -H 'Host: other.example.net' http://$MACHINE/; [ \$? = 52 ]"; }
# index: of lynis, 100 is the best.
index() { guest 'lynis audit system --quick --quiet --no-colors >/dev/null 2>&1; sed -n s/hardening_index=//p /var/log/lynis-report.dat'; }
has_index() {
    echo "it is $2"
    [ "$2" -ge "$1" ]
}

boot
ready 900
holds 'Synapse is exposed 1.2 at most' is_exposed_at_most 1.2 matrix-synapse
holds 'PostgreSQL is exposed 2.0 at most' is_exposed_at_most 2.0 postgresql@15-main
holds 'nginx is exposed 3.0 at most' is_exposed_at_most 3.0 nginx
holds 'certbot is exposed 4.0 at most' is_exposed_at_most 4.0 certbot
for unit in matrix-synapse postgresql@15-main nginx certbot homeseed ssh; do ok "systemd-analyze security $unit: $(exposure "$unit")"; done
holds 'sshd follows the policy of ssh-audit' follows_policy
holds 'gixy finds nothing high and nothing medium' finds_nothing
holds 'an unknown name gets no certificate' gets_no_certificate
holds 'an unknown name gets no content' gets_no_content
# Of the kernel's settings lynis sees those of the host otherwise.
own_kernel
guest 'apt-get -qq install lynis >/dev/null 2>&1'
index=$(index)
ok "the index of lynis: $index"
holds 'the index of lynis is 67 at least' has_index 67 "$index"

# ---- tighter ----
desk_opens
changes
site 'hardening: strict'
applied 0 'it is held tighter'
holds 'sshd still follows the policy of ssh-audit' follows_policy
index=$(index)
ok "the index of lynis, held tighter: $index"
holds 'the index of lynis is 74 at least then' has_index 74 "$index"
holds 'a backup can be pulled from it' by_ssh backup pull "$DIR/site.yaml" "$DIR/backups"
site
applied 0 'that can be undone'
holds "of $verdicts verdicts none differs from what the machine has" [ "$differ" = 0 ]
