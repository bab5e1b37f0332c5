#!/bin/sh
# Makes this machine's own secrets and key, and starts Synapse.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
born server_name "$SERVER_NAME"
conf=/etc/matrix-synapse
# The package asks for these two and keeps them here; a power cut, or a corrected site, may have left something else.
echo "server_name: $SERVER_NAME" | write $conf/conf.d/server_name.yaml 0644 root:root
echo 'report_stats: false' | write $conf/conf.d/report_stats.yaml 0644 root:root
mkdir -p "$conf/secrets"
for name in registration_shared_secret macaroon_secret_key form_secret; do
    secret "$conf/secrets/$name" 0640 root:matrix-synapse
done
key=$conf/homeserver.signing.key
[ -s "$key" ] || /opt/venvs/matrix-synapse/bin/generate_signing_key | write "$key" 0640 root:matrix-synapse
[ -s "$key" ]
install -d -o matrix-synapse -g matrix-synapse /var/lib/matrix-synapse/media
# The next steps need not wait for its first start.
systemctl restart --no-block matrix-synapse
