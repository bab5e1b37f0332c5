#!/bin/sh
# Makes this machine's own secrets and key, and starts Synapse.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
born server_name
conf=/etc/matrix-synapse
# The package asks for these two and keeps them here; a power cut, or a corrected site, may have left something else.
echo "server_name: $SERVER_NAME" | write $conf/conf.d/server_name.yaml 0644 root:root
echo 'report_stats: false' | write $conf/conf.d/report_stats.yaml 0644 root:root
made registration_shared_secret
made macaroon_secret_key
made form_secret
made signing_key /opt/venvs/matrix-synapse/bin/generate_signing_key
install -d -o matrix-synapse -g matrix-synapse /var/lib/matrix-synapse/media
# The next steps need not wait for its first start.
systemctl restart --no-block matrix-synapse
