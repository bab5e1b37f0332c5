# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# waits more than it works
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
quotes_the_authority() { state | grep 'waiting for the CA: Detail: .*acme-challenge'; }
# The firewall's own set of rules, with the port closed for all but the machine itself.
port_80() {
    case $1 in
    closes) guest 'nft insert rule inet filter input iifname != lo tcp dport 80 drop' ;;
    opens) guest 'nft -f /etc/nftables.conf' ;;
    esac
}
another_look() { guest 'systemctl start homeseed.service; while systemctl is-active -q homeseed.service; do sleep 1; done'; }
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
# The authority looks from outside, and finds a closed port.
port_80 closes
names_appear
holds 'the refusal of the authority is passed on' until_holds 240 quotes_the_authority
refused=$(requests)
holds 'the convergence looks again' another_look
holds 'and leaves the authority in peace for a while' asked_nothing "$refused"
port_80 opens
# As if a quarter of an hour had passed.
guest 'touch -d "20 minutes ago" /var/lib/homeseed/certificate-refusal; systemctl start --no-block homeseed.service'
ready 1500
holds 'its certificate is real' is_real
holds 'the authority was asked once the names were there' asked_something
checks
