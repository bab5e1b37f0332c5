# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# A new document changes a machine that serves: a layer comes and goes, ports and the allowlist change; another server
# name is refused, and everything is served as before.
served() { network "curl -sS --max-time 10 https://$HOST/_matrix/client/versions" | grep -q versions; }
answers_on() { network "curl -sS --max-time 10 https://$HOST:$1/_matrix/federation/v1/version" | grep -q Synapse; }
is_silent_on() { ! network "curl -sS --max-time 5 https://$HOST:$1/"; }
says_hello() { [ "$(network "curl -sm5 telnet://$HOST:7070 </dev/null")" = hello ]; }
has_no_door() {
    ! guest 'systemctl list-units --all --plain --no-legend "door*" | grep .; systemctl list-unit-files --no-legend "door*" | grep .
        ss -Hltn | grep :7070; nft list ruleset | grep 7070; find /etc/systemd -name "door*"' | grep .
}
allows() { guest 'cat /etc/matrix-synapse/conf.d/00-xmrhost.yaml' | grep -qF "\"$1\""; }
allows_no() { ! allows "$1"; }
refuses() { state | grep -F 'server_name example.org for life, not example.net'; }
is_as_it_was() { [ "$(guest 'sha256sum /etc/matrix-synapse/conf.d/*.yaml /etc/nginx/conf.d/*')" = "$before" ]; }

boot
ready 1500
checks
holds 'federation answers on 8448' answers_on 8448
document door
ready 600
checks
holds 'the layer that came is served' says_hello
holds 'federation answers on 8448 no more' is_silent_on 8448
holds 'the allowlist has the new name' allows second.example.net
document site
ready 600
checks
holds 'nothing is left of the layer that went' has_no_door
holds 'federation answers on 8448 again' answers_on 8448
holds 'the allowlist has the new name no more' allows_no second.example.net
before=$(guest 'sha256sum /etc/matrix-synapse/conf.d/*.yaml /etc/nginx/conf.d/*')
document other-name
holds 'another server name is refused, with the reason' until_holds 300 refuses
holds 'it is served as before' until_holds 300 served
holds 'its configuration is as it was' is_as_it_was
document site
ready 600
checks
