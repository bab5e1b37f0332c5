#!/bin/sh
# Hands a secret over, rightly and wrongly.
set -eu
export PATH=/stubs:/usr/sbin:/usr/bin:/sbin:/bin
home=/usr/lib/homeseed
mkdir -p /stubs /var/lib/homeseed/stamps /run/homeseed
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$*"\n' >/stubs/systemctl
chmod 755 /stubs/systemctl "$home"/verbs/* /usr/sbin/homeserver
touch /var/lib/homeseed/stamps/ping

secret() { # WHAT ARGUMENT...
    what=$1
    shift
    homeserver secret "$@" 2>&1 && echo "0 $what" || echo "$? $what"
}

# The step, as far as the secret.
# shellcheck source=/dev/null
handed() { (set -eu && . "$home/lib.sh" && . "$home/secrets.sh" && handed ping_secret); }

handed || echo "$? $(cat /run/homeseed/sentence)"
secret 'no name' </dev/null
echo x | secret 'bad name' ../etc/passwd
echo x | secret 'unknown name' ping_secrte
echo x | secret "none of the operator's" first_password
echo x | secret argument ping_secret xyzzy
printf '' | secret nothing ping_secret
[ ! -e /etc/homeseed/secrets/ping_secret ]
echo xyzzy | secret handed ping_secret
cd /etc/homeseed/secrets
echo "$(stat -c '%a %U:%G' ping_secret) $(cat ping_secret)"
[ -e /var/lib/homeseed/stamps/ping ] || echo 'no stamp'
handed && echo '0 taken up'
