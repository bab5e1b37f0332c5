# shellcheck shell=sh
# The verbs of a case's test.sh: `homeseed test` reads this, then the script, then calls `finish`.
#
# Requests go out on descriptor 3, answers come in on 4; standard output is for results.
set -eu
exec 3>&1 4<&0 </dev/null
results=0

# ask VERB TEXT...: prints the answer and returns its status.
ask() {
    ask_verb=$1
    shift
    printf '@ %s %s\n' "$ask_verb" "$(printf %s "$*" | base64 -w0)" >&3
    # Nobody answers any more: the test bed has given up.
    read -r ask_status ask_text <&4 || exit 1
    printf %s "${ask_text-}" | base64 -d
    return "$ask_status"
}

# guest COMMAND: as root on the machine.
guest() { ask guest "$@"; }

# network COMMAND: on another computer of the test internet, with curl, jq, dig and openssl.
network() { ask network "$@"; }

# boot: switches the machine on, with its names in the DNS. boot nameless: without.
boot() {
    [ "${1-}" = nameless ] || names_appear
    ask boot
}

# another bios|uefi [NAME]: switches the machine off and takes another one, still off, whose disk is a new copy of the image;
# under UEFI it has no datasource, otherwise that of the site, or the document of NAME, as `replace` knows it.
another() {
    RUNS_IN=qemu
    ask another "$*"
}

# own_kernel: what this host's kernel lacks or has otherwise is shown to the container as it wants it: it is to be ready, as
# on a kernel of its own, until it is started again. Read-only folders of the kernel give way to copies.
# shellcheck disable=SC2016 # the machine expands it
own_kernel() {
    guest 'mkdir -p /run/kernel; cd /run/kernel
    : >modules; mount --bind modules /proc/modules
    sed -n "s/ = / /p" /etc/sysctl.d/zz-homeseed.conf >wanted
    while read -r key value; do
        top=${key%%.*}
        for file in $(echo "/proc/sys/$key" | tr . /); do
            [ -e "$file" ] || [ -e "$top" ] || { mkdir "$top"; cp -r "/proc/sys/$top/." "$top" 2>/dev/null; mount --bind "$top" "/proc/sys/$top"; }
        done
    done <wanted
    while read -r key value; do
        for file in $(echo "/proc/sys/$key" | tr . /); do
            mkdir -p "${file%/*}"; echo "$value" >value; [ -e "$file" ] || cp value "$file"
            cp value "$(echo "$file" | tr / .)"; mount --bind "$(echo "$file" | tr / .)" "$file"
        done
    done <wanted
    rm -f /run/homeseed/verdict; systemctl restart --no-block homeseed'
    ask kernel
}

# replace NAME: switches the machine off for ever and takes a new one, still off, which gets the document of NAME.yaml;
# `restoring` is that of the case's site for a machine that waits for a backup.
replace() { ask replace "$1"; }

# has_begun: the first step is under way, or done; by then cloud-init, where there is one, has done its own.
has_begun() { state | grep -E 'working on|waiting for| is ready: '; }

# goes_on_in_container: boots as far as the first step; then everything after kernel and boot loader is seen in a container,
# many times faster, on the very disk that QEMU booted.
goes_on_in_container() {
    boot
    holds 'it boots, and the convergence begins' until_holds 400 has_begun
    holds 'the kernel says nothing of an error in this boot' no_oops
    tell 'going on in a container'
    RUNS_IN=container
    ask container
}

# begins_in_container: boots the disk of a machine that is still off in a container, many times faster than QEMU does.
begins_in_container() {
    RUNS_IN=container
    ask container
}

# goes_on_in_qemu: switches the container off and boots its disk in QEMU.
goes_on_in_qemu() {
    tell 'going on in QEMU'
    RUNS_IN=qemu
    ask emulation
}

# again: makes the image once more; succeeds when it is the same.
again() { ask again; }

