# Lays a payload beside the one in force, and has it tried; from then on the machine goes back by itself. On standard input
# an archive: `payload/`, and the programs of the trial. The arguments: the digest of the payload, the seconds that it is
# given, and the digest of what is in force.
home=/usr/lib/homeseed trial=/var/lib/homeseed/trial
folder=applied-$(printf %.12s "$1")
umask 077
exec 9>/run/homeseed/applying
flock -n 9 || { echo 'refused: somebody else applies a site at this moment'; exit; }
[ ! -e "$trial" ] || { echo "refused: a payload is on trial already: $(head -c 12 "$trial/digest")"; exit; }
[ ! -e /var/lib/homeseed/upgrade/to ] || { echo 'refused: Synapse is being upgraded at this moment'; exit; }
[ "$(sha256sum <"$home/inventory" | cut -c-64)" = "$3" ] || { echo 'refused: the machine was changed meanwhile'; exit; }
rm -rf "$trial.new"
mkdir "$trial.new"
cd "$trial.new" || exit
tar -x --no-same-owner
(cd payload && echo "$1  inventory" | sha256sum -c --status && sed 's| .* /|  |' inventory | sha256sum -c --status) ||
    fail 'what was sent does not arrive whole'
if [ "$(sha256sum <"$home/payload/inventory" | cut -c-64)" = "$1" ]; then
    # It is what the document brings.
    folder=
else
    chmod -R go+rX payload
    rm -rf "${home:?}/$folder"
    mv payload "$home/$folder"
fi
# What was edited by hand is overwritten: a copy stays.
(cd / && sed 's| .* /|  |' "$home/inventory" | sha256sum --check --quiet 2>/dev/null | sed -n 's|: FAILED$||p') >edited || :
if [ -s edited ]; then
    rm -rf /var/lib/homeseed/edited
    mkdir /var/lib/homeseed/edited
    tar -C / -c -T "$trial.new/edited" | tar -C /var/lib/homeseed/edited -xp
fi
# Room for the way back, whatever fills the disk meanwhile: the convergence wants 99 MB.
fallocate -l 150M reserve || head -c 150M /dev/zero >reserve
readlink "$home/payload/applied" 2>/dev/null | sed 's|.*/||' >former
echo "$folder" >folder
echo "$1" >digest
echo "$2" >limit
echo $(($(date +%s) + $2)) >deadline
cat /proc/sys/kernel/random/boot_id >boots
sha256sum <"$home/payload/inventory" | cut -c-64 >document
mkdir -p "$home/verbs" "$home/report"
for verb in confirm revert; do
    printf '#!/bin/sh\nexec %s/trial %s "$@"\n' "$home" "$verb" >"$home/verbs/$verb"
done
chmod 755 "$home/verbs/confirm" "$home/verbs/revert"
install -m 0755 trial "$home/trial"
install -m 0755 report "$home/report/trial"
install -m 0644 homeseed-trial.service /etc/systemd/system/
rm -f /var/lib/homeseed/reverted
systemctl daemon-reload
# Without a trial it does nothing but remove itself.
systemctl enable --quiet homeseed-trial.service
sync
mv -T "$trial.new" "$trial"
sync
systemctl start --no-block homeseed-trial.service
