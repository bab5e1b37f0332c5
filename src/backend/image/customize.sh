#!/bin/sh
# customize FOLDER: makes the tree in FOLDER what the disk will hold. mmdebstrap runs it, as root of its namespace.
#
# Beside it lie `overlay/` and `cloud-image.sh`; what it learns goes to the folder RESULTS. The environment holds
# it, HOST_NAME, ROOT_UUID, ESP_UUID and, unless the packages decide, EPOCH.
# shellcheck disable=SC2016,SC2015 # formats; it ends in any case
set -eu
export LC_ALL=C.UTF-8
root=$1
here=$(cd "$(dirname "$0")" && pwd)

"$here/overlay/bake" "$root"

# Every package with its checksum, while apt still has its lists.
chroot "$root" dpkg-query -Wf '${Package}=${Version}\n' >"$RESULTS/installed"
chroot "$root" sh -c '/usr/lib/apt/apt-helper cat-file /var/lib/apt/lists/*_Packages*' | awk '
    NR == FNR { installed[$1] = 1 }
    /^Package: / { name = $2 } /^Version: / { version = $2 } /^Architecture: / { arch = $2 }
    /^SHA256: / && (name "=" version) in installed { print name, version, arch, $2 }
' "$RESULTS/installed" - | sort -u >"$RESULTS/packages"
# What a package brings of the Python registry has no package of its own.
find "$root/opt" "$root/usr/local" -name '*.dist-info' -printf '%f\n' | sort -u >"$RESULTS/python"

rm -f "$root/etc/apt/preferences.d/00-lock" "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
sh "$here/cloud-image.sh" "$root"
echo "$HOST_NAME" >"$root/etc/hostname"
cat >"$root/etc/fstab" <<END
UUID=$ROOT_UUID / ext4 rw,discard,errors=remount-ro,x-systemd.growfs 0 1
UUID=$ESP_UUID /boot/efi vfat defaults 0 0
END

# Without a datasource there is no cloud-init to configure the network; what it configures comes first.
cat >"$root/etc/systemd/network/99-default.network" <<'END'
[Match]
Name=en* eth*

[Network]
DHCP=yes
END
SYSTEMD_OFFLINE=1 chroot "$root" systemctl enable --quiet systemd-networkd

# With one it makes one host key, as our documents say too: the others take a small machine half of its boot.
echo 'ssh_genkeytypes: [ed25519]' >"$root/etc/cloud/cloud.cfg.d/50_homeseed.cfg"

# ---- boot loader: what grub-install would do, without a device ----
command_line='console=tty0 console=ttyS0,115200 earlyprintk=ttyS0,115200 consoleblank=0'
mkdir -p "$root/boot/efi" "$root/boot/grub/i386-pc" "$root/boot/grub/x86_64-efi" "$RESULTS/esp/EFI/BOOT" "$RESULTS/esp/EFI/debian"
for platform in i386-pc x86_64-efi; do
    cp "$root/usr/lib/grub/$platform/"*.mod "$root/usr/lib/grub/$platform/"*.lst "$root/boot/grub/$platform/"
done
cp "$root/usr/lib/grub/i386-pc/boot.img" "$root/boot/grub/i386-pc/"
cat >"$root/boot/grub/early.cfg" <<END
search.fs_uuid $ROOT_UUID root
set prefix=(\$root)/boot/grub
END
chroot "$root" grub-mkimage -O i386-pc -c /boot/grub/early.cfg -p /boot/grub -o /boot/grub/i386-pc/core.img \
    biosdisk part_gpt ext2 search search_fs_uuid
rm "$root/boot/grub/early.cfg"
cp "$root/boot/grub/i386-pc/boot.img" "$root/boot/grub/i386-pc/core.img" "$RESULTS/"
# As Debian signs them: shim finds GRUB beside itself, and GRUB its configuration in EFI/debian.
for place in BOOT/BOOTX64.EFI debian/shimx64.efi; do cp "$root/usr/lib/shim/shimx64.efi.signed" "$RESULTS/esp/EFI/$place"; done
for place in BOOT debian; do
    cp "$root/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" "$RESULTS/esp/EFI/$place/grubx64.efi"
    cp "$root/usr/lib/shim/mmx64.efi.signed" "$RESULTS/esp/EFI/$place/mmx64.efi"
done
cat >"$RESULTS/esp/EFI/debian/grub.cfg" <<END
search.fs_uuid $ROOT_UUID root
set prefix=(\$root)/boot/grub
configfile \$prefix/grub.cfg
END
# Good until the first kernel is installed on the machine, when update-grub writes its own.
cat >"$root/boot/grub/grub.cfg" <<END
if serial --speed=115200; then
    terminal_input console serial
    terminal_output console serial
fi
set timeout=1
menuentry Debian {
    insmod gzio
    linux /vmlinuz root=UUID=$ROOT_UUID ro $command_line
    initrd /initrd.img
}
END
# From now on an upgraded GRUB installs itself.
: >"$root/etc/grub.d/enable_cloud"

# As old as the newest package, so that the same packages make the same image.
epoch=${EPOCH:-$(find "$root/usr/share/doc" -mindepth 2 -maxdepth 2 -type f -name 'changelog*.gz' -printf '%T@\n' | cut -d. -f1 | sort -n | tail -n 1)}
echo "$epoch" >"$RESULTS/epoch"
# It is made once, when all is there that it may hold.
unset INITRD
for kernel in "$root"/lib/modules/*; do
    SOURCE_DATE_EPOCH=$epoch chroot "$root" update-initramfs -c -k "${kernel##*/}"
    chroot "$root" linux-update-symlinks install "${kernel##*/}" "/boot/vmlinuz-${kernel##*/}"
done
[ -e "$root/vmlinuz" ] && [ -e "$root/initrd.img" ] || { echo 'the tree has no kernel to boot' >&2; exit 1; }
