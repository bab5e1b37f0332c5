#!/bin/sh
# Runs what cloud-init would run of many documents, each on a machine that has nothing yet; says for each what became of
# it, its exit status and the end of what it said: damaged.sh DIGEST. The scripts are /scripts/NUMBER.
set -eu
want=$1
export PATH=/stubs:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /stubs
printf '#!/bin/sh\ncase "$*" in enable*homeseed.service*) echo >/run/enabled ;; esac\n' >/stubs/systemctl
ln -s /bin/true /stubs/sync
chmod 755 /stubs/systemctl
rm -f /dev/console
cd /
for script in /scripts/*; do
    rm -rf /usr/lib/homeseed /var/lib/homeseed /etc/systemd/system/homeseed.* /run/enabled
    : >/dev/console
    status=0
    # An "&" that HTML left behind starts jobs: none may go on into the next.
    timeout 60 unshare --pid --fork --kill-child sh "$script" </dev/null >/said 2>&1 || status=$?
    became=nothing
    if [ -e /run/enabled ]; then
        became=another
        [ "$(sha256sum </usr/lib/homeseed/inventory)" != "$want  -" ] || became=whole
    elif grep -q 'this document is damaged: paste it again' /dev/console; then
        became=damaged
    fi
    echo "${script##*/} $became $status $(tail -c 200 /said | tr -c ' -~' '|')"
done
