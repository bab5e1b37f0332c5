# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# What `homeseed verify` says of a machine from the operator's desk, as it is and after each of many sabotages.

# said FACT: what the last verdict says of it, when it does not hold; with the cure.
said() { awk -v fact=": $1" '/^(not )?ok /{ on = /^not / && index($0, fact) } on' "$DIR/verify.tap"; }

# caught SABOTAGE FACT SENTENCE: the verdict is bad because of this fact, in these words, with a cure.
caught() { holds "caught: $1" caught_so "$2" "$3"; }
caught_so() {
    if [ "$verify_status" = 1 ] && said "$1" | grep -qF -- "$2" && said "$1" | grep -q '^# cure: .'; then return; fi
    echo "status $verify_status"
    said "$1"
    cat "$DIR/verify.err"
    return 1
}

# missed: the desk has said that the machine does not serve yet.
missed() { grep -q 'is not there yet' "$DIR/verify.err"; }

# inside_is_well: nothing is wrong on the machine. A check has a few seconds, which a busy host may need for itself: then
# once more.
inside_is_well() {
    verify_inside
    all_well 45 || { verify_inside; all_well 45; }
}

standard_case
desk_opens

verify
holds 'the desk finds nothing wrong' all_well 20
holds 'the desk finds nothing wrong on the machine either' inside_is_well
dns "host-record=$HOST,2606:2800:220:1::dead"
verify --connect "$MACHINE"
holds 'another way leads past a name that leads elsewhere' all_well 20

# ---- what can be seen from outside ----
guest 'cd / && tar -cf /run/before.tar etc/nginx etc/homeseed etc/matrix-synapse etc/ssh etc/postgresql'
holds 'what can be seen from outside is sabotaged' guest 'set -e
    umask 022
    sed -i "s/:443/:8443/" /etc/homeseed/www/server.json
    sed -i "s/operator@/former@/" /etc/homeseed/www/support.json
    sed -i "/Access-Control/d" /etc/nginx/snippets/homeserver-well-known.conf
    sed -i "s|^location / .*|location /_synapse/ { proxy_pass http://synapse; }\n&|" /etc/nginx/snippets/homeserver.conf
    sed -i -e "s/^ssl_protocols .*/ssl_protocols TLSv1.1 TLSv1.2;/" -e "s/^ssl_ciphers /&@SECLEVEL=0:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:/" /etc/nginx/conf.d/homeserver.conf
    nginx -tq
    systemctl reload nginx'
dns "srv-host=_matrix._tcp.$SERVER_NAME,elsewhere.example.net,8448
host-record=$HOST,2606:2800:220:1::dead"
verify
caught 'a well-known document with the wrong server' 'the server document is exact' ':8443'
caught 'a delegation that leads elsewhere' 'the server name leads to this machine' ":8443\`, not"
caught 'documents that browsers may not read' 'the client document is exact' '}}application/json, not'
caught 'documents of an older version' 'the support document names the operator' 'former@'
caught 'the cure for documents of an older version' 'the support document names the operator' 'perhaps you published an older version'
caught 'an open admin API' 'the admin API and all else are 404' '404200404404'
caught 'TLS 1.1' 'TLS 1.1 is refused' 'speaks TLS 1.1'
caught 'an SRV record that leads elsewhere' 'no SRV record leads elsewhere' "_matrix._tcp.$SERVER_NAME leads to elsewhere.example.net:8448"
caught 'a dead IPv6 address' 'every address answers' '[2606:2800:220:1::dead]:'
dns ''

# ---- certificates and keys ----
shown() { # CHAIN: from now on
    guest "cd /var/lib/homeseed/tls && mkdir -p asked && umask 077 && echo '$(echo "$1" | base64 -w0)' | base64 -d >asked/fullchain.pem &&
        cp asked/fullchain.pem asked/privkey.pem && ln -sfn asked current && systemctl reload nginx"
}
current=$(guest 'tar -xf /run/before.tar -C / && readlink /var/lib/homeseed/tls/current')
holds 'the key document is sabotaged' guest 'set -e
    umask 022
    curl -fsS http://127.0.0.1:8008/_matrix/key/v2/server | sed "s/^{/{\"forged\":1,/" >/etc/homeseed/www/key.json
    sed -i "s|^location / .*|location = /_matrix/key/v2/server { default_type application/json; alias /etc/homeseed/www/key.json; }\n&|" /etc/nginx/snippets/homeserver.conf
    nginx -tq'
