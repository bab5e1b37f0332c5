#!/bin/sh
# Makes this machine's own secrets and key, and starts Synapse.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
born server_name "$SERVER_NAME"
conf=/etc/matrix-synapse
mkdir -p "$conf/secrets"
for name in registration_shared_secret macaroon_secret_key form_secret; do
    secret "$conf/secrets/$name" 0640 root:matrix-synapse
done
if [ ! -s "$conf/homeserver.signing.key" ]; then
    rm -f /run/homeseed/signing.key
    (umask 077 && /opt/venvs/matrix-synapse/bin/generate_signing_key -o /run/homeseed/signing.key)
    write "$conf/homeserver.signing.key" 0640 root:matrix-synapse </run/homeseed/signing.key
    rm /run/homeseed/signing.key
fi
chmod 0640 "$conf/homeserver.signing.key"
chown root:matrix-synapse "$conf/homeserver.signing.key"
install -d -o matrix-synapse -g matrix-synapse /var/lib/matrix-synapse/media
systemctl daemon-reload
systemctl enable --quiet matrix-synapse
# The next steps need not wait for its first start.
systemctl restart --no-block matrix-synapse
