#!/bin/sh
# Runs what cloud-init would run of many documents, each on a machine that has nothing yet; says for each what became of
# it: damaged.sh DIGEST. The scripts are /scripts/NUMBER.
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
    timeout 20 sh "$script" </dev/null >/dev/null 2>&1 || :
    became=nothing
    if [ -e /run/enabled ]; then
        became=another
        [ "$(sha256sum </usr/lib/homeseed/inventory)" != "$want  -" ] || became=whole
    elif grep -q 'this document is damaged: paste it again' /dev/console; then
        became=damaged
    fi
    echo "${script##*/} $became"
done
