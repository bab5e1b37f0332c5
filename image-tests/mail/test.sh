# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# Mail through a relay with STARTTLS and a password: registration by token and address, passwords that are forgotten, a relay
# that fails in every way, and the commands for invitations and accounts. The numbers are those of the table in
# image-tests/README.md.
# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
says() { state | grep -F "$1"; }
client() { # VERB ARGUMENT...
    client_verb=$1
    shift
    network "python3 $DIR/client.py $client_verb $HOST $DIR $* 2>&1"
}
# client_says WORDS VERB ARGUMENT...: what it prints begins so.
client_says() {
    client_words=$1
    shift
    client "$@" >"$DIR/said" || :
    grep -q "^$client_words" "$DIR/said" || { cat "$DIR/said"; return 1; }
}
look_again() { guest 'rm -f /run/homeseed/verdict; systemctl restart homeseed'; }
sql() { guest "cd / && runuser -u postgres -- psql -XAtqc \"$1\" synapse"; }
# named WORDS: the check of the relay fails, with these.
named() {
    guest 'homeserver check host' >"$DIR/tap" || :
    grep -A 3 '^not ok [0-9]* - mail: the relay lets this machine in' "$DIR/tap" | grep -F "# smtp.example.net 587 $1" ||
        { grep -A 5 ' - mail: ' "$DIR/tap"; return 1; }
}
# not_so TITLE WORDS COMMAND: on the machine it fails, in these words.
not_so() { holds "$1" not_so_in "$2" "$3"; }
not_so_in() { ! guest "$2 >/run/words 2>&1" && guest "grep -F '$1' /run/words || { cat /run/words; exit 1; }"; }

cp "${SITE%/*}/client.py" "$DIR/"
rm -rf "$DIR/mail" "$DIR/state.json" "$DIR/pid"
password='c:\new "quoted" '\''and'\'' #{{more}}: %s $HOME'
printf '%s\n' "$password" >"$DIR/password"
certificate smtp.example.net >"$DIR/good.pem"
network "cd $DIR && openssl req -x509 -nodes -days 9 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=smtp.example.net -addext subjectAltName=DNS:smtp.example.net -keyout key.pem -out untrusted.pem 2>/dev/null && cat key.pem >>untrusted.pem"
dns 'host-record=smtp.example.net,93.184.215.20'
relay good

# ---- without the password ----
boot
holds 'it waits for the password, and says how to hand it over' until_holds 900 says 'waiting for a secret, the password at the mail relay: homeserver secret mail'
holds 'every other step is done' guest 'cd /usr/lib/homeseed/steps && for step in *; do [ "${step#??-}" = mail ] || [ -e "/var/lib/homeseed/stamps/${step#??-}" ] || { echo "$step"; exit 1; }; done'
holds 'clients are served' network "curl -fsS https://$HOST/_matrix/client/versions"
holds 'registration is closed' client_says '\[403, .*M_FORBIDDEN' flows
holds 'no mail is sent' client_says '400 .*disabled' ask_for_reset
holds 'Synapse knows of no relay' guest '[ ! -e /etc/matrix-synapse/conf.d/40-mail.yaml ]'
own_kernel

