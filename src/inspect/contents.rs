//! What the script of a document delivers: the payload, checked as the machine checks it.

use std::io::Read as _;

use lzma_rust2::LzmaReader;

use super::{
    Fetch, Payload,
    cloud_config::{Instructions, Line},
    damage::{Fault, Kind},
};
use crate::{
    backend::user_data::{
        self, number,
        payload::{self, Folder, Width},
        split,
    },
    digest::is_sha256,
    layer::Mode,
    plan::{self, FACTS, File, HOME},
};

/// The most that a payload may unpack to, in bytes.
const UNPACKED: u64 = 4 << 20;

/// The most that its unpacking may take, in KiB.
const MEMORY: u32 = 16 << 10;

/// Where the payload stands in the script.
const HOLE: &str = "@UNPACK@\n";

/// Reads what `told` delivers, and whether it is compressed.
pub(super) fn read(told: &Instructions<'_>) -> Result<(Payload, bool), Fault> {
    let read = script(&told.script)?;
    host_keys(told)?;
    Ok(read)
}

/// Reads what `lines` deliver, and whether it is compressed.
pub(super) fn script(lines: &[Line<'_>]) -> Result<(Payload, bool), Fault> {
    let (digest, folder, unpack) = frame(lines)?;
    unpacked(unpack, digest, folder)
}

/// The payload of a script whose frame is another version's.
pub(super) fn loose(script: &[Line<'_>]) -> Option<Payload> {
    let digest = script.iter().find_map(|line| line.text.strip_prefix("want="))?;
    let begins = |line: &Line<'_>| {
        payload::PLACE.trim_end() == line.text || line.text.starts_with("python3 -c 'import lzma")
    };
    let ends = |line: &Line<'_>| {
        payload::FINISH.ends_with(&format!("\n{}\n", line.text)) || line.text == ". ./pack"
    };
    let (first, last) = (script.iter().position(begins)?, script.iter().rposition(ends)?);
    let lines = script.get(first..=last)?;
    unpacked(lines, digest, Folder::Payload).ok().map(|(payload, _)| payload)
}

