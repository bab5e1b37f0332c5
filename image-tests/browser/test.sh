# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# Two people at two browsers, on another computer: they find the homeserver by its name, and what they send each other is
# read by nobody else.

bob() { PERSON=bob browser "$@"; }
# gives TEXT COMMAND...: the command prints exactly that.
gives() {
    gives_text=$1
    shift
    gives_said=$("$@") || :
    echo "$gives_said"
    [ "$gives_said" = "$gives_text" ]
}
# fails TEXT COMMAND...: the command does not succeed, and says why.
fails() {
    fails_text=$1
    shift
    if fails_said=$("$@"); then echo 'it succeeded'; return 1; fi
    echo "$fails_said"
    echo "$fails_said" | grep -qF -- "$fails_text"
}
answers() { network "curl -s -o /dev/null -w '%{http_code}' $1"; }
sql() { guest "cd / && runuser -u postgres -- psql -XAtqc \"$1\" synapse"; }
# holds_only_noise FILE: there is something in it, and it is no picture.
holds_only_noise() { guest "[ \$(stat -c %s $1) -gt 250000 ] && ! grep -aq IHDR $1"; }

boot
ready 900
password=$(guest 'homeserver first-password' | tail -n 1)
holds 'there is a second user' guest 'register_new_matrix_user -c /etc/matrix-synapse/conf.d/20-secrets.yaml -u bob -p bob --no-admin http://localhost:8008'

holds 'a browser opens' browser opens
network "cd $DIR && openssl req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout own.key -out own.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
    setsid timeout 60 openssl s_server -quiet -www -accept 127.0.0.1:8443 -cert own.pem -key own.key </dev/null >/dev/null 2>&1 &"
holds 'it refuses a certificate of nobody that it knows' fails ERR_CERT_AUTHORITY_INVALID browser visits https://localhost:8443/
holds 'the admin logs in by the server name' gives "@$ADMIN:$SERVER_NAME at https://$HOST" browser logs_in "$SERVER_NAME" "$ADMIN" "$password"
holds 'a second browser opens' bob opens
holds 'a wrong password is refused' fails M_FORBIDDEN bob logs_in "$SERVER_NAME" bob wrong
holds 'another user logs in there, by the address' gives "@bob:$SERVER_NAME at https://$HOST" bob logs_in "https://$HOST" bob bob

room=$(browser makes_room "@bob:$SERVER_NAME") || :
holds 'the admin makes an encrypted room' [ "${room#!}" != "$room" ]
holds 'the other one joins' bob joins "$room"
holds 'the admin sees that' browser meets "@bob:$SERVER_NAME"
holds 'the admin sends a message' browser sends 'It rains in Reykjavik.'
holds 'the other one reads it' gives "@$ADMIN:$SERVER_NAME: It rains in Reykjavik." bob reads 'It rains in Reykjavik.'
sent=$(browser sends_picture rain.png) || :
holds 'the admin sends a picture' [ "${sent#* mxc://"$SERVER_NAME"/}" != "$sent" ]
holds 'the other one downloads and decrypts it' gives "${sent% *}" bob reads_picture rain.png
holds 'the other one answers' bob sends 'Take an umbrella.'
holds 'the admin reads that' gives "@bob:$SERVER_NAME: Take an umbrella." browser reads 'Take an umbrella.'

holds 'the homeserver holds them encrypted' gives 'm.room.encrypted 3' sql "SELECT concat(type, ' ', count(*)) FROM events WHERE room_id = '$room' AND state_key IS NULL GROUP BY type"
holds 'nothing of them can be read in its database' gives 0 sql "SELECT count(*) FROM event_json WHERE room_id = '$room' AND json ~ 'Reykjavik|umbrella|rain[.]png'"
media=${sent##*/}
holds 'nor in its media' holds_only_noise "/var/lib/matrix-synapse/media/local_content/$(echo "$media" | sed 's|\(..\)\(..\)|\1/\2/|')"
holds 'it gives a file to nobody without a login' gives 401 answers "https://$HOST/_matrix/client/v1/media/download/$SERVER_NAME/$media"
holds 'nor by the way that asks for none' gives 404 answers "https://$HOST/_matrix/media/v3/download/$SERVER_NAME/$media"

holds 'the browser has asked nobody else' gives "https://localhost:8443
https://$SERVER_NAME
https://$HOST" browser origins
token=$(browser token)
holds 'the admin logs out' browser logs_out
holds 'what the browser knew opens nothing any more' gives 401 answers "-H 'Authorization: Bearer $token' https://$HOST/_matrix/client/v3/account/whoami"
holds 'the other one logs out' bob logs_out
browser closes
bob closes
