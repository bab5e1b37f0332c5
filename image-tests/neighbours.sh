# shellcheck shell=sh disable=SC2154,SC2016
# Other computers that a machine of a case relies on, and the tunnel of its operator. A case reads this with
# `. "${SITE%/*}/../neighbours.sh"`; what they leave lies in $DIR. They end with it, whatever becomes of it.
cases=${SITE%/*}/..
neighbours_end() {
    for pid in "$DIR/pid" "$DIR/mirror/pid" "$DIR/nas/pid" "$DIR/ca/pid" "$DIR/client/pid" "$DIR/others/pid" \
        "$DIR"/monitor/*.pid; do
        [ ! -s "$pid" ] || network "kill $(cat "$pid")" || :
    done
    [ ! -e "$DIR/tor" ] || tor down || :
    [ ! -s "$DIR/tunnel" ] || kill "$(cat "$DIR/tunnel")" || :
} >/dev/null 2>&1
trap neighbours_end EXIT

# relay MODE: the mail relay from now on, as mail/relay.py has it; nobody: there is none.
relay() {
    if [ -s "$DIR/pid" ]; then
        network "kill $(cat "$DIR/pid")"
        rm "$DIR/pid"
        sleep 1
    fi
    [ "$1" != nobody ] || return 0
    cp "$cases/mail/relay.py" "$DIR/"
    network "setsid python3 $DIR/relay.py $1 $DIR >>$DIR/relay.log 2>&1 </dev/null &"
    until_holds 30 test -s "$DIR/pid"
}

# hand_over SECRET TEXT: as its operator does.
hand_over() { guest "echo $(printf '%s\n' "$2" | base64 -w0) | base64 -d | homeserver secret $1"; }

# mirror_up: a web server at mirror.example.net, or at each of $MIRROR, has what lies in $DIR/mirror/files.
mirror_up() {
    mkdir -p "$DIR/mirror/files"
    cat >"$DIR/mirror/conf" <<CONF
user root;
pid $DIR/mirror/pid;
error_log $DIR/mirror/error.log;
events {}
http {
    log_format short '\$request_uri \$status \$body_bytes_sent';
    access_log $DIR/mirror/access.log short;
    client_body_temp_path $DIR/mirror/body;
    include $DIR/mirror/*.site;
}
CONF
    for mirror_name in ${MIRROR:-mirror.example.net}; do
        certificate "$mirror_name" >"$DIR/mirror/$mirror_name.pem"
        cat >"$DIR/mirror/$mirror_name.site" <<CONF
server {
    listen 93.184.215.20:443 ssl;
    server_name $mirror_name;
    root $DIR/mirror/files;
    ssl_certificate $DIR/mirror/$mirror_name.pem;
    ssl_certificate_key $DIR/mirror/$mirror_name.pem;
}
CONF
    done
    network "nginx -c $DIR/mirror/conf >/dev/null 2>&1"
}

# target_up: at nas.example.net, $DIR/nas/store takes backups; its key is $DIR/nas/host.
target_up() {
    mkdir -p "$DIR/nas/store"
    cat >"$DIR/nas/sshd_config" <<END
ListenAddress 93.184.215.20:2222
HostKey $DIR/nas/host
AuthorizedKeysFile $DIR/nas/authorized_keys
PidFile $DIR/nas/pid
StrictModes no
END
    network "mkdir -p /run/sshd && /usr/sbin/sshd -f $DIR/nas/sshd_config"
}

# tor VERB ARGUMENT...: the Tor network of onion/tor.sh.
tor() {
    cp "$cases/onion/tor.sh" "$DIR/"
    network "sh $DIR/tor.sh $1 $DIR/tor ${2-}"
}
# takes_part_in_tor: the machine does, instead of in that of the world.
takes_part_in_tor() {
    guest "mkdir -p /etc/tor/torrc.d; echo $(base64 -w0 "$DIR/tor/common") | base64 -d >/etc/tor/torrc.d/testbed.conf; systemctl try-restart tor@default || :"
}

# tunnel_opens: the command that `homeserver panel` shows, as an operator runs it.
tunnel_opens() {
    tunnel_words=$(guest 'homeserver panel' | sed -n 's/^ssh //p')
    [ "$tunnel_words" = "-NL 8009:localhost:8009 root@$HOST" ] || { echo "$tunnel_words"; return 1; }
    # shellcheck disable=SC2086
    ssh -o "IdentityFile=$DIR/key" -o IdentitiesOnly=yes -o "UserKnownHostsFile=$DIR/known_hosts" -o ExitOnForwardFailure=yes \
        $tunnel_words >"$DIR/tunnel.log" 2>&1 3>&- 4<&- &
    echo $! >"$DIR/tunnel"
    until_holds 20 network 'curl -s -o /dev/null http://localhost:8009'
}
tunnel_closes() {
    kill "$(cat "$DIR/tunnel")"
    rm "$DIR/tunnel"
}

# authority_up SECONDS: a certificate authority of the case's own, at https://ca.example.net/dir, whose certificates live so
# long; $DIR/ca/root is its root. trusts_authority: machine and desk trust it, and the machine knows where it is.
authority_up() {
    mkdir -p "$DIR/ca"
    certificate ca.example.net >"$DIR/ca/pem"
    cat >"$DIR/ca/conf" <<CONF
{"pebble": {"listenAddress": "93.184.215.20:443", "managementListenAddress": "93.184.215.20:15000",
    "certificate": "$DIR/ca/pem", "privateKey": "$DIR/ca/pem", "httpPort": 80, "tlsPort": 443,
    "ocspResponderURL": "", "externalAccountBindingRequired": false, "certificateValidityPeriod": $1}}
CONF
    network "PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 setsid pebble -config $DIR/ca/conf -dnsserver 93.184.215.1:53 \
        >$DIR/ca/log 2>&1 </dev/null & echo \$! >$DIR/ca/pid"
    until_holds 60 network "curl -fsSk https://93.184.215.20:15000/roots/0 -o $DIR/ca/root"
}
trusts_authority() {
    network "cat $DIR/ca/root >>/etc/ssl/certs/ca-certificates.crt"
    # cloud-init writes the file anew at each boot.
    guest "echo '93.184.215.20 ca.example.net' | tee -a /etc/hosts >>/etc/cloud/templates/hosts.debian.tmpl
        echo $(base64 -w0 "$DIR/ca/root") | base64 -d >>/etc/ssl/certs/ca-certificates.crt"
}
