//! The files at the top of an ISO 9660 disk, under the names that Linux shows: those of Rock Ridge.
//!
//! ECMA-119 says where things stand; IEEE P1282 (Rock Ridge) calls a longer name `NM`. Both say that names of
//! directories and files, and their places, are in records of the folder; a place is counted in sectors of 2048 bytes.

const SECTOR: usize = 2048;

/// The first sector of descriptors; those before belong to the boot.
const DESCRIPTORS: usize = 16;

/// A disk.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disk<'a> {
    /// Its label, without the blanks that fill it up.
    pub(super) label: String,
    /// Name and contents of each file at the top.
    pub(super) files: Vec<(String, &'a [u8])>,
}

/// Whether there is a primary descriptor where it must be.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.get(DESCRIPTORS * SECTOR..).is_some_and(|it| it.starts_with(b"\x01CD001"))
}

/// Reads the disk in `bytes`; nothing when its records lead nowhere.
pub(super) fn read(bytes: &[u8]) -> Option<Disk<'_>> {
    let primary = bytes.get(DESCRIPTORS * SECTOR..)?.get(..SECTOR)?;
    let label = String::from_utf8_lossy(&primary[40..72]).trim_end().to_owned();
    let folder = extent(bytes, &primary[156..190])?;
    let mut files = Vec::new();
    for sector in folder.chunks(SECTOR) {
        let mut rest = sector;
        // A record does not cross sectors; zeros fill the last.
        while let Some(length) = rest.first().map(|it| usize::from(*it)).filter(|it| *it > 33) {
            let record = rest.get(..length)?;
            // Bit 1 of the flags: a folder.
            if record[25] & 2 == 0 {
                files.push((name(record)?, extent(bytes, record)?));
            }
            rest = &rest[length..];
        }
    }
    Some(Disk { label, files })
}

/// What a record leads to.
fn extent<'a>(bytes: &'a [u8], record: &[u8]) -> Option<&'a [u8]> {
    let number = |at: usize| {
        let four: [u8; 4] = record.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(four)).ok()
    };
    let start = number(2)?.checked_mul(SECTOR)?;
    bytes.get(start..start.checked_add(number(10)?)?)
}

/// The name in a record: that of Rock Ridge if there is one.
fn name(record: &[u8]) -> Option<String> {
    let length = usize::from(*record.get(32)?);
    let short = record.get(33..33 + length)?;
    // Behind the name, at an even place, stand entries: two letters, a length, a version, then what they say.
    let mut rest = record.get(33 + length + usize::from(length.is_multiple_of(2))..)?;
    let mut long = Vec::new();
    while let Some(size) = rest.get(2).map(|it| usize::from(*it)).filter(|it| *it >= 4) {
        let entry = rest.get(..size)?;
        if entry.starts_with(b"NM") {
            long.extend_from_slice(entry.get(5..)?);
        }
        rest = &rest[size..];
    }
    let name = if long.is_empty() { short } else { &long };
    Some(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of a folder: a place, a length, flags, a name, and what stands behind it.
    fn record(sector: u8, length: u8, flags: u8, name: &str, behind: &[u8]) -> Vec<u8> {
        let mut record = vec![0; 33];
        (record[2], record[10], record[25]) = (sector, length, flags);
        record[32] = u8::try_from(name.len()).unwrap();
        record.extend(name.bytes());
        if name.len().is_multiple_of(2) {
            record.push(0);
        }
        record.extend(behind);
        record[0] = u8::try_from(record.len()).unwrap();
        record
    }

    /// A disk with one file, and a folder that is left out.
    fn disk() -> Vec<u8> {
        let mut bytes = vec![0; 20 * SECTOR];
        let mut put = |at: usize, what: &[u8]| bytes[at..at + what.len()].copy_from_slice(what);
        put(16 * SECTOR, b"\x01CD001");
        put(16 * SECTOR + 40, b"cidata                          ");
        put(16 * SECTOR + 156, &record(18, 200, 2, "\0", &[]));
        let name = b"RR\x05\x01\x09NM\x0e\x01\0user-data";
        let records =
            [record(18, 200, 2, "\0", &[]), record(19, 5, 0, "USER_DAT.;1", name)].concat();
        put(18 * SECTOR, &records);
        put(19 * SECTOR, b"hello");
        bytes
    }

    #[test]
    fn a_file_has_the_name_of_rock_ridge() {
        let disk = disk();
        assert!(is_one(&disk));
        let read = read(&disk).unwrap();
        assert_eq!(read.label, "cidata");
        assert_eq!(read.files, [("user-data".to_owned(), &b"hello"[..])]);
    }

    #[test]
    fn records_that_lead_nowhere_are_no_disk() {
        let whole = disk();
        for at in [2, 5, 11, 13] {
            let mut bytes = whole.clone();
            bytes[16 * SECTOR + 156 + at] = 255;
            assert_eq!(read(&bytes), None, "{at}");
        }
        assert!((0..19 * SECTOR).step_by(97).all(|end| read(&whole[..end]).is_none()));
    }
}
