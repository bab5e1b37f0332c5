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

# another bios|uefi: switches the machine off and takes another one, still off, whose disk is a new copy of the image;
# under UEFI it has no datasource.
another() {
    RUNS_IN=qemu
    ask another "$1"
}

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

# until_holds SECONDS COMMAND...: tries each second.
until_holds() {
    until_end=$(($(date +%s) + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$until_end" ] || return 1
        sleep 1
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
no_error_since() {
    guest "journalctl -q -b -o cat -u matrix-synapse | grep -q 'now listening' || { echo 'no journal'; exit 1; }
        ! journalctl -q -o cat -u matrix-synapse --since @$1 | grep -A 40 -E '^(ERROR|CRITICAL) '"
}

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

# desk_opens: what an operator has who asks `homeseed verify`: the site, which trusts what is tested, a way in by ssh,
# and the machine's key.
desk_opens() {
    {
        cat "$SITE"
        printf 'apt:\n  matrix:\n    url: %s\n    fingerprint: %s\n' "$REPOSITORY" "$FINGERPRINT"
    } >"$DIR/site.yaml"
    ssh-keygen -q -t ed25519 -N '' -f "$DIR/key"
    guest "mkdir -p -m 700 /root/.ssh && echo '$(cat "$DIR/key.pub")' >>/root/.ssh/authorized_keys"
    echo "$HOST $(guest 'cat /etc/ssh/ssh_host_ed25519_key.pub')" >"$DIR/known_hosts"
}

# verify ARGUMENTS...: asks for a verdict, kept in a file; its status is that of the program.
verify() {
    tell 'verifying from the desk'
    verify_status=0 verify_fails=
    "$HOMESEED" verify "$DIR/site.yaml" --format tap "$@" >"$DIR/verify.tap" 2>"$DIR/verify.err" || verify_status=$?
}

# verify_inside ARGUMENTS...: the same, on the machine too; a container fails exactly where it has no kernel of its own.
verify_inside() {
    verify --ssh "root@$HOST" --ssh-option "IdentityFile=$DIR/key" --ssh-option "UserKnownHostsFile=$DIR/known_hosts" \
        --ssh-option IdentitiesOnly=yes "$@"
    [ "$RUNS_IN" = qemu ] || verify_fails=$OWN_KERNEL
}

# all_well COUNT: the last verdict finds nothing wrong, and at least so many facts were looked at.
all_well() {
    if [ "$verify_status" = "$((${#verify_fails} > 0))" ] && [ "$(grep -c '^ok ' "$DIR/verify.tap")" -ge "$1" ] &&
        [ "$(sed -n 's/^not ok [0-9]* - //p' "$DIR/verify.tap")" = "$verify_fails" ]; then return; fi
    cat "$DIR/verify.tap" "$DIR/verify.err"
    return 1
}

# finish: says how many results there were; without it a case has failed.
finish() {
    printf '1..%s\n' "$results"
    exit 0
}
