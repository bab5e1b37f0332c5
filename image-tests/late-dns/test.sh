# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# The names appear once the machine waits for them, two minutes after power-on at the earliest: until then nothing
# is asked of the authority.
served() { network "curl -sk --max-time 10 --resolve $HOST:443:$MACHINE https://$HOST/_matrix/client/versions | grep versions"; }
issuer() { network "echo | openssl s_client -connect $MACHINE:443 -servername $HOST 2>/dev/null | openssl x509 -noout -issuer -ext subjectAltName"; }
is_placeholder() { issuer | grep -q placeholder; }
is_real() { issuer | grep -q Pebble; }
blames_the_name_server() { state | grep -F 'no name server answers'; }
asks_for_records() { state | grep -F "$HOST has no address"; }
asks_for_names() { state | grep -q "$HOST"; }
asked_nothing() { [ "$(requests)" = "$1" ] || { echo "$(requests) requests, $1 at first"; false; }; }
asked_something() { [ "$(requests)" -gt "$before" ]; }

before=$(requests)
boot nameless
tell 'waiting until it is served without a name'
holds 'it is served while nobody knows its name' until_holds 1200 served
holds 'it shows a placeholder meanwhile' is_placeholder
holds 'it says which names it waits for' until_holds 600 asks_for_names
# A server that nobody runs: every question about the names fails, which is not the same as no record.
dns "server=/$HOST/127.0.0.99"
holds 'a name server that fails is called that' until_holds 240 blames_the_name_server
dns ''
holds 'and then it asks for names again' until_holds 240 asks_for_records
tell 'waiting until two minutes have passed'
while [ "$(age)" -lt 120 ]; do sleep 2; done
holds 'the authority was not asked for anything' asked_nothing "$before"
names_appear
ready 900
holds 'its certificate is real' is_real
holds 'the authority was asked once the names were there' asked_something
checks
