//! The payload as shell: commands that write the planned files below the current folder.
//!
//! The machine computes the digests of the files itself and so makes the inventory, which is why
//! no digest but that of the inventory has to travel.

use std::io::Write as _;

use lzma_rust2::{EncodeMode, LzmaOptions, LzmaWriter, MfType};

use super::number;
use crate::{check, plan::File};

/// How many digits stand in a line, behind the blank of YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// A terminal shows no line in two, which would be copied as two.
    Terminal = 79,
    /// As few line ends as can be; mail and forms take up to 998.
    Form = 900,
}

impl Width {
    /// Each of them.
    pub(crate) const ALL: [Width; 2] = [Width::Terminal, Width::Form];
}

/// How hard to look for what can be said in fewer bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// All that is there.
    Full,
    /// A quarter of the time, and a few per cent more bytes.
    Quick,
}

/// Writes one file, and the line of the inventory for it.
pub(crate) const PLACE: &str =
    "f() { mkdir -p .${3%/*}; cat >.$3; chmod $1 .$3; echo $* >>list; }\n";

/// Makes the inventory, and puts all in force if it is what it should be.
pub(crate) const FINISH: &str = "\
sed 's|.* /||' list | xargs sha256sum | cut -c-64 | paste -d' ' - list >inventory
rm -f list pack
ok . && sync && rm -rf $p && mv $p.new $p && sync
";

/// Where on the machine the files of a script arrive, beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    /// What the machine consists of.
    Payload,
    /// What fetches that.
    Fetch,
}

impl Folder {
    /// Each of them.
    pub(crate) const ALL: [Folder; 2] = [Folder::Payload, Folder::Fetch];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Folder::Payload => "payload",
            Folder::Fetch => "fetch",
        }
    }
}

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
pub(super) struct Packed {
    digits: String,
    length: usize,
    sum: u32,
}

impl Packed {
    /// Of `files`.
    pub(super) fn of(files: &[File]) -> Packed {
        let (script, bytes) = lzma(files, Effort::Full);
        let sum = crc32fast::hash(script.as_bytes());
        Packed { digits: number::encoded(&bytes), length: bytes.len(), sum }
    }

    /// One that is at least as long, found in less time; it holds nothing.
    pub(super) fn at_most(files: &[File]) -> Packed {
        let (_, bytes) = lzma(files, Effort::Quick);
        let digits = "~".repeat(number::length_for(bytes.len()));
        Packed { digits, length: bytes.len(), sum: u32::MAX }
    }

    /// The commands that unpack it.
    pub(super) fn script(&self, width: Width) -> String {
        let mut text = UNPACK
            .replace("@LENGTH@", &self.length.to_string())
            .replace("@CRC@", &self.sum.to_string());
        let width = width as usize;
        // Zeros in front change no number, and no line is a lone full stop, which would end them all.
        let is_alone = self.digits.len() % width == 1;
        let digits = if is_alone { format!("!!!!{}", self.digits) } else { self.digits.clone() };
        for line in digits.as_bytes().chunks(width) {
            text.extend(line.iter().map(|&byte| char::from(byte)));
            text.push('\n');
        }
        text + ".\n. ./pack\n"
    }
}

/// A here-document whose last line is none of the contents'.
fn here(file: &File) -> String {
    let end = check::end_of(&file.contents);
    format!("f {} <<'{end}'\n{}{end}\n", file.entry(), file.contents)
}

/// The script, and the same in the old container, whose header is the shortest; tuned for text.
fn lzma(files: &[File], effort: Effort) -> (String, Vec<u8>) {
    let script = script(files);
    let mut options = LzmaOptions::with_preset(9);
    (options.lc, options.pb) = (3, 0);
    options.dict_size = dictionary(script.len());
    match effort {
        // More of both takes a tenth more time, and not a byte less.
        Effort::Full => (options.nice_len, options.depth_limit) = (64, 48),
        Effort::Quick => {
            (options.mode, options.mf) = (EncodeMode::Fast, MfType::Hc4);
            (options.nice_len, options.depth_limit) = (LzmaOptions::NICE_LEN_MAX, 48);
        }
    }
    let size = Some(script.len() as u64);
    let mut writer =
        LzmaWriter::new_use_header(Vec::new(), &options, size).expect("options of ours");
    writer.write_all(script.as_bytes()).expect("memory takes all");
    let bytes = writer.finish().expect("memory takes all");
    (script, bytes)
}

/// Room for `length` bytes: what liblzma calls no LZMA at all is a dictionary of another size than a power of two.
fn dictionary(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX).clamp(1 << 16, 1 << 31).next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What liblzma checks before it takes a header for one of LZMA (`alone_decoder.c`).
    #[test]
    fn the_dictionary_of_any_text_has_a_size_that_liblzma_takes() {
        for length in [0, 1000, 1 << 16, (1 << 16) + 1, 100_001, 1 << 18] {
            let size = dictionary(length);
            assert!(size.is_power_of_two() && size as usize >= length, "{length}: {size}");
        }
    }
}