shown "$(certificate "$HOST" expired)"
verify
caught 'an expired certificate' 'every address shows a good certificate' 'its certificate expired: it ended '
caught 'a key with a bad signature' 'the signing key is this server' 'is not good'
guest 'tar -xf /run/before.tar -C / && rm /etc/homeseed/www/key.json'
shown "$(certificate another.example.net)"
verify
caught 'a certificate for another name' 'every address shows a good certificate' "is not for $HOST, but for another.example.net"
guest "ln -sfn '$current' /var/lib/homeseed/tls/current && systemctl reload nginx"

# ---- what can be seen on the machine ----
holds 'what can be seen on the machine is sabotaged' guest 'set -e
    umask 022
    cd /etc/matrix-synapse/conf.d
    printf "enable_registration: true\nregistration_requires_token: false\nenable_registration_without_verification: true\nlog_config: /etc/matrix-synapse/to-a-file.yaml\ndatabase: {name: sqlite3, args: {database: /var/lib/matrix-synapse/homeserver.db}}\n" >zz.yaml
    printf "version: 1\nhandlers: {file: {class: logging.FileHandler, filename: /var/lib/matrix-synapse/homeserver.log}}\nroot: {level: INFO, handlers: [file]}\n" >../to-a-file.yaml
    systemctl restart matrix-synapse
    runuser -u postgres -- psql -qXc "ALTER DATABASE synapse RENAME TO kept" -c "CREATE DATABASE synapse ENCODING UTF8 LC_COLLATE '"'C.UTF-8'"' LC_CTYPE '"'C.UTF-8'"' TEMPLATE template0"
    echo "listen_addresses = '"'*'"'" >"$(echo /etc/postgresql/*/main/conf.d)/zz.conf"
    systemctl restart postgresql
    nft flush ruleset
    systemd-run -q --unit=door python3 -m http.server 5432
    echo "PasswordAuthentication yes" >/etc/ssh/sshd_config.d/00-first.conf
    until curl -fsS http://127.0.0.1:8008/health; do sleep 1; done
    mv /var/lib/matrix-synapse/media /var/lib/matrix-synapse/away'
verify_inside
caught 'open registration' 'registration is refused without a token' 'no M_FORBIDDEN'
caught 'no firewall' 'it is in force' 'policy drop'
caught 'Synapse on SQLite' 'it uses PostgreSQL' 'schema_version'
caught 'a SQLite file' 'no SQLite file exists' 'homeserver.db'
caught 'a database with the wrong collation' 'its database has UTF8 and the C locale' 'C.UTF-8'
caught 'an open port, from outside' 'no undeclared port answers' '1 5432'
caught 'a database that listens, on the machine' 'it listens on its socket alone' 'it is: *, not:'
caught 'a log in a file' 'it logs to the journal alone' 'no journal'
caught 'a media store that is gone' 'its media store exists' 'No such file'
caught 'login by password' 'sshd takes keys alone' 'it is: 1, not: 2'

# ---- and back ----
holds 'everything is mended' guest 'set -e
    rm -rf /etc/matrix-synapse/conf.d/zz.yaml /etc/matrix-synapse/to-a-file.yaml /var/lib/matrix-synapse/homeserver.* \
        /etc/postgresql/*/main/conf.d/zz.conf /etc/ssh/sshd_config.d/00-first.conf /var/lib/matrix-synapse/media
    mv /var/lib/matrix-synapse/away /var/lib/matrix-synapse/media
    systemctl stop homeseed.timer homeseed matrix-synapse door
    systemctl restart postgresql nftables
    runuser -u postgres -- psql -qXc "DROP DATABASE synapse" -c "ALTER DATABASE kept RENAME TO synapse"'
# The machine would start Synapse by itself within a minute, before a slow desk has looked.
{ until_holds 240 missed && guest 'systemctl start homeseed.timer matrix-synapse'; } &
verify --wait 8m
wait "$!" || :
holds 'the desk waits until nothing is wrong' all_well 20
holds 'it has seen the machine before it was mended' missed
holds 'the desk finds nothing wrong on the machine either, in the end' inside_is_well
