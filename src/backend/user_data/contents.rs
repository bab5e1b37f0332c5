//! Reads a document back: what it delivers, and whether it was damaged on the way.
//!
//! Nothing of it is run. Line ends of two characters are no damage: cloud-init takes them too.

use std::io::Read as _;

use lzma_rust2::LzmaReader;

use super::{SCRIPT, number, payload};
use crate::{
    digest::{is_sha256, sha256},
    error::{Error, Place, Result},
    plan::FACTS,
};

/// No document needs more to be unpacked, in KiB: a damaged one may ask for anything.
const MEMORY: u32 = 64 << 10;

/// What cloud-init knows a document by.
const FIRST: &str = "#cloud-config";

/// What a document holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The version of homeseed that wrote it.
    pub version: String,
    /// The machine's name.
    pub host: String,
    /// The server name, from the delivered facts.
    pub server_name: String,
    /// The sha256 of the site's text, as the document says it.
    pub site_digest: String,
    /// The sha256 of the inventory, found to be true.
    pub payload_digest: String,
    /// Whether the payload is compressed.
    pub compact: bool,
    /// Whether lines end with two characters, as a form on Windows sends them.
    pub crlf: bool,
    /// Every file, in the order of their paths.
    pub files: Vec<Unpacked>,
}

/// A delivered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The absolute path.
    pub path: String,
    /// Four octal digits.
    pub mode: String,
    /// Owner and group, as `root:root`.
    pub owner: String,
    /// The layer that it comes from.
    pub layer: String,
    /// The whole text.
    pub contents: String,
}

/// The text of a document, and where its parts begin.
struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    lines: Vec<&'a str>,
}

/// Reads the document in `bytes`; `name` names it in errors.
pub fn read(name: &str, bytes: &[u8]) -> Result<Contents> {
    let bytes = &*super::unwrapped(bytes);
    if !bytes.starts_with(FIRST.as_bytes()) {
        return Err(none(name));
    }
    let text = String::from_utf8(bytes.to_vec()).map_err(|error| {
        let line = bytes[..error.utf8_error().valid_up_to()].split(|&it| it == b'\n').count();
        Error::new(format!("{name}: line {line} holds a byte that no document of homeseed has"))
            .hint("copy the document again, as text")
    })?;
    let crlf = text.contains("\r\n");
    let text = text.replace("\r\n", "\n");
    // Forms like to add empty lines at the end, which YAML drops.
    let text = text.trim_end_matches('\n');
    let reader = Reader { name, text, lines: text.lines().collect() };
    let (version, host) = reader.provenance()?;
    let site_digest = reader.digest(2, "# site sha256:")?;
    reader.whole()?;
    let payload_digest = reader.payload()?;
    let start = reader.frame(&payload_digest)?;
    let (script, compact) = reader.script(start)?;
    let files = reader.files(start, &script, compact)?;
    reader.inventory(start, &files, &payload_digest)?;
    reader.logins(&files)?;
    let facts = files.iter().find(|file| file.path == FACTS);
    let server_name = facts.and_then(|file| file.contents.lines().find_map(server_name));
    let server_name = server_name.unwrap_or_default();
    Ok(Contents { version, host, server_name, site_digest, payload_digest, compact, crlf, files })
}

fn none(name: &str) -> Error {
    Error::new(format!("{name} is no document of homeseed"))
        .hint(format!("`homeseed user-data site.yaml` makes one; it begins with `{FIRST}`"))
}

fn server_name(line: &str) -> Option<String> {
    line.strip_prefix("SERVER_NAME=").map(|value| value.trim_matches('\'').to_owned())
}

