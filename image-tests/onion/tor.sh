#!/bin/sh
# A Tor network of its own: three authorities, three relays, and two clients, at the SOCKS ports 9050 and 9051.
#
#   tor.sh up DIR ADDRESS       starts it; DIR/common is what any other tor needs to take part in it
#   tor.sh ready DIR            succeeds once both clients are in
#   tor.sh key DIR NAME KEY     gives a client a key, as a line for ClientOnionAuthDir
#   tor.sh down DIR             ends it
set -eu
umask 077
verb=$1 dir=$2 address=${3-}

# One node, with the lines of its own on standard input.
node() { # NAME
    mkdir -p "$dir/$1"
    {
        printf '%s\n' "DataDirectory $dir/$1" "PidFile $dir/$1/pid" "Log notice file $dir/$1/log" "RunAsDaemon 1"
        cat - "$dir/common"
    } >"$dir/$1/torrc"
}

relay() { # NUMBER
    printf '%s\n' "Nickname relay$1" "SocksPort 0" "Address $address" \
        "ORPort $address:$((7000 + $1))" "DirPort $address:$((7100 + $1))"
}

client() { # NUMBER
    mkdir -p "$dir/client$1" "$dir/client$1/auth"
    printf '%s\n' "SocksPort 127.0.0.1:905$1" "ClientOnionAuthDir $dir/client$1/auth" \
        "Log [rend]debug file $dir/client$1/rend"
}

# Makes the keys of an authority, and prints the line by which others know it.
authority() { # NUMBER
    keys=$dir/relay$1/keys
    mkdir -p "$dir/relay$1" "$keys"
    echo | tor-gencert --create-identity-key --passphrase-fd 0 -m 3 -a "$address:$((7100 + $1))" \
        -i "$keys/authority_identity_key" -s "$keys/authority_signing_key" -c "$keys/authority_certificate" 2>/dev/null
    identity=$(sed -n 's/^fingerprint //p' "$keys/authority_certificate")
    own=$(tor --quiet --list-fingerprint -f "$dir/none" --ORPort 1 --DataDirectory "$dir/relay$1" | cut -d' ' -f2-)
    echo "DirAuthority relay$1 orport=$((7000 + $1)) no-v2 v3ident=$identity $address:$((7100 + $1)) $own"
}

up() {
    mkdir -p "$dir"
    : >"$dir/none"
    for number in 1 2 3; do authority $number; done >"$dir/authorities"
    {
        cat <<'END'
TestingTorNetwork 1
AssumeReachable 1
PathsNeededToBuildCircuits 0.25
TestingDirAuthVoteExit *
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
TestingMinExitFlagThreshold 0
V3AuthNIntervalsValid 2
ShutdownWaitLength 0
END
        cat "$dir/authorities"
    } >"$dir/common"
    for number in 1 2 3; do
        {
            relay $number
            cat <<'END'
ContactInfo nobody
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
TestingV3AuthInitialVotingInterval 5
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
V3AuthVotingInterval 10
V3AuthVoteDelay 2
V3AuthDistDelay 2
END
        } | node relay$number
    done
    for number in 4 5 6; do relay $number | node relay$number; done
    for number in 0 1; do client $number | node client$number; done
    for file in "$dir"/*/torrc; do tor --quiet -f "$file"; done
}

case $verb in
up) up ;;
ready) for client in 0 1; do grep -q 'Bootstrapped 100%' "$dir/client$client/log"; done ;;
key)
    echo "$4" >"$dir/$3/auth/a.auth_private"
    kill -HUP "$(cat "$dir/$3/pid")"
    ;;
down) cat "$dir"/*/pid | xargs kill -KILL ;; # Asked to exit, tor may hang: its threads wait for each other.
esac
