#!/bin/sh
# Runs SCRIPT in the tools' tree: enter.sh ROOT TREE SCRIPT ARGUMENT...
# TREE/files is laid over ROOT for the time of the run; nothing outside of this namespace changes.
set -eu
root=$1 tree=$2 script=$3
shift 3
mount -t tmpfs tmpfs "$tree/mnt"
mkdir "$tree/mnt/upper" "$tree/mnt/work" "$tree/mnt/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$tree/mnt/upper,workdir=$tree/mnt/work" "$tree/mnt/root"
cp -r "$tree/files/." "$tree/mnt/root/"
cp "$script" "$tree/mnt/root/script.sh"
mount -t tmpfs tmpfs "$tree/mnt/root/run"
exec chroot "$tree/mnt/root" sh /script.sh "$@"
