//! The payload as shell: commands that write the planned files below the current folder.
//!
//! The list of files comes first; the machine computes their digests itself and so makes the
//! inventory, which is why no digest but that of the inventory has to travel.

use std::{collections::BTreeSet, io::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, GzBuilder};

use crate::plan::File;

/// Longer lines save bytes; mail and forms take up to 998.
const WIDTH: usize = 900;

/// One here-document for each file.
pub(super) fn script(files: &[File]) -> String {
    let list: String = files.iter().map(|file| file.entry() + "\n").collect();
    let mut text = here("list", &list);
    text += "sed 's|.* /||;s|[^/]*$||' list | sort -u | xargs mkdir -p\n";
    for file in files {
        text += &here(&file.path[1..], &file.contents);
    }
    text + "grep -v ^0644 list | while read -r mode _ _ path; do chmod $mode .$path; done\n"
}

/// The same, compressed: about a third of the size.
pub(super) fn compressed(files: &[File]) -> String {
    let packed = STANDARD.encode(gzip(&script(files)));
    let mut text = String::from("base64 -d <<'.' | gzip -d >list\n");
    for line in packed.as_bytes().chunks(WIDTH) {
        text.extend(line.iter().map(|&byte| char::from(byte)));
        text.push('\n');
    }
    text + ".\n. ./list\n"
}

/// `cat` with a here-document whose last line is none of the contents'.
fn here(path: &str, contents: &str) -> String {
    let lines: BTreeSet<&str> = contents.lines().collect();
    let mut end = String::from(".");
    while lines.contains(end.as_str()) {
        end.push('.');
    }
    format!("cat >{path} <<'{end}'\n{contents}{end}\n")
}

/// Without a name or a time: the same bytes every time.
fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}