# names_appear: from now on the DNS knows the machine.
names_appear() { ask names; }

# dns LINES: from now on the name server says this too, in dnsmasq's words; nothing: only addresses again.
dns() { ask dns "$@"; }

# document NAME: delivers the case's site NAME.yaml as a provider does, and reboots; `ready` then waits for it.
document() { ask document "$1"; }

# certificate NAME [expired]: prints a chain and its key, by an authority that others trust.
certificate() { ask certificate "$@"; }

# cut_power: as if the plug were pulled.
cut_power() { ask cut; }

# moments SEED COUNT [KIND...]: moments at which the plug is to be pulled, in the order in which a first boot passes them; a
# line each: KIND, WHAT, and how many tenths of a second later. Without kinds, three of five are events of dpkg.
# The generator is that of Park and Miller, so that a seed gives the same moments under every awk.
moments() {
    moments_seed=$1 moments_count=$2
    shift 2
    [ $# -gt 0 ] || set -- unpack unpack configure configure configure configure trigger within within edge edge
    awk -v seed="$moments_seed" -v count="$moments_count" -v kinds="$*" '
        function below(n) { x = x * 16807 % 2147483647; return int(x / 2147483647 * n) }
        BEGIN {
            x = (seed * 48271 + 11) % 2147483646 + 1
            for (n = 0; n < 20; n++) below(2)
            kind_count = split(kinds, kind, " ")
            step_count = split("place hardening packages firewall postgres synapse nginx certificate first-user verdict", step, " ")
            for (n = 0; n < count; n++) {
                k = kind[1 + below(kind_count)]
                s = 1 + below(step_count)
                if (k == "unpack") { what = 1 + below(80); order = 3.1 + what / 1000 }
                else if (k == "configure") { what = 1 + below(80); order = 3.3 + what / 1000 }
                else if (k == "trigger") { what = 1 + below(8); order = 3.5 + what / 1000 }
                else if (k == "within") { what = step[s]; order = s }
                else if (k == "edge") { what = step[s]; order = s + 0.9 }
                else { what = "-"; order = k == "delivery" ? 0 : 99 }
                print order, k, what, below(60)
            }
        }' | sort -n | cut -d" " -f2-
}

# comes KIND WHAT: waits for the moment, or until no such moment can come any more.
comes() {
    case $1 in
    unpack) comes_event=' status half-installed ' ;;
    configure) comes_event=' status half-configured ' ;;
    trigger) comes_event=' trigproc ' ;;
    within) comes_when="grep -q '\"step\":\"$2\"' /run/homeseed/status" ;;
    edge) comes_when="[ -e /var/lib/homeseed/stamps/$2 ]" ;;
    delivery) comes_when='[ -e /usr/lib/homeseed/payload.new ] || [ -e /usr/lib/homeseed/inventory ]' ;;
    ready) comes_when=false ;;
    esac
    case $1 in
    unpack | configure | trigger)
        comes_count="\$(grep -c '$comes_event' /var/log/dpkg.log || :)"
        comes_before=$(guest "echo \"$comes_count\"")
        comes_when="[ \"$comes_count\" -ge $((${comes_before:-0} + $2)) ] || [ -e /var/lib/homeseed/stamps/packages ]"
        ;;
    esac
    comes_pause=0.1
    [ "$RUNS_IN" = container ] || comes_pause=1
    # Nothing later can be waited for than the verdict of this boot.
    comes_when="until { $comes_when || grep -q 'checks passed\\|run homeserver check' /run/homeseed/status; } 2>/dev/null; do sleep $comes_pause; done"
    until_holds 1500 guest "echo $(printf %s "$comes_when" | base64 -w0) | base64 -d | timeout 60 sh"
}

