//! A GUID partition table, and the boot sector in front of it.
//!
//! Layouts: UEFI Specification 2.10, chapter 5.3; the places in GRUB's `boot.img` and `core.img` that know where the
//! rest lies: `grub-core/boot/i386/pc/{boot,diskboot}.S`.

/// Bytes of a sector.
pub(super) const SECTOR: u64 = 512;

/// Sectors at the end that hold the second table.
const TAIL: u64 = 33;

/// A partition.
pub(super) struct Partition {
    /// Its number, from one.
    pub(super) number: usize,
    /// What it is for.
    pub(super) kind: [u8; 16],
    /// Its own identifier.
    pub(super) id: [u8; 16],
    /// Its first sector.
    pub(super) start: u64,
    /// Its last sector.
    pub(super) end: u64,
    /// Its name, in ASCII.
    pub(super) name: &'static str,
}

/// What BIOS GRUB keeps its second stage in.
pub(super) const BIOS_BOOT: [u8; 16] = id(0x2168_6148_6449_6e6f_744e_6564_6545_6649);
/// The EFI system partition.
pub(super) const ESP: [u8; 16] = id(0xc12a_7328_f81f_11d2_ba4b_00a0_c93e_c93b);
/// The root of x86-64, which systemd knows too.
pub(super) const ROOT: [u8; 16] = id(0x4f68_bce3_e8cd_4db1_96e7_fbca_f984_b709);

const fn id(number: u128) -> [u8; 16] {
    number.to_be_bytes()
}

/// The first 34 sectors of a disk of `sectors`, and the last 33.
pub(super) fn tables(
    sectors: u64,
    disk: &[u8; 16],
    partitions: &[Partition],
) -> (Vec<u8>, Vec<u8>) {
    let entries = entries(partitions);
    let mut head = protective(sectors);
    head.extend(header(1, sectors, disk, &entries));
    head.extend(&entries);
    let mut tail = entries.clone();
    tail.extend(header(sectors - 1, sectors, disk, &entries));
    (head, tail)
}

/// The last sector that a partition may have.
pub(super) fn last_usable(sectors: u64) -> u64 {
    sectors - TAIL - 1
}

/// A boot sector: GRUB's program, which loads what begins at sector `core`, and the entry that keeps others away.
pub(super) fn boot_sector(program: &[u8], core: u64, sectors: u64) -> Vec<u8> {
    let mut sector = protective(sectors);
    sector[..440].copy_from_slice(&program[..440]);
    sector[0x5c..0x64].copy_from_slice(&core.to_le_bytes());
    sector
}

/// GRUB's second stage, which knows that its own rest follows it at sector `core + 1`.
pub(super) fn second_stage(image: &[u8], core: u64) -> Vec<u8> {
    let mut image = image.to_owned();
    image[500..508].copy_from_slice(&(core + 1).to_le_bytes());
    image
}

/// The text of an identifier.
pub(super) fn uuid(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn protective(sectors: u64) -> Vec<u8> {
    let mut sector = vec![0; 512];
    let length = u32::try_from(sectors - 1).unwrap_or(u32::MAX);
    sector[446..454].copy_from_slice(&[0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]);
    sector[454..458].copy_from_slice(&1u32.to_le_bytes());
    sector[458..462].copy_from_slice(&length.to_le_bytes());
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    sector
}

/// 128 entries of 128 bytes.
fn entries(partitions: &[Partition]) -> Vec<u8> {
    let mut entries = vec![0; 128 * 128];
    for partition in partitions {
        let entry = &mut entries[(partition.number - 1) * 128..][..128];
        entry[..16].copy_from_slice(&mixed(partition.kind));
        entry[16..32].copy_from_slice(&mixed(partition.id));
        entry[32..40].copy_from_slice(&partition.start.to_le_bytes());
        entry[40..48].copy_from_slice(&partition.end.to_le_bytes());
        for (n, byte) in partition.name.bytes().enumerate() {
            entry[56 + 2 * n] = byte;
        }
    }
    entries
}

/// The header in sector `own`; the other one is at the other end.
fn header(own: u64, sectors: u64, disk: &[u8; 16], entries: &[u8]) -> Vec<u8> {
    let other = sectors - own;
    let first = if own == 1 { 2 } else { sectors - TAIL };
    let mut header = b"EFI PART".to_vec();
    header.extend(0x0001_0000u32.to_le_bytes());
    header.extend(92u32.to_le_bytes());
    header.extend([0; 8]);
    for sector in [own, other, 34, last_usable(sectors)] {
        header.extend(sector.to_le_bytes());
    }
    header.extend(mixed(*disk));
    header.extend(first.to_le_bytes());
    header.extend(128u32.to_le_bytes());
    header.extend(128u32.to_le_bytes());
    header.extend(crc32fast::hash(entries).to_le_bytes());
    let sum = crc32fast::hash(&header);
    header[16..20].copy_from_slice(&sum.to_le_bytes());
    header.resize(512, 0);
    header
}

/// As the table stores an identifier: its first three parts with the lowest byte first.
fn mixed(id: [u8; 16]) -> [u8; 16] {
    let mut mixed = id;
    mixed[..4].reverse();
    mixed[4..6].reverse();
    mixed[6..8].reverse();
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_stored_as_the_specification_says() {
        let stored = mixed(ESP);
        assert_eq!(stored[..8], [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11]);
        assert_eq!(stored[8..], ESP[8..]);
        assert_eq!(uuid(ESP), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    }

    #[test]
    fn both_headers_name_each_other() {
        let (head, tail) = tables(1 << 20, &[7; 16], &[]);
        assert_eq!((head.len(), tail.len()), (34 * 512, 33 * 512));
        let (first, second) = (&head[512..1024], &tail[32 * 512..]);
        assert_eq!((&first[..8], &second[..8]), (&b"EFI PART"[..], &b"EFI PART"[..]));
        assert_eq!(first[24..32], second[32..40]);
        assert_eq!(first[32..40], second[24..32]);
    }

    #[test]
    fn grub_is_told_where_its_parts_are() {
        let sector = boot_sector(&[0x90; 512], 2048, 1 << 20);
        assert_eq!(sector[0x5c..0x64], 2048u64.to_le_bytes());
        assert_eq!((sector[450], &sector[510..]), (0xee, &[0x55, 0xaa][..]));
        assert_eq!(second_stage(&[0; 1024], 2048)[500..508], 2049u64.to_le_bytes());
    }
}
