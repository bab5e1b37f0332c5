#!/bin/sh
# Makes the operator's account, once Synapse is up.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
# It returns when Synapse serves.
systemctl start matrix-synapse
if [ ! -e "$state/born/admin" ]; then
    made first_password
    register_new_matrix_user -c /etc/matrix-synapse/conf.d/20-secrets.yaml "--user=$ADMIN" \
        --password-file "$file" --admin --exists-ok http://127.0.0.1:8008
fi
born admin
