# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# The key of the Matrix repository over the years: extended, with a new subkey, at its end, and exchanged for another. What is
# signed by the pinned key is taken without anybody's hand, whatever else is refused; the desk says what is wrong, and the
# machine stays up.
# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
ends() {
    gpgconf --kill all
    rm -rf "$GNUPGHOME"
    neighbours_end
}
trap ends EXIT
from=${REPOSITORY#https://}
check='the key of the Matrix repository is good for 60 days' refusal='apt refuses nothing of the Matrix repository'
files=$DIR/mirror/files/${from#*/} lists=dists/bookworm

# key WORDS...: gpg, with the keys of the case.
key() { gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase '' "$@"; }
# subkeys PRIMARY: fingerprints, the latest last.
subkeys() { key --with-colons --list-keys "$1" | awk -F: '$1 == "fpr" && of == "sub" { print $10 } { of = $1 }'; }
latest_subkey() { subkeys "$1" | tail -n 1; }

# signs KEY: the repository has another version of Synapse, and its index is signed by that key alone.
signs() {
    version=$((${version:-1000} + 1))
    index=$lists/main/binary-amd64/Packages
    sed "s/^Version: .*/Version: $version/" "$DIR/Packages" >"$files/$index"
    rm -f "$files/$lists/InRelease"
    {
        sed '/^Date:/d; /^MD5Sum:/,$d' "$DIR/Release"
        printf 'Date: %s\nSHA256:\n %s %s %s\n' "$(date -Ru)" "$(sha256sum <"$files/$index" | cut -d ' ' -f 1)" \
            "$(stat -c %s "$files/$index")" "${index#"$lists/"}"
    } >"$DIR/Release.new"
    key --local-user "$1!" --digest-algo SHA512 --clearsign --output "$files/$lists/InRelease" "$DIR/Release.new"
}
# publishes PRIMARY...: these keys are what the repository offers.
publishes() {
    rm -f "$files/matrix-org-archive-keyring.gpg"
    key --output "$files/matrix-org-archive-keyring.gpg" --export "$@"
}
# What the timer of apt does each day. Debian's own lists are had whatever becomes of the others.
updates() { guest 'apt-get update' >"$DIR/apt.log" 2>&1 || :; }
knows() { [ "$(guest "apt-cache madison matrix-synapse-py3 | awk '{ print \$3 }'" | xargs)" = "$1" ]; }
is_taken() {
    updates
    cat "$DIR/apt.log"
    knows "$version"
}
# is_refused VERSION REASON: and that version is still the one that is known.
is_refused() {
    updates
    cat "$DIR/apt.log"
    grep -qE "$2" "$DIR/apt.log" && knows "$1"
}
# desk_looks: verifies; then desk_says CHECK SENTENCE is what was found. desk_is_content: all is well.
desk_looks() { verify_inside; }
desk_says() {
    awk -v check="$1" '/^(not )?ok /{ on = /^not / && index($0, check) } on' "$DIR/verify.tap" >"$DIR/said.tap"
    cat "$DIR/said.tap"
    grep -qF "$2" "$DIR/said.tap" && grep -q '^# cure: .' "$DIR/said.tap"
}
desk_is_content() {
    desk_looks
    all_well 45
}
serves() { network "curl -sS --max-time 10 https://$HOST/_matrix/client/versions" | grep versions; }
stays_up() {
    serves || return 1
    wrong=$(guest 'homeserver check || :' | sed -n 's/^not ok [0-9]* - //p' | grep -vxF "$OWN_KERNEL" || :)
    echo "$wrong"
    [ -z "$wrong" ]
}
has_debians() { grep -E '^(Hit|Get):.* bookworm-security InRelease' "$DIR/apt.log"; }
ends_on() { key --with-colons --list-keys "$pinned" | awk -F: '$1 == "sub" { end = $7 } END { print end }' | xargs -I@ date -u -d @@ +%F; }

boot
ready 900
desk_opens
holds 'the desk finds nothing wrong' desk_is_content
key --import "$DIR/../../fixture/key/secret.asc"
pinned=$FINGERPRINT
first=$(latest_subkey "$pinned")
network "cd $DIR && curl -fsS --remote-name-all $REPOSITORY$lists/Release $REPOSITORY$lists/main/binary-amd64/Packages"
mkdir -p "$files/$lists/main/binary-amd64"
MIRROR=${from%%/*} mirror_up
publishes "$pinned"
signs "$first"
guest "echo '93.184.215.20 ${from%%/*}' >>/etc/hosts"
holds 'an update is taken' is_taken

# ---- extended ----
key --quick-set-expire "$pinned" 30d "$first"
publishes "$pinned"
holds 'an update is taken while the key has 30 days left' is_taken
desk_looks
holds 'the desk says when it ends' desk_says "$check" "it ends on $(ends_on)"
key --quick-set-expire "$pinned" 2y "$first"
publishes "$pinned"
signs "$first"
holds 'an extended key is had by itself: an update is taken' is_taken
key --quick-add-key "$pinned" rsa3072 sign 1y
second=$(latest_subkey "$pinned")
signs "$second"
former=$((version - 1))
holds 'what a new subkey has signed is refused before it is published' is_refused "$former" NO_PUBKEY
publishes "$pinned"
holds 'a new subkey is had by itself: an update is taken' is_taken

# ---- at its end ----
former=$version
signs "$second"
key --quick-set-expire "$pinned" seconds=5 "$first" "$second"
sleep 6
publishes "$pinned"
holds 'what a key at its end has signed is refused' is_refused "$former" EXPKEYSIG
holds "updates of Debian's own do not depend on it" has_debians
desk_looks
holds 'the desk says that it ended' desk_says "$check" "it ends on $(ends_on)"
holds 'and that apt refuses what it signed' desk_says "$refusal" EXPKEYSIG
holds 'the machine stays up' stays_up
key --quick-set-expire "$pinned" 2y "$first" "$second"
publishes "$pinned"
holds 'once it is extended an update is taken' is_taken

# ---- exchanged ----
former=$version
key --quick-generate-key 'somebody else <other@invalid>' rsa3072 cert never
other=$(key --with-colons --list-keys other@invalid | awk -F: '$1 == "fpr" { print $10; exit }')
key --quick-add-key "$other" rsa3072 sign never
publishes "$other"
signs "$(latest_subkey "$other")"
holds 'what another key has signed is refused, though the repository offers it' is_refused "$former" "couldn't be verified"
desk_looks
holds 'the desk says that the pinned key is gone' desk_says "$check" "offers no key $pinned"
holds 'the machine stays up' stays_up
publishes "$pinned" "$other"
holds 'it is refused beside the pinned key, too' is_refused "$former" "couldn't be verified"
desk_looks
holds 'the desk says that apt refuses it' desk_says "$refusal" "couldn't be verified"
publishes "$pinned"
signs "$first"
holds 'with the pinned key again an update is taken' is_taken
holds 'the desk finds nothing wrong' desk_is_content