# plug_is_pulled KIND WHAT TENTHS: waits for the moment, and a little longer; then the machine is switched on again.
plug_is_pulled() {
    tell "the plug will be pulled: $1 $2"
    holds "$1 $2 comes" comes "$1" "$2"
    sleep "$(($3 / 10)).$(($3 % 10))"
    cut_power
    ok "the plug is pulled $(($3 / 10)).$(($3 % 10)) s later"
    boot
}

# nothing_is_half_done: dpkg finds nothing to complain of, and of what came with the convergence no file is empty that was
# not delivered so.
# shellcheck disable=SC2016 # the machine expands it
nothing_is_half_done() {
    guest 'dpkg --audit 2>&1 | grep . && exit 1
        # A changed conffile is no damage: some are ours.
        dpkg --verify | grep -v "^..5...... c " | grep . && exit 1
        sed -n "s|^d41d8cd98f00b204e9800998ecf8427e  |/|p" /var/lib/dpkg/info/*.md5sums >/run/empty
        [ -s /run/empty ] || { echo "no package brings an empty file: the search is wrong"; exit 1; }
        find /etc /usr -xdev -type f -empty -newerct "@$(stat -c %W /var/lib/homeseed/stamps)" | grep -vxFf /run/empty | grep -vx "/etc/sub[gu]id-" && exit 1
        exit 0'
}

# reboot_machine: from inside; returns when the new boot answers.
reboot_machine() { ask reboot; }

# age: seconds since the machine was switched on.
age() { ask age; }

# requests: how many orders and validations the certificate authority has seen.
requests() { ask requests; }

# state: the sentence in which the machine says where it stands.
state() { ask state; }

# tell TEXT: what the reader sees while it goes on.
tell() { ask tell "$@"; }

# ok TITLE and not_ok TITLE REASON: one result.
ok() {
    results=$((results + 1))
    printf 'ok - %s\n' "$1"
}
not_ok() {
    results=$((results + 1))
    printf 'not ok - %s\n' "$1"
    printf '%s\n' "${2-}" | sed 's/^/# /'
}

# holds TITLE COMMAND...: a result, by whether the command succeeds.
holds() {
    holds_title=$1
    shift
    if holds_said=$("$@" 2>&1); then ok "$holds_title"; else not_ok "$holds_title" "$holds_said"; fi
}

# until_holds SECONDS COMMAND...: tries each second, or less often where looking takes an emulated machine's time from what it
# looks at; in vain it tells where the machine stands.
until_holds() {
    until_limit=$1 until_end=$(($(date +%s) + $1)) until_pause=1
    [ "$RUNS_IN" = container ] || until_pause=5
    shift
    while ! "$@" >/dev/null 2>&1; do
        if [ "$(date +%s)" -ge "$until_end" ]; then
            echo "not within $until_limit s; the machine says: $(state)" >&2
            return 1
        fi
        sleep "$until_pause"
    done
}

# ready SECONDS: waits until the machine says so, in this boot; without that the case is over.
ready() {
    if ready_said=$(ask ready "$1"); then
        ok "the machine says that it is ready"
    else
        not_ok "the machine says that it is ready" "$ready_said"
        finish
    fi
}

# retell TAP: results of others as our own; too few of them are a result too.
retell() {
    retell_file=$(mktemp)
    printf '%s\n' "$1" >"$retell_file"
    retell_planned=0 retell_seen=0
    while IFS= read -r line; do
        case $line in
        'ok '*)
            retell_seen=$((retell_seen + 1))
            ok "${line#*- }"
            ;;
        'not ok '*)
            retell_seen=$((retell_seen + 1)) results=$((results + 1))
            printf 'not ok - %s\n' "${line#*- }"
            ;;
        '1..'*) retell_planned=$((retell_planned + ${line#1..})) ;;
        *) printf '# %s\n' "${line#\# }" ;;
        esac
    done <"$retell_file"
    rm -f "$retell_file"
    if [ "$retell_planned" = 0 ] || [ "$retell_seen" != "$retell_planned" ]; then
        not_ok 'every announced result arrived' "$retell_seen of $retell_planned arrived"
    fi
}

# checks: all that the layers promise, as the ready machine found it and seen from outside.
checks() {
    retell "$(ask checks)"
    [ "$RUNS_IN" = container ] || holds 'the kernel says nothing of an error in this boot' no_oops
}

# no_oops: neither an oops nor a warning; the kernel's journal must be there to be read.
no_oops() {
    guest "journalctl -q -b -k -o cat | grep -q '^Linux version' || { echo 'no journal of the kernel'; exit 1; }
        ! journalctl -q -b -k -o cat | grep -A 3 -E 'Call Trace:|cut here|BUG: '"
}

# federation: messages and media both ways with the listed homeserver, nothing with another.
federation() {
    [ -n "$LISTED" ] || return 0
    ask peers
    federation_password=$(guest 'homeserver first-password' | tail -n 1)
    tell "exchanging messages with $LISTED"
    federation_since=$(guest 'date +%s')
    retell "$(network "HOST=$HOST SERVER_NAME=$SERVER_NAME LISTED=$LISTED UNLISTED_PEER=$UNLISTED_PEER \
        ANYONE=$ANYONE ADMIN=$ADMIN ADMIN_PASSWORD='$federation_password' \
        PEER_USER=$PEER_USER PEER_PASSWORD=$PEER_PASSWORD sh -u $FEDERATION/exchange.sh 2>&1")"
    holds 'Synapse says nothing of an error meanwhile' no_error_since "$federation_since"
}

# no_error_since SECONDS: what Synapse itself calls an error, with its traceback; its journal must be there to be read.
no_error_since() { ask errors "$1"; }

# standard_case: from what the machine starts from to a homeserver that federates, and the same again after a reboot.
standard_case() {
    boot "$@"
    ready 1500
    checks
    federation
    reboot_machine
    ready 1500
    checks
    federation
}

# desk_has SITE: the operator's copy of a site, which trusts what is tested.
desk_has() {
    {
        cat "$1"
        printf 'apt:\n  matrix:\n    url: %s\n    fingerprint: %s\n' "$REPOSITORY" "$FINGERPRINT"
    } >"$DIR/site.yaml"
}

# desk_opens: what an operator has: the site, a key, and a way in by ssh.
desk_opens() {
    desk_has "$SITE"
    ssh-keygen -q -t ed25519 -N '' -f "$DIR/key"
    desk_logs_in
}

# desk_logs_in: the way in, on a machine that is new.
desk_logs_in() {
    guest "mkdir -p -m 700 /root/.ssh && echo '$(cat "$DIR/key.pub")' >>/root/.ssh/authorized_keys"
    echo "$HOST $(guest 'cat /etc/ssh/ssh_host_ed25519_key.pub')" >"$DIR/known_hosts"
}

# desk WORDS...: a verb of the program as an operator runs it, who knows the machines that this case has shown; what it says
# is kept in a file, too. by_ssh WORDS...: one that logs in.
desk() {
    tell "homeseed $1 $2"
    desk_status=0
    XDG_CONFIG_HOME=$DIR/config "$HOMESEED" "$@" >"$DIR/desk.out" 2>&1 || desk_status=$?
    cat "$DIR/desk.out"
    return "$desk_status"
}
by_ssh() { logging_in desk "$@"; }
# logging_in COMMAND...: the command, with what makes a verb of the program log in as the operator does.
logging_in() {
    "$@" --ssh "root@$HOST" --ssh-option "IdentityFile=$DIR/key" --ssh-option "UserKnownHostsFile=$DIR/known_hosts" \
        --ssh-option IdentitiesOnly=yes
}

# verify ARGUMENTS...: asks for a verdict, kept in a file; its status is that of the program.
verify() {
    tell 'verifying from the desk'
    verify_status=0 verify_fails=
    "$HOMESEED" verify "$DIR/site.yaml" --format tap "$@" >"$DIR/verify.tap" 2>"$DIR/verify.err" || verify_status=$?
}

# verify_inside ARGUMENTS...: the same, on the machine too; a container fails exactly where it has no kernel of its own.
verify_inside() {
    logging_in verify "$@"
    [ "$RUNS_IN" = qemu ] || verify_fails=$OWN_KERNEL
}

# all_well COUNT: the last verdict finds nothing wrong, and at least so many facts were looked at.
all_well() {
    if [ "$verify_status" = "$((${#verify_fails} > 0))" ] && [ "$(grep -c '^ok ' "$DIR/verify.tap")" -ge "$1" ] &&
        [ "$(sed -n 's/^not ok [0-9]* - //p' "$DIR/verify.tap")" = "$verify_fails" ]; then return; fi
    echo "status $verify_status, $(grep -c '^ok ' "$DIR/verify.tap") hold; these do not:"
    awk '/^(not )?ok /{ bad = /^not / } bad' "$DIR/verify.tap"
    cat "$DIR/verify.err"
    return 1
}

# agree [CHECK WORDS]: a machine that finds nothing wrong, and whose kernel is as the checks want it; the desk says the same of
# each of the machine's checks, and finds nothing wrong either, but for a check at which a machine does not look by itself, in
# these words.
agree() {
    agree_status=0
    guest 'homeserver check' >"$DIR/check.tap" || agree_status=$?
    logging_in verify
    verify_fails=${1-}
    agree_results "$DIR/check.tap" >"$DIR/check.results"
    agree_results "$DIR/verify.tap" >"$DIR/verify.results"
    echo "homeserver check ends with $agree_status; what it alone says:"
    ! comm -23 "$DIR/check.results" "$DIR/verify.results" | grep . || return 1
    [ "$agree_status" = 0 ] && [ "$(wc -l <"$DIR/check.results")" -ge 20 ] || return 1
    all_well 44 || return 1
    [ $# = 0 ] || awk -v check=" - $1" '/^(not )?ok /{ on = /^not / && index($0, check) } on' "$DIR/verify.tap" | grep -F "# $2"
}
agree_results() { sed -nE 's/^((not )?ok) [0-9]* (- .*)/\1 \3/p' "$1" | sort; }

# browser VERB WORD...: a person at a browser, on another computer of the test internet: Chromium, which trusts what is tested.
# `browser opens FLAG...` starts it, with further flags of Chromium's, and `browser closes` ends it; the verbs between are those
# of its client (browser/app.js) and its driver (browser/driver.py). NUMBER-VERB.png in $DIR/browser shows what is to be seen
# after each. PERSON names another one, and its folder.
browser() {
    browser_verb=$1 browser_dir=$DIR/${PERSON:-browser} browser_words=
    shift
    tell "browser: $browser_verb"
    for browser_word; do browser_words="$browser_words '$(printf %s "$browser_word" | base64 -w0)'"; done
    if [ "$browser_verb" = opens ]; then
        browser_from=${SITE%image-tests/*}
        [ -e "$browser_from/target/tools/browser/made-of" ] || { echo 'the client of the browser is missing: run image-tests/tools'; return 1; }
        rm -rf "$browser_dir"
        mkdir -p "$browser_dir"
        cp -r "$browser_from/target/tools/browser" "$browser_dir/client"
        cp "$browser_from/image-tests/browser/app.js" "$browser_from/image-tests/browser/index.html" "$browser_dir/client"
        cp "$browser_from/image-tests/browser/driver.py" "$browser_dir"
        network "setsid python3 $browser_dir/driver.py serve $$ $browser_words </dev/null >>$browser_dir/log 2>&1 &"
        browser_verb=origins browser_words=
    fi
    network "python3 $browser_dir/driver.py $browser_verb $browser_words"
}

# finish: says how many results there were; without it a case has failed.
finish() {
    printf '1..%s\n' "$results"
    exit 0
}