# ---- with it ----
holds 'a wrong password is taken' hand_over mail wrong
holds '11: the machine says that the relay does not let it in' until_holds 300 says 'run homeserver check: mail: the relay lets this machine in'
holds '11: a wrong password is named' named 'SMTPAuthenticationError(535'
holds 'the right one is taken' hand_over mail "$password"
look_again
ready 300
checks
holds 'its password is that of before, to the letter' [ "$(guest '/opt/venvs/matrix-synapse/bin/python -c "import yaml; print(yaml.safe_load(open(\"/etc/matrix-synapse/conf.d/40-mail.yaml\"))[\"email\"][\"smtp_pass\"])"')" = "$password" ]
guest 'systemctl show -P InvocationID matrix-synapse >/run/invocation; rm /var/lib/homeseed/stamps/mail'
look_again
holds 'the step is done again' until_holds 300 guest '[ -e /var/lib/homeseed/stamps/mail ]'
holds 'and Synapse is not restarted for nothing' guest '[ "$(systemctl show -P InvocationID matrix-synapse)" = "$(cat /run/invocation)" ]'

# ---- registration ----
holds 'an invitation is made' guest 'homeserver token >/run/invitation'
token=$(guest 'head -n 1 /run/invitation')
holds 'it says what to send' guest "grep -F 'https://app.element.io/#/register' /run/invitation && grep -F 'with the token $token and your e-mail address. It is good until ' /run/invitation"
retell "$(client register "$token")"
holds '8: Synapse takes it no more' client_says "{'valid': False}" may_register "$token"
holds '8: the list says that it is used up' guest "homeserver token list | grep -x '$token used 1 of 1 until ....-..-.. ..:..:..+00'"
retell "$(client reset %password %token)"
for address in eve@other.example eve@xexample.net eve@example.net.other.example; do
    holds "mail.domains: $address gets no mail" client_says '403 M_THREEPID_DENIED' ask_for_mail "$address"
done
for n in 1 2 3 4 5; do holds "somebody asks for mail ($n)" client_says 200 ask_for_mail "n$n@example.net"; done
holds 'the sixth time there is none' client_says '429 M_LIMIT_EXCEEDED' ask_for_mail n6@example.net

# ---- a relay that fails ----
at_once() { client_says '500 M_UNKNOWN [0-9]$' ask_for_mail "$1@example.net" d; }
relay nobody
holds '11: nobody there: refused at once' at_once x1
holds '11: nobody there is named' named "ConnectionRefusedError(111, 'Connection refused')"
relay plain
holds '11: no TLS: refused at once' at_once x2
holds '11: no TLS is named' named "SMTPNotSupportedError('STARTTLS extension not supported by server.')"
relay untrusted
holds '12: an untrusted certificate: Synapse says nothing for 20 s' client_says 'nothing 20' ask_for_mail x3@example.net d 20
holds '12: an untrusted certificate is named' named "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
certificate smtp.example.net expired >"$DIR/untrusted.pem"
relay untrusted
holds '12: one that is over is named' named "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired"
certificate mail.example.net >"$DIR/untrusted.pem"
relay untrusted
holds '12: one for another name is named' named "SSLCertVerificationError(1, \"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'smtp.example.net'."
relay refusing
holds 'a sender that the relay does not take is named' named 'SMTPSenderRefused(553'
echo other >"$DIR/password"
relay good
holds '11: a password that is good no more: refused at once' at_once x4
holds '11: it is named' named 'SMTPAuthenticationError(535'
printf '%s\n' "$password" >"$DIR/password"
holds 'with the relay as it was, nothing is wrong' guest 'homeserver check host'
# As the mechanisms PLAIN and LOGIN say it, and as it is.
for form in "$(printf '\0chat@example.org\0%s' "$password" | base64 -w0)" "$(printf %s "$password" | base64 -w0)" "$password"; do
    holds 'the password does not stand in the journal' guest "echo $(printf %s "$form" | base64 -w0) | base64 -d >/run/form && ! journalctl -o cat | grep -m 1 -Ff /run/form"
done

# ---- invitations ----
holds 'an invitation for more, and for less time' guest 'homeserver token --uses 2 --expires 1h >/run/invitation'
token=$(guest 'head -n 1 /run/invitation')
holds 'the list knows it' guest "homeserver token list | grep -x '$token used 0 of 2 until .*'"
holds 'it ends in an hour' [ "$(sql "SELECT abs(expiry_time / 1000 - extract(epoch FROM now()) - 3600) < 60 FROM registration_tokens WHERE token = '$token'")" = t ]
holds 'Synapse takes it' client_says "{'valid': True}" may_register "$token"
holds 'it is revoked' guest "homeserver token revoke $token | grep -x revoked"
holds 'Synapse takes it no more' client_says "{'valid': False}" may_register "$token"
not_so 'it is revoked once' "there is no token $token" "homeserver token revoke $token"
not_so 'an invitation for nobody' 'homeserver token [' 'homeserver token --uses 0'
not_so 'an invitation for words' 'invalid input syntax for type integer' 'homeserver token --uses many'
not_so 'an invitation until words' 'invalid input syntax for type interval' 'homeserver token --expires soon'
not_so 'an invitation that is over' 'homeserver token [' 'homeserver token --expires -1h'
not_so 'an unknown word' 'homeserver token [' 'homeserver token --forever 1'
not_so 'SQL instead of a number' 'invalid input syntax for type integer' "homeserver token --uses \"1'; DROP TABLE users; --\""
holds 'nothing of that is an invitation' [ "$(guest 'homeserver token list | wc -l')" = 1 ]

# ---- accounts ----
user() { guest "homeserver user $*"; }
no_token_is_left() { [ "$(sql 'SELECT count(*) FROM access_tokens WHERE id < 0')" = 0 ]; }
devices=$(sql 'SELECT count(*) FROM devices')
made=$(user add bob)
holds 'an account is made, with a password' [ "${made%% *}" = @bob:example.org ]
holds 'no device is made' [ "$(sql 'SELECT count(*) FROM devices')" = "$devices" ]
bob=$(client log_in bob "'${made#* }'" b)
holds 'the password is good' client_says '200 @bob:example.org' whoami "$bob"
holds 'there is one device' client_says 1 devices "$bob"
not_so 'an account is made once' 'User ID already taken' 'homeserver user add bob'
not_so 'that of somebody else is not touched either' 'User ID already taken' 'homeserver user add alice'
holds 'its sessions go on' client_says '200 @bob:example.org' whoami "$bob"
holds 'its password is as before' client log_in bob "'${made#* }'" b
for name in Bob "'b b'" "''" "'b;b'" @bob:example.net; do not_so "no name: $name" 'a name has a-z' "homeserver user add $name"; done
not_so 'no name: _bob' 'User ID may not begin with _' 'homeserver user add _bob'
holds 'accounts are listed' [ "$(user list)" = '@admin:example.org admin
@alice:example.org
@bob:example.org' ]
reset=$(user reset-password bob)
holds 'the sessions of before have ended' client_says '401 M_UNKNOWN_TOKEN' whoami "$bob"
holds 'the old password is no good' client_says '403 .*M_FORBIDDEN' log_in bob "'${made#* }'" c
bob=$(client log_in bob "'${reset#* }'" c)
holds 'the new one is' client_says '200 @bob:example.org' whoami "$bob"
not_so 'no new password for nobody' 'there is no account @nobody:example.org' 'homeserver user reset-password nobody'
holds 'no token of an admin is left' no_token_is_left
used() { sql "SELECT access_token FROM user_ips WHERE user_id = '@admin:example.org' AND user_agent LIKE 'curl%' LIMIT 1"; }
used_is_known() { used | grep .; }
holds 'Synapse has seen one' until_holds 30 used_is_known
holds 'it is good for nothing' client_says '401 M_UNKNOWN_TOKEN' whoami "$(used)"

# Synapse stands still meanwhile.
guest 'kill -STOP "$(systemctl show -P MainPID matrix-synapse)"'
holds 'a command that hangs is interrupted' guest '! timeout -s INT 3 homeserver user reset-password bob'
holds 'no token of an admin is left' no_token_is_left
holds 'a command that hangs is killed' guest '! timeout -s KILL 3 homeserver user reset-password bob'
holds 'the token that is left is good for a minute at most' [ "$(sql 'SELECT count(*) FROM access_tokens WHERE id < 0 AND valid_until_ms < extract(epoch FROM now()) * 1000 + 60000')" = 1 ]
guest 'kill -CONT "$(systemctl show -P MainPID matrix-synapse)"'
sql 'UPDATE access_tokens SET valid_until_ms = 1 WHERE id < 0'
holds 'the sessions of before go on' client_says '200 @bob:example.org' whoami "$bob"
deactivated=$(user deactivate @bob:example.org)
holds 'an account is closed' [ "$deactivated" = '@bob:example.org is deactivated' ]
holds 'the token that was left has gone' no_token_is_left
holds 'its sessions have ended' client_says '401 M_UNKNOWN_TOKEN' whoami "$bob"
holds 'nobody logs in' client_says '403 ' log_in bob "'${reset#* }'" d
holds 'the list says so' guest "homeserver user list | grep -x '@bob:example.org deactivated'"
not_so 'it gets no password' 'there is no account @bob:example.org' 'homeserver user reset-password bob'
not_so 'its name is not given again' 'User ID already taken' 'homeserver user add bob'
not_so 'the account of the operator is not closed' 'this account is for life' 'homeserver user deactivate admin'
reset=$(user reset-password admin)
holds 'the operator gets a new password' client_says '[A-Za-z0-9_]*$' log_in admin "'${reset#* }'" d
holds 'homeserver names the commands' guest 'homeserver | grep -w token | grep -w user'

# ---- TLS from the first byte on, no password ----
relay implicit
document implicit
ready 600
checks
holds 'registration is by token alone' client_says '\[401, .*"stages": \["m.login.registration_token", "m.login.dummy"\]' flows
holds '10: mail comes through TLS from the first byte on' client_says '{"tls": true, "authenticated": false' ask_for_reset

# ---- and without it ----
document without
ready 600
checks
holds 'Synapse knows of no relay' guest '[ ! -e /etc/matrix-synapse/conf.d/40-mail.yaml ]'
holds 'no mail is sent' client_says '400 .*disabled' ask_for_reset
holds 'registration is closed' client_says '\[403, .*M_FORBIDDEN' flows
holds 'no file of the layers is left' guest '! find /usr/lib/homeseed -path /usr/lib/homeseed/payload -prune -o \( -name "*mail*" -o -name token -o -name user \) -print | grep .'
holds 'what was handed over is kept' guest '[ "$(stat -c "%a %U:%G" /etc/homeseed/secrets/mail)" = "600 root:root" ]'
