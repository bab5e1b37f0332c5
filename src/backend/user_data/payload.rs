//! The payload as shell: commands that write the planned files below the current folder.
//!
//! The machine computes the digests of the files itself and so makes the inventory, which is why
//! no digest but that of the inventory has to travel.

use std::io::Write as _;

use lzma_rust2::{LzmaOptions, LzmaWriter};

use super::number;
use crate::{check, plan::File};

/// Longer lines save bytes; mail and forms take up to 998. Whole groups of digits.
pub(crate) const WIDTH: usize = 900;

/// Writes one file, and the line of the inventory for it.
pub(crate) const PLACE: &str =
    "f() { mkdir -p .${4%/*}; cat >.$4; chmod $1 .$4; echo $* >>list; }\n";

/// Makes the inventory, and puts all in force if it is what it should be.
pub(crate) const FINISH: &str = "\
sed 's|.* /||' list | xargs sha256sum | cut -c-64 | paste -d' ' - list >inventory
rm -f list pack
ok . && sync && rm -rf ../payload && mv ../new ../payload && sync
";

/// cloud-init, which runs this, is Python: no other program to unpack with is certain to be there.
/// Nothing is run that is not what was packed.
pub(crate) const UNPACK: &str = "\
python3 -c 'import lzma,zlib
n=0
for c in open(0,\"rb\").read():n=n*91+c-33-(c>34)-(c>39)-(c>92)if c>32 else n
b=lzma.decompress(n.to_bytes(@LENGTH@,\"big\"))
if zlib.crc32(b)==@CRC@:open(1,\"wb\").write(b)' >pack <<'.'
";

/// One here-document for each file.
pub(crate) fn script(files: &[File]) -> String {
    [PLACE, &files.iter().map(here).collect::<String>(), FINISH].concat()
}

/// The same, compressed: about a third of the size.
pub(crate) fn compressed(files: &[File]) -> String {
    let script = script(files);
    let packed = lzma(&script);
    let mut text = UNPACK
        .replace("@LENGTH@", &packed.len().to_string())
        .replace("@CRC@", &crc32fast::hash(script.as_bytes()).to_string());
    for line in number::encoded(&packed).as_bytes().chunks(WIDTH) {
        text.extend(line.iter().map(|&byte| char::from(byte)));
        text.push('\n');
    }
    text + ".\n. ./pack\n"
}

/// A here-document whose last line is none of the contents'.
fn here(file: &File) -> String {
    let end = check::end_of(&file.contents);
    format!("f {} <<'{end}'\n{}{end}\n", file.entry(), file.contents)
}

/// The old container, whose header is the shortest; tuned for text.
fn lzma(text: &str) -> Vec<u8> {
    let mut options = LzmaOptions::with_preset(9);
    (options.lc, options.pb, options.nice_len) = (3, 0, LzmaOptions::NICE_LEN_MAX);
    // What liblzma calls no LZMA at all: a dictionary of another size than a power of two.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    options.dict_size = length.clamp(1 << 16, 1 << 31).next_power_of_two();
    options.depth_limit = 1000;
    let size = Some(text.len() as u64);
    let mut writer =
        LzmaWriter::new_use_header(Vec::new(), &options, size).expect("options of ours");
    writer.write_all(text.as_bytes()).expect("memory takes all");
    writer.finish().expect("memory takes all")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What liblzma checks before it takes a header for one of LZMA (`alone_decoder.c`).
    #[test]
    fn the_dictionary_of_any_text_has_a_size_that_liblzma_takes() {
        for length in [0, 1000, 1 << 16, (1 << 16) + 1, 100_001, 1 << 18] {
            let packed = lzma(&"x".repeat(length));
            let size = u32::from_le_bytes(packed[1..5].try_into().unwrap());
            assert!(size.is_power_of_two() && size as usize >= length, "{length}: {size}");
        }
    }
}