impl Reader<'_> {
    fn provenance(&self) -> Result<(String, String)> {
        let second = self.lines.get(1).copied().unwrap_or_default();
        let words = second.strip_prefix("# homeseed ").and_then(|rest| rest.split_once(": "));
        let (version, host) = words.ok_or_else(|| none(self.name))?;
        if self.lines[0] != FIRST {
            return Err(self.changed(0, &format!("it should be `{FIRST}`")));
        }
        Ok((version.to_owned(), host.to_owned()))
    }

    fn digest(&self, at: usize, prefix: &str) -> Result<String> {
        let line = self.lines.get(at).copied().unwrap_or_default();
        let digest = line.strip_prefix(prefix).unwrap_or_default();
        if is_sha256(digest) {
            return Ok(digest.to_owned());
        }
        Err(self.changed(at, &format!("it should be `{prefix}` and 64 hexadecimal digits")))
    }

    /// The digest of the payload, as the script wants it.
    fn payload(&self) -> Result<String> {
        const PREFIX: &str = " want=";
        let at = self.lines.iter().position(|line| line.starts_with(PREFIX));
        let at = at.ok_or_else(|| self.changed(3, &format!("the line `{PREFIX}` is missing")))?;
        self.digest(at, PREFIX)
    }

    /// An error when the end is missing.
    fn whole(&self) -> Result<()> {
        if self.lines.last() == Some(&" }") {
            return Ok(());
        }
        let count = self.lines.len();
        let message = format!("{} was cut short: it ends in line {count}", self.name);
        Err(Error::new(message)
            .at(self.place(count - 1))
            .hint("the last line is ` }`; does the form take fewer bytes than the document has?"))
    }

    /// The fixed lines around the payload are as they were; gives the line where it begins.
    fn frame(&self, digest: &str) -> Result<usize> {
        let script = SCRIPT.replace("@WANT@", digest);
        let (before, after) = script.split_once("@UNPACK@\n").unwrap_or_default();
        let begin = self.lines.iter().position(|line| *line == "- |");
        let begin = begin.ok_or_else(|| self.changed(3, "the line `- |` is missing"))? + 1;
        let start = begin + before.lines().count();
        let end = self.lines.len().saturating_sub(after.lines().count());
        let expected = before.lines().zip(begin..).chain(after.lines().zip(end..));
        for (line, at) in expected {
            if self.line(at) != line {
                return Err(self.changed(at, &format!("it should be ` {line}`")));
            }
        }
        Ok(start)
    }

    /// A line of the script, without the blank that YAML wants.
    fn line(&self, at: usize) -> &str {
        let line = self.lines.get(at).copied().unwrap_or_default();
        line.strip_prefix(' ').unwrap_or(line)
    }

    /// The commands that write the files, and whether they were compressed.
    fn script(&self, start: usize) -> Result<(String, bool)> {
        let after = SCRIPT.split_once("@UNPACK@\n").map_or(0, |(_, after)| after.lines().count());
        let lines = start..self.lines.len() - after;
        if !self.line(start).starts_with("python3 ") {
            return Ok((lines.map(|at| self.line(at).to_owned() + "\n").collect(), false));
        }
        let (length, crc) = self.pack(start)?;
        let first = start + payload::UNPACK.lines().count();
        let last = lines.end.saturating_sub(2);
        let mut digits = String::new();
        for at in first..last {
            let line = self.line(at);
            if let Some(column) = line.bytes().position(|c| !number::is_digit(c)) {
                let place = Place::new(self.name, self.text, at + 1, column + 2, 1);
                return Err(self.damaged(at).at(place));
            }
            digits += line;
        }
        for (line, at) in [".", ". ./pack"].into_iter().zip(last..) {
            if self.line(at) != line {
                return Err(self.changed(at, &format!("it should be ` {line}`")));
            }
        }
        let unpacked = number::decoded(&digits, length).and_then(|bytes| decompressed(&bytes));
        match unpacked.filter(|script| crc32fast::hash(script.as_bytes()) == crc) {
            Some(script) => Ok((script, true)),
            None => Err(self.between(first, last)),
        }
    }

    /// The length of the compressed bytes, and the check sum of what they become.
    fn pack(&self, start: usize) -> Result<(usize, u32)> {
        let number = |before: &str, after: &str| -> Option<u32> {
            (start..start + payload::UNPACK.lines().count()).find_map(|at| {
                let rest = self.line(at).split_once(before)?.1;
                rest.split_once(after)?.0.parse().ok()
            })
        };
        let (length, crc) = (number("to_bytes(", ","), number("crc32(b)==", ":"));
        let (Some(length), Some(crc)) = (length, crc) else {
            return Err(self.damaged(start));
        };
        let expected = payload::UNPACK
            .replace("@LENGTH@", &length.to_string())
            .replace("@CRC@", &crc.to_string());
        for (line, at) in expected.lines().zip(start..) {
            if self.line(at) != line {
                return Err(self.changed(at, &format!("it should be ` {line}`")));
            }
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > self.text.len() { Err(self.damaged(start)) } else { Ok((length, crc)) }
    }

    /// The files that the commands write.
    fn files(&self, start: usize, script: &str, compact: bool) -> Result<Vec<Unpacked>> {
        let broken =
            |at: usize| if compact { self.damaged(start) } else { self.damaged(start + at) };
        let Some(body) = script.strip_prefix(payload::PLACE) else { return Err(broken(0)) };
        let Some(body) = body.strip_suffix(payload::FINISH) else {
            let count = script.lines().count();
            return Err(broken(count.saturating_sub(payload::FINISH.lines().count())));
        };
        let mut lines = body.lines().zip(1..);
        let mut files = Vec::new();
        while let Some((head, at)) = lines.next() {
            let (mut file, end) = Unpacked::headed(head).ok_or_else(|| broken(at))?;
            loop {
                let (line, _) = lines.next().ok_or_else(|| broken(at))?;
                if line == end {
                    break;
                }
                file.contents += &format!("{line}\n");
            }
            files.push(file);
        }
        Ok(files)
    }

    /// The files are those that the digest was made of.
    fn inventory(&self, start: usize, files: &[Unpacked], digest: &str) -> Result<()> {
        let inventory: String = files.iter().map(Unpacked::entry).collect();
        if sha256(&inventory) == digest {
            Ok(())
        } else {
            Err(self.between(start, self.lines.len()))
        }
    }

    /// Who may log in stands in the payload too, and everything around it is fixed.
    fn logins(&self, files: &[Unpacked]) -> Result<()> {
        let head = self.lines.iter().enumerate().skip(3).take_while(|(_, line)| **line != "- |");
        let mut keys = Vec::new();
        for (at, line) in head.clone().filter(|(_, line)| line.starts_with("- ")) {
            // A long one goes on in the lines below.
            let more = self.lines[at + 1..].iter().take_while(|line| line.starts_with(' '));
            let lines: Vec<&str> = std::iter::once(&line[2..]).chain(more.copied()).collect();
            let key = serde_yaml::from_str(&lines.join("\n")).unwrap_or_default();
            if !files.iter().any(|file| file.contents.lines().any(|it| it == key)) {
                return Err(self.changed(at, "the key is none of those that the machine takes"));
            }
            keys.push(key);
        }
        let expected = super::logins(&keys) + "bootcmd:";
        let mut expected = expected.lines();
        let other = head.clone().find(|(_, line)| expected.next() != Some(line));
        match (other, expected.next()) {
            (Some((at, _)), _) => Err(self.damaged(at)),
            (None, Some(missing)) => Err(self.changed(3, &format!("`{missing}` is missing"))),
            (None, None) => Ok(()),
        }
    }

    fn place(&self, at: usize) -> Place {
        let width = self.lines.get(at).map_or(1, |line| line.chars().count().min(70));
        Place::new(self.name, self.text, at + 1, 1, width)
    }

    fn damaged(&self, at: usize) -> Error {
        let message = format!("{} was damaged on the way: line {} was changed", self.name, at + 1);
        Error::new(message).at(self.place(at)).hint("copy the document again, whole")
    }

    fn changed(&self, at: usize, what: &str) -> Error {
        let message = format!("{} was damaged on the way: line {}: {what}", self.name, at + 1);
        Error::new(message).at(self.place(at)).hint("copy the document again, whole")
    }

    fn between(&self, first: usize, last: usize) -> Error {
        let message = format!(
            "{} was damaged on the way: something between the lines {} and {last} was changed",
            self.name,
            first + 1
        );
        Error::new(message).hint("copy the document again, whole")
    }
}

impl Unpacked {
    /// `f MODE OWNER LAYER PATH <<'END'`, and the line that ends it.
    fn headed(line: &str) -> Option<(Unpacked, String)> {
        let (entry, end) = line.strip_prefix("f ")?.split_once(" <<'")?;
        let end = end.strip_suffix('\'')?.to_owned();
        let mut words = entry.splitn(4, ' ').map(str::to_owned);
        let (mode, owner, layer, path) =
            (words.next()?, words.next()?, words.next()?, words.next()?);
        Some((Unpacked { path, mode, owner, layer, contents: String::new() }, end))
    }

    /// Its line of the inventory.
    fn entry(&self) -> String {
        let Unpacked { path, mode, owner, layer, contents } = self;
        format!("{} {mode} {owner} {layer} {path}\n", sha256(contents))
    }
}

fn decompressed(bytes: &[u8]) -> Option<String> {
    let mut reader = LzmaReader::new_mem_limit(bytes, MEMORY, None).ok()?;
    // The machine refuses a stream whose last bytes are not what they should be, though nothing is decoded from them.
    reader.set_relaxed_end_condition(false);
    let mut text = String::new();
    reader.read_to_string(&mut text).ok()?;
    Some(text)
}
