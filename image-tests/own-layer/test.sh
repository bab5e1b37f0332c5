# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# A layer that is no part of the program: a folder and a line of the site bring it, another document takes it away.
waits_for_the_secret() { state | grep -F 'the secret that both machines share: homeserver secret ping_secret'; }
is_root_s_alone() { [ "$(guest 'stat -c "%a %U:%G" /etc/homeseed/secrets/ping_secret')" = '600 root:root' ]; }
answers() { guest '/usr/lib/homeseed/ping ask 127.0.0.1'; }
has_a_verb() { guest 'homeserver' | grep -w ping && guest 'homeserver ping'; }
listens() { guest 'ss -Hlun' | grep -q ':7007 '; }
is_open() { guest 'nft list ruleset' | grep -q 'udp dport 7007 accept'; }
has_a_timer() { guest 'systemctl is-active ping-look.timer ping.service'; }
is_silent() { ! listens; }
is_closed() { ! is_open; }
has_no_unit() { ! guest 'systemctl list-units --all --plain --no-legend "ping*" | grep .; systemctl list-unit-files --no-legend "ping*" | grep .' | grep .; }
has_no_file() { ! guest 'find /etc/systemd /usr/lib/homeseed -path /usr/lib/homeseed/payload -prune -o -name "*ping*" -print' | grep .; }
keeps_the_secret() { is_root_s_alone; }

boot
holds 'it waits for the secret, and says how to hand it over' until_holds 600 waits_for_the_secret
holds 'a name that nobody declares is refused, with those that are' eval 'guest "echo xyzzy | homeserver secret nonsense 2>&1" | grep "ping_secret: the secret"'
holds 'the secret is taken from standard input' guest 'echo xyzzy | homeserver secret ping_secret'
ready 600
checks
holds 'the secret is readable by root alone' is_root_s_alone
holds 'its service answers' answers
holds 'its timer and its service run' has_a_timer
holds 'its port of UDP listens' listens
holds 'its port of UDP is open' is_open
holds 'homeserver has its verb' has_a_verb
document without
ready 600
checks
holds 'no unit of it is left' has_no_unit
holds 'its port listens no more' is_silent
holds 'its port is closed' is_closed
holds 'no file of it is left' has_no_file
holds 'what was handed over is kept' keeps_the_secret