/// The fixed lines around the payload are as they were; gives the digest that they want, the folder that it arrives in,
/// and the payload's lines.
fn frame<'a, 'b>(script: &'b [Line<'a>]) -> Result<(&'a str, Folder, &'b [Line<'a>]), Fault> {
    let says = |folder: &Folder| {
        let wanted = format!("p={HOME}/{}", folder.name());
        script.iter().take(10).any(|line| line.text == wanted)
    };
    let folder = Folder::ALL.into_iter().find(says).unwrap_or(Folder::Payload);
    let text = user_data::script(folder);
    let (before, after) = text.split_once(HOLE).unwrap_or_default();
    let (above, below) = (before.lines().count(), after.lines().count());
    let Some(end) = script.len().checked_sub(below).filter(|end| *end > above) else {
        return Err(Fault::new(Kind::Cut, script.last().map_or(1, |line| line.number), ""));
    };
    let want = script[..above].iter().find_map(|line| line.text.strip_prefix("want="));
    let digest = want.filter(|it| is_sha256(it)).unwrap_or("64 hexadecimal digits");
    let around = script[..above].iter().chain(&script[end..]);
    for (expected, line) in before.lines().chain(after.lines()).zip(around) {
        let expected = expected.replace("@WANT@", digest);
        if line.text != expected {
            return Err(should_be(line, &expected));
        }
    }
    Ok((digest, folder, &script[above..end]))
}

fn should_be(line: &Line<'_>, expected: &str) -> Fault {
    Fault::new(Kind::Changed, line.number, &format!("it should be ` {expected}`"))
}

/// The files that `lines` write, whose inventory has this `digest`; and whether they were compressed.
fn unpacked(lines: &[Line<'_>], digest: &str, folder: Folder) -> Result<(Payload, bool), Fault> {
    let [first, .., last] = lines else { return Err(Fault::between(1, 1)) };
    let everywhere = || Fault::between(first.number, last.number);
    let compact = first.text.starts_with("python3 ");
    let (script, fault): (String, &dyn Fn(usize) -> Fault) = if compact {
        (decompressed(lines)?, &|_| everywhere())
    } else {
        let script = lines.iter().map(|line| format!("{}\n", line.text)).collect();
        (script, &|at| {
            Fault::new(Kind::Changed, lines.get(at).unwrap_or(last).number, "it was changed")
        })
    };
    let files = files(&script).map_err(fault)?;
    if let Some(at) = differs(&payload::script(&files), &script) {
        return Err(fault(at));
    }
    if plan::digest(&files) != digest {
        return Err(everywhere());
    }
    let payload = match folder {
        Folder::Payload => Some(Payload::of(digest, files)),
        Folder::Fetch => Payload::fetched(digest, files),
    };
    Ok((payload.ok_or_else(everywhere)?, compact))
}

/// The first line in which two texts differ, from zero.
fn differs(one: &str, other: &str) -> Option<usize> {
    let count = one.lines().count().max(other.lines().count());
    let at = one.lines().zip(other.lines()).position(|(one, other)| one != other);
    at.or((one != other).then_some(count.saturating_sub(1)))
}

/// The script that is compressed in `lines`.
fn decompressed(lines: &[Line<'_>]) -> Result<String, Fault> {
    let count = payload::UNPACK.lines().count();
    let [first, .., last] = lines else { return Err(Fault::between(1, 1)) };
    let Some((head, rest)) = lines.split_at_checked(count).filter(|(_, rest)| rest.len() > 2)
    else {
        return Err(Fault::between(first.number, last.number));
    };
    let (length, crc) = numbers(head)?;
    let (digits, end) = rest.split_at(rest.len() - 2);
    for (line, expected) in end.iter().zip([".", ". ./pack"]) {
        if line.text != expected {
            return Err(should_be(line, expected));
        }
    }
    // Python would skip line ends elsewhere; but a lone full stop ends the digits for the shell.
    let first = digits.first().map_or(0, |line| line.text.len());
    let is_wide = first == Width::Form as usize;
    let width = if is_wide { Width::Form } else { Width::Terminal } as usize;
    for (at, line) in digits.iter().enumerate() {
        let is_last = at + 1 == digits.len();
        let fits = line.text.len() == width || is_last && line.text.len() < width;
        if !fits
            || line.text == "."
            || !line.text.bytes().all(number::is_digit)
            || line.text.is_empty()
        {
            return Err(Fault::new(
                Kind::Changed,
                line.number,
                "it is not the line of digits that it was",
            ));
        }
    }
    let digits: String = digits.iter().map(|line| line.text).collect();
    let bytes = number::decoded(&digits, length).filter(|_| length <= digits.len());
    let text = bytes.and_then(|bytes| lzma(&bytes));
    text.filter(|text| crc32fast::hash(text.as_bytes()) == crc)
        .ok_or_else(|| Fault::between(rest[0].number, end[0].number))
}

/// The length of the compressed bytes, and the check sum of what they become.
fn numbers(head: &[Line<'_>]) -> Result<(usize, u32), Fault> {
    let number = |before: &str, after: &str| -> Option<u32> {
        let rest = head.iter().find_map(|line| Some(line.text.split_once(before)?.1))?;
        rest.split_once(after)?.0.parse().ok()
    };
    let (length, crc) = (number("to_bytes(", ","), number("crc32(b)==", ":"));
    let written = |number: Option<u32>| number.map_or("a number".to_owned(), |it| it.to_string());
    let expected =
        payload::UNPACK.replace("@LENGTH@", &written(length)).replace("@CRC@", &written(crc));
    for (line, expected) in head.iter().zip(expected.lines()) {
        if line.text != expected {
            return Err(should_be(line, expected));
        }
    }
    let length = length.and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX);
    Ok((length, crc.unwrap_or_default()))
}

/// What the machine would make of `bytes`: liblzma wants more of the header than is needed to unpack it.
fn lzma(bytes: &[u8]) -> Option<String> {
    let dictionary = u32::from_le_bytes(bytes.get(1..5)?.try_into().ok()?);
    let size = u64::from_le_bytes(bytes.get(5..13)?.try_into().ok()?);
    let is_taken = dictionary.is_power_of_two()
        || dictionary.is_multiple_of(3) && (dictionary / 3).is_power_of_two();
    if !is_taken || size > UNPACKED || *bytes.get(13)? != 0 {
        return None;
    }
    let mut reader = LzmaReader::new_mem_limit(bytes, MEMORY, None).ok()?;
    // The machine refuses a stream whose last bytes are not what they should be, though nothing is decoded from them.
    reader.set_relaxed_end_condition(false);
    let mut text = String::new();
    reader.take(UNPACKED + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 == size).then_some(text)
}

/// The files that the commands write; otherwise the line that is none of ours, from zero.
fn files(script: &str) -> Result<Vec<File>, usize> {
    let body = script.strip_prefix(payload::PLACE).ok_or(0_usize)?;
    let finish = payload::FINISH.lines().count();
    let body = body
        .strip_suffix(payload::FINISH)
        .ok_or_else(|| script.lines().count().saturating_sub(finish))?;
    let mut lines = body.lines().zip(1_usize..);
    let mut files = Vec::new();
    while let Some((head, at)) = lines.next() {
        let (mut file, end) = headed(head).ok_or(at)?;
        loop {
            let (line, _) = lines.next().ok_or(at)?;
            if line == end {
                break;
            }
            file.contents += line;
            file.contents.push('\n');
        }
        files.push(file);
    }
    Ok(files)
}

/// `f MODE OWNER:GROUP PATH <<'END'`, and the line that ends it.
fn headed(line: &str) -> Option<(File, String)> {
    let (entry, end) = line.strip_prefix("f ")?.split_once(" <<'")?;
    let end = end.strip_suffix('\'')?.to_owned();
    let [mode, owner, path] = entry.splitn(3, ' ').collect::<Vec<_>>().try_into().ok()?;
    // The machine's shell reads this line: nothing in it may mean anything to a shell.
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._/@+:=,%-".contains(c);
    let is_harmless = [owner, path].iter().all(|it| it.chars().all(harmless));
    let is_inside = path.starts_with('/') && !path.split('/').any(|part| part == "..");
    let (owner, group) = owner.split_once(':').filter(|_| is_harmless && is_inside)?;
    let mode = u32::from_str_radix(mode, 8).ok().filter(|it| *it < 0o10000)?;
    let [path, owner, group] = [path, owner, group].map(str::to_owned);
    let (layer, contents) = (String::new(), String::new());
    Some((File { path, layer, mode: Mode(mode), owner, group, contents }, end))
}

/// The keys for SSH in `files`: all lines of those that hold nothing else.
pub(super) fn keys(files: &[File]) -> Vec<String> {
    let is_key = |line: &str| ssh_key::PublicKey::from_openssh(line).is_ok();
    let holders = files.iter().filter(|file| file.contents.lines().all(is_key));
    holders.flat_map(|file| file.contents.lines()).map(str::to_owned).collect()
}

/// Who may log in stands in the payload; of the host's own keys one is made.
fn host_keys(told: &Instructions<'_>) -> Result<(), Fault> {
    if told.one_host_key {
        return Ok(());
    }
    let line = told.script.first().map_or(1, |line| line.number.saturating_sub(2).max(1));
    Err(Fault::new(Kind::Changed, line, "before it, `ssh_genkeytypes` is missing"))
}

impl Payload {
    /// Of these files; what it says of the machine are the public facts among them.
    pub(super) fn of(digest: &str, files: Vec<File>) -> Payload {
        let facts = files.iter().find(|file| file.path == FACTS);
        let fact = |name: &str| {
            let mut lines = facts.into_iter().flat_map(|file| file.contents.lines());
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_default().trim_matches('\'').to_owned()
        };
        let (host, server_name) = (fact("HOST"), fact("SERVER_NAME"));
        Payload { host, server_name, digest: digest.to_owned(), fetch: None, files }
    }

    /// Of these files, which fetch the rest; nothing when they say not what.
    fn fetched(digest: &str, files: Vec<File>) -> Option<Payload> {
        let text = &files.iter().find(|file| file.path == split::FETCH)?.contents;
        let value = |name: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))
        };
        let string = |name: &str| serde_json::from_str::<String>(value(name)?).ok();
        let fetch = Fetch {
            mirrors: serde_json::from_str(value("MIRRORS")?).ok()?,
            sha256: string("SHA256")?,
            bytes: value("LENGTH")?.parse().ok()?,
        };
        let (host, server_name) = (string("HOST")?, string("SERVER_NAME")?);
        let (digest, fetch) = (digest.to_owned(), Some(fetch));
        Some(Payload { host, server_name, digest, fetch, files })
    }
}

