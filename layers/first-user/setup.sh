#!/bin/sh
# Makes the operator's account, once Synapse is up.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
healthy() { curl -fs --max-time 5 -o /dev/null http://127.0.0.1:8008/health; }
within 240 healthy || { echo "Synapse does not answer: $(journalctl -u matrix-synapse -o cat -n 1)"; exit 1; }
if [ ! -e "$state/born/admin" ]; then
    secret "$state/first-password" 0600 root:root
    register_new_matrix_user -c /etc/matrix-synapse/conf.d/20-secrets.yaml --user "$ADMIN" \
        --password-file "$state/first-password" --admin --exists-ok http://127.0.0.1:8008
fi
born admin "$ADMIN"
