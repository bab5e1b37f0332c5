# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# What goes wrong around a first boot, one after the other on one machine: it says what it is, and goes on by itself when
# that is over. The numbers are those of the table in image-tests/README.md.

says() { state | grep -E "$1"; }
# halts: the convergence ends, and all that it has begun. In a container systemd cannot kill a control group of the old kind.
halts() {
    guest 'systemctl stop homeseed
        while pids=$(cat /sys/fs/cgroup/*/system.slice/homeseed.service/cgroup.procs 2>/dev/null | sort -u | grep .); do kill -9 $pids; sleep 0.1; done 2>/dev/null'
}
# looks TITLE SENTENCE: after another look it says so, and not what it had said before.
looks() {
    halts
    guest 'rm -f /run/homeseed/status; systemctl start --no-block homeseed'
    holds "$1" until_holds 300 says "$2"
}
mirror() { guest "echo '$1' >/run/faults/mirror"; }
# clock SHIFT: what the convergence, apt and the checks take for the time.
clock() {
    guest "mkdir -p /run/systemd/system/homeseed.service.d; rm -rf /run/homeseed/verdict /var/lib/apt/lists/*
        printf '[Service]\nEnvironment=FAKETIME=%s LD_PRELOAD=%s\n' '$1' \"\$(dpkg -L libfaketime | grep -x '.*/libfaketime.so.1')\" >/run/systemd/system/homeseed.service.d/clock.conf
        systemctl daemon-reload"
    looks "$2" "$3"
}
clock_is_right() { guest 'rm -r /run/systemd/system/homeseed.service.d; systemctl daemon-reload; rm -rf /run/homeseed/verdict /var/lib/apt/lists/*'; }
unpacked() { guest 'grep -c " status unpacked " /var/log/dpkg.log || :'; }
is_as_before() { now=$(unpacked) && echo "unpacked: $1, now $now" && [ "$now" = "$1" ]; }
# The beginning of a long list of packages is down, or their number.
is_unpacking() { guest 'pgrep -x dpkg && [ "$(grep -c " status unpacked " /var/log/dpkg.log)" -gt 10 ]'; }
works_on_packages() { state | grep -x 'working on packages'; }

# ---- nothing has been installed yet ----
boot nameless
holds 'it begins' until_holds 400 guest '[ -e /run/homeseed/status ] && systemctl stop homeseed.timer'
halts
link() { guest "for link in \$(ls /sys/class/net | grep -vx lo); do resolvectl $1; done"; }
link 'dns "$link" 127.0.0.99'
guest 'echo "Acquire::Retries \"1\";" >/etc/apt/apt.conf.d/99faults; rm -rf /var/lib/apt/lists/*; resolvectl flush-caches'
looks 'F05: without a name server it says what it cannot resolve' 'step packages, again in .*resolv'
link 'revert "$link"'
halts
guest 'mkdir -p /run/faults; echo works >/run/faults/mirror'
guest "echo $(base64 -w0 "${SITE%/*}/mirror.py") | base64 -d >/run/faults/mirror.py
    systemd-run -q --unit=mirror python3 /run/faults/mirror.py
    sed -i s/https/http/ /etc/apt/mirrors/*.list
    printf 'Acquire::http::Proxy \"http://127.0.0.1:3128\";\nAcquire::https::Proxy \"DIRECT\";\nAcquire::Retries \"1\";\n' >/etc/apt/apt.conf.d/99faults"
guest 'apt-get -qq update && apt-get -qq install libfaketime >/dev/null'
clock -2y 'F15: two years back, nothing is valid yet' 'step packages, again in .*not valid yet'
clock +2y 'F15, F04: two years ahead, a list has ended' 'step packages, again in .*Release file .* is expired'
clock_is_right
mirror 'hangs up'
looks 'F02: a mirror that hangs up is named' 'step packages, again in .*Failed to fetch'
mirror 'is overloaded'
looks 'F02: a mirror that is overloaded is named' 'step packages, again in .*Failed to fetch'
mirror 'breaks off'
looks 'F02: a mirror that breaks off is named' 'step packages, again in .*Failed to fetch'
mirror 'is damaged'
looks 'F03: a damaged package is refused' 'step packages, again in .*(Hash Sum mismatch|unexpected size)'
halts
guest 'rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb'
mirror 'is slow'
guest 'systemctl start homeseed'
sleep 10
holds 'F02: a slow mirror is waited for' works_on_packages
mirror works

# ---- somebody else is at work, and a power cut was before ----
halts
holds 'F06: there are lists' until_holds 300 guest 'apt-get -qq update --error-on=any'
guest 'for list in /var/lib/apt/lists/*_Packages; do : >"$list"; done'
holds 'F06: every list is empty, as a power cut leaves them' guest 'find /var/lib/apt/lists -name "*_Packages" >/run/lists; [ "$(wc -l </run/lists)" -ge 3 ] && ! xargs cat </run/lists | grep -q .'
before=$(unpacked)
guest 'systemd-run -q --unit=other python3 -c "import fcntl, time; f = open(\"/var/lib/dpkg/lock-frontend\", \"w\"); fcntl.lockf(f, fcntl.LOCK_EX); open(\"/run/locked\", \"w\"); time.sleep(900)"
    until [ -e /run/locked ]; do sleep 0.1; done; systemctl start homeseed'
sleep 20
holds 'F01: a lock of the package database is waited for' works_on_packages
holds 'F01: nothing is installed meanwhile' is_as_before "$before"
guest 'systemctl stop other'
holds 'F01, F06: it goes on when the lock is free, with lists that are fetched again' until_holds 400 is_unpacking
guest 'rm /etc/apt/apt.conf.d/99faults'
reboot_machine
tell 'going on after a reboot amid the packages'
guest 'cat >/run/stops <<END
cloud-init status --wait
until [ -s /var/lib/homeseed/stamps/packages ]; do sleep 0.1; done
systemctl stop homeseed.timer homeseed
while cat /sys/fs/cgroup/*/system.slice/homeseed.service/cgroup.procs 2>/dev/null | grep -q .; do sleep 0.1; done
END
    systemd-run -q --unit=stops sh /run/stops'
holds 'F07: after a reboot amid the packages they are installed' until_holds 600 guest 'grep . /var/lib/homeseed/stamps/packages && ! systemctl is-active stops'

# ---- a cluster that a cut has left half made, and that the boot has started ----
holds 'F06: a cluster is half made, and runs' guest 'cd /var/lib/homeseed && [ ! -e stamps/postgres ] && : >making-cluster && systemctl stop postgresql@15-main &&
    rm -rf /etc/postgresql/15/main /var/lib/postgresql/15/main && pg_createcluster 15 main && systemctl start postgresql@15-main && systemctl start homeseed.timer homeseed'
holds 'F06: it is made anew' until_holds 120 guest 'cd /var/lib/homeseed && grep . stamps/postgres && [ ! -e making-cluster ]'

# ---- its names ----
dns "host-record=$HOST,$SERVER_NAME,$MACHINE,2606:2800:220:1::dead"
asked=$(requests)
names_appear
holds 'F11: a record that leads elsewhere is named' until_holds 300 says "$HOST leads to 2606:2800:220:1::dead"
holds 'F11: the authority was not asked for anything' [ "$(requests)" = "$asked" ]
dns ''
guest 'systemctl restart --no-block homeseed'
ready 600
ok 'F11: it is ready once that record is gone'
checks
# empties TITLE FILES: of certbot, as a power cut does; a certificate is got again.
empties() {
    guest 'systemctl stop homeseed.timer'
    halts
    guest "cd /etc/letsencrypt && truncate -cs 0 $2 && rm /var/lib/homeseed/stamps/certificate &&
        find . -type f -empty | grep . && systemctl start --no-block homeseed.timer homeseed"
    holds "$1" until_holds 120 guest 'grep . /var/lib/homeseed/stamps/certificate && ! find /etc/letsencrypt -type f -empty | grep .'
}
empties 'F06: an account that a cut has emptied is made anew' 'accounts/*/*/*/regr.json'
empties 'F06: so is all that certbot has, but for one file' 'accounts/*/*/*/* archive/*/* csr/* keys/*'
checks
clock -6h 'F15: six hours back, a certificate that is not valid yet is said' 'run homeserver check: .*it is trusted for every name'
clock_is_right
guest 'systemctl restart --no-block homeseed'
ready 300

# ---- what providers do to a machine that serves ----
was=$(guest 'sha256sum /etc/matrix-synapse/homeserver.signing.key /etc/ssh/ssh_host_ed25519_key /var/lib/homeseed/born/*')
is_the_same() { [ "$(guest 'sha256sum /etc/matrix-synapse/homeserver.signing.key /etc/ssh/ssh_host_ed25519_key /var/lib/homeseed/born/*')" = "$was" ]; }
guest 'printf "#cloud-config\nssh_pwauth: true\ndisable_root: true\npackages: [sl]\nusers: [default, {name: vendor, lock_passwd: false}]\n" >/var/lib/cloud/seed/nocloud/vendor-data'
document site
ready 600
holds 'F16: under another instance-id it is the same machine' is_the_same
holds 'F21: what the vendor says opens no password login' guest 'sshd -T | grep -x "passwordauthentication no"'
checks
# One of eight terabytes, whose size of PostgreSQL starts on no other. Synapse would fall over meanwhile, and be started again.
conf=/etc/postgresql/15/main/conf.d/homeseed.conf
guest "rm -r /var/lib/cloud/seed; cp $conf /root; sed -i 's/^shared_buffers.*/shared_buffers = 8000GB/' $conf; systemctl disable --quiet matrix-synapse"
reboot_machine
ready 600
holds 'F17: without its datasource it is the same machine' is_the_same
holds 'F13: PostgreSQL did not start, with the size for a machine that had more memory' guest 'journalctl -b -u postgresql@15-main | grep "could not map anonymous shared memory"'
holds 'F13: it was sized anew' guest "cmp /root/homeseed.conf $conf"
checks
