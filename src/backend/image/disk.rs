//! Puts the disk together in a plain file, as Debian partitions its cloud images: BIOS boot (14), EFI (15), and root
//! (1), which is last on the disk so that it can grow.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::gpt::{self, Partition, SECTOR};
use crate::{
    error::{Error, Result},
    host::{Host, files},
};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// First sectors.
const BIOS_START: u64 = 2048;
const ESP_START: u64 = 8192;
const ROOT_START: u64 = 262_144;

/// What a file system needs beside its files, and what a first boot writes before the root has grown.
const SPARE: u64 = 512 * MIB;

/// The files that a disk is made of.
pub(super) struct Parts<'a> {
    /// GRUB's boot sector.
    pub(super) boot: &'a Path,
    /// GRUB's second stage.
    pub(super) core: &'a Path,
    /// The EFI system partition.
    pub(super) esp: &'a Path,
    /// The root file system.
    pub(super) root: &'a Path,
}

/// The bytes of a disk for `installed` bytes of files: those asked for, or the fewest whole gigabytes.
pub(super) fn size(installed: u64, asked: Option<u64>) -> Result<u64> {
    let least = installed + installed / 20 + SPARE + ROOT_START * SECTOR;
    let fewest = least.div_ceil(GIB) * GIB;
    match asked {
        Some(asked) if asked < least => {
            let message = format!("{} MiB are too few for this image", asked / MIB);
            Err(Error::new(message).hint(format!("`--size {}G` is enough", fewest / GIB)))
        }
        Some(asked) => Ok(asked),
        None => Ok(fewest),
    }
}

/// The bytes of the root partition on a disk of `size` bytes: whole blocks of 4096.
pub(super) fn root_bytes(size: u64) -> u64 {
    let sectors = gpt::last_usable(size / SECTOR) + 1 - ROOT_START;
    sectors / 8 * 8 * SECTOR
}

/// The EFI system partition with the files of `tree`, each as old as `epoch`.
pub(super) fn esp(host: &Host, file: &Path, id: u32, epoch: &str, tree: &Path) -> Result<()> {
    let image = file.to_string_lossy();
    let kib = ((ROOT_START - ESP_START) * SECTOR / 1024).to_string();
    let id = format!("{id:08x}");
    files::remove(file)?;
    host.run(&["mkfs.vfat", "--invariant", "-i", &id, "-n", "ESP", "-C", &image, &kib])?;
    let clock = format!("SOURCE_DATE_EPOCH={epoch}");
    // One after the other and by name: the order in a folder is the host's.
    for entry in walkdir::WalkDir::new(tree).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::host(error.to_string()))?;
        let inside = entry.path().strip_prefix(tree).unwrap_or(entry.path());
        let target = format!("::/{}", inside.display());
        if entry.file_type().is_dir() {
            host.run(&["env", &clock, "mmd", "-i", &image, &target])?;
        } else {
            let source = entry.path().to_string_lossy();
            host.run(&["env", &clock, "mcopy", "-i", &image, &source, &target])?;
        }
    }
    Ok(())
}

/// Writes the disk of `size` bytes to `file`; blocks that hold nothing take no room.
pub(super) fn assemble(
    file: &Path,
    size: u64,
    disk: &[u8; 16],
    ids: &[[u8; 16]; 3],
    parts: &Parts<'_>,
) -> Result<()> {
    let failed =
        |error: std::io::Error| Error::host(format!("cannot write `{}`: {error}", file.display()));
    let sectors = size / SECTOR;
    let (head, tail) = gpt::tables(sectors, disk, &partitions(sectors, ids));
    let boot = gpt::boot_sector(&read(parts.boot)?, BIOS_START, sectors);
    let core = gpt::second_stage(&read(parts.core)?, BIOS_START);
    if core.len() as u64 > (ESP_START - BIOS_START) * SECTOR {
        return Err(Error::host("GRUB does not fit its partition"));
    }
    let mut out = File::create(file).map_err(failed)?;
    out.set_len(size).map_err(failed)?;
    for (bytes, sector) in
        [(&head[..], 0), (&boot[..], 0), (&core[..], BIOS_START), (&tail[..], sectors - 33)]
    {
        out.seek(SeekFrom::Start(sector * SECTOR)).map_err(failed)?;
        out.write_all(bytes).map_err(failed)?;
    }
    copy(parts.esp, &mut out, ESP_START * SECTOR)?;
    copy(parts.root, &mut out, ROOT_START * SECTOR)?;
    out.sync_all().map_err(failed)
}

fn partitions(sectors: u64, ids: &[[u8; 16]; 3]) -> [Partition; 3] {
    let [root, bios, esp] = *ids;
    let part =
        |number, kind, id, start, end, name| Partition { number, kind, id, start, end, name };
    [
        part(1, gpt::ROOT, root, ROOT_START, gpt::last_usable(sectors), "root"),
        part(14, gpt::BIOS_BOOT, bios, BIOS_START, ESP_START - 1, "bios"),
        part(15, gpt::ESP, esp, ESP_START, ROOT_START - 1, "esp"),
    ]
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::host(format!("cannot read `{}`: {error}", path.display())))
}

/// Copies all but the zeros.
fn copy(from: &Path, to: &mut File, offset: u64) -> Result<()> {
    let failed =
        |error: std::io::Error| Error::host(format!("cannot copy `{}`: {error}", from.display()));
    let mut source = File::open(from).map_err(failed)?;
    let mut block = vec![0; 64 * 1024];
    let mut at = offset;
    loop {
        let length = source.read(&mut block).map_err(failed)?;
        if length == 0 {
            return Ok(());
        }
        if block[..length].iter().any(|&byte| byte != 0) {
            to.seek(SeekFrom::Start(at)).map_err(failed)?;
            to.write_all(&block[..length]).map_err(failed)?;
        }
        at += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_as_few_gigabytes_as_hold_it() {
        assert_eq!(size(1500 * MIB, None), Ok(3 * GIB));
        assert_eq!(size(100 * MIB, None), Ok(GIB));
        assert_eq!(size(100 * MIB, Some(20 * GIB)), Ok(20 * GIB));
        assert!(size(1500 * MIB, Some(GIB)).is_err());
    }

    #[test]
    fn partitions_follow_each_other_and_end_before_the_second_table() {
        let sectors = 3 * GIB / SECTOR;
        let [root, bios, esp] = partitions(sectors, &[[0; 16]; 3]);
        assert_eq!((bios.end + 1, esp.end + 1), (esp.start, root.start));
        assert_eq!(root.end + 1 + 33, sectors);
        assert!(root_bytes(3 * GIB) <= (root.end + 1 - root.start) * SECTOR);
    }
}