#[cfg(test)]
mod tests {
    use lzma_rust2::{LzmaOptions, LzmaWriter};

    use super::*;

    /// So many blanks in the old container, with these sizes of dictionary and text in its header.
    fn packed(blanks: u64, dictionary: u32, size: u64) -> Vec<u8> {
        let options = LzmaOptions::with_preset(1);
        let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, Some(blanks)).unwrap();
        std::io::copy(&mut std::io::repeat(b' ').take(blanks), &mut writer).unwrap();
        let mut bytes = writer.finish().unwrap();
        bytes[1..5].copy_from_slice(&dictionary.to_le_bytes());
        bytes[5..13].copy_from_slice(&size.to_le_bytes());
        bytes
    }

    #[test]
    fn what_unpacks_to_more_than_a_payload_is_none() {
        let length = |blanks, dictionary| {
            lzma(&packed(blanks, dictionary, blanks)).map(|text| text.len() as u64)
        };
        assert_eq!(length(UNPACKED, 1 << 20), Some(UNPACKED));
        assert_eq!(length(UNPACKED + 1, 1 << 20), None);
        assert_eq!(lzma(&packed(UNPACKED * 12, 1 << 20, 1000)), None, "its header lies");
        // A decoder takes as much memory as its dictionary has.
        assert_eq!(length(1000, 1 << 29), None);
    }
}
