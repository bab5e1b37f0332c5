//! Overlays: every file against the digests that `bake` holds, as `bake` itself does before it touches a tree.

use std::{collections::BTreeMap, io::Read as _};

use super::{
    Claims, Form, Found, MOST, Payload,
    damage::{Damage, Fault, Kind},
};
use crate::{
    backend::overlay::BAKE,
    digest::{is_sha256, sha256},
    layer::Mode,
    plan::File,
};

/// Whether `bytes` are a tar (POSIX 1003.1, `ustar`).
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

/// The files in a tar, by their path below its one folder.
pub(super) fn untarred(name: &str, bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, Damage> {
    let broken = |_: std::io::Error| Damage::whole(name, Kind::Cut);
    let mut files = BTreeMap::new();
    let mut room = MOST;
    for entry in tar::Archive::new(bytes).entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        if entry.header().entry_type().is_file() {
            let (size, mut contents) = (entry.header().size().map_err(broken)?, Vec::new());
            entry.take(room as u64 + 1).read_to_end(&mut contents).map_err(broken)?;
            if contents.len() > room {
                return Err(Damage::whole(name, Kind::TooLong));
            }
            if contents.len() as u64 != size {
                return Err(Damage::whole(name, Kind::Cut));
            }
            room -= contents.len();
            let path = path.split_once('/').map_or(path.as_str(), |(_, inside)| inside);
            files.insert(path.to_owned(), contents);
        }
    }
    Ok(files)
}

/// Reads the overlay of `files`.
pub(super) fn read(name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Found, Damage> {
    let text = |path: &str| files.get(path).map(|it| String::from_utf8_lossy(it).into_owned());
    let (Some(bake), Some(inventory)) = (text("bake"), text("inventory")) else {
        return Err(Damage::whole(name, Kind::None));
    };
    let said = digests(&bake).map_err(|fault| {
        let line = bake.lines().nth(fault.line - 1).unwrap_or_default().to_owned();
        Damage::faulty(&format!("`bake` of {name}"), &fault, &line)
    })?;
    for (path, digest) in [("inventory", &said[0]), ("packages", &said[1])] {
        if text(path).map(sha256).as_ref() != Some(digest) {
            return Err(spoilt(name, path));
        }
    }
    let planned = planned(name, &inventory, files)?;
    let kept = |path: &String| planned.iter().any(|file| *path == format!("tree{}", file.path));
    let stray = files.keys().find(|path| path.starts_with("tree/") && !kept(path));
    if let Some(path) = stray {
        let what = format!("holds `{path}`, which was not compiled");
        return Err(Damage::of(name, Kind::Incomplete, &what));
    }
    Ok(Found {
        forms: vec![Form::Overlay],
        length: files.values().map(Vec::len).sum(),
        claims: Claims::default(),
        notes: Vec::new(),
        payload: Payload::of(&said[0], planned),
        keys: None,
    })
}

/// The digests of inventory and package list, if all the rest of `bake` is as it was written.
fn digests(bake: &str) -> Result<[String; 2], Fault> {
    let mut found = BTreeMap::new();
    let mut written = bake.lines();
    for (template, number) in BAKE.lines().zip(1..) {
        let line = written.next().unwrap_or_default();
        let value = hole(template).map(|(before, name, after)| {
            (name, line.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)))
        });
        match value {
            None if line == template => (),
            Some((name, Some(value))) if fits(name, value) => {
                found.insert(name, value.to_owned());
            }
            _ => {
                return Err(Fault::new(
                    Kind::Changed,
                    number,
                    "it is not as this version writes it",
                ));
            }
        }
    }
    if written.next().is_some() || !bake.ends_with('\n') {
        return Err(Fault::new(Kind::Changed, BAKE.lines().count(), "it is not the last"));
    }
    Ok(["INVENTORY", "PACKAGES"].map(|name| found.remove(name).unwrap_or_default()))
}

/// What stands before `@NAME@`, the name, and what stands behind.
fn hole(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('@')?;
    let (name, after) = rest.split_once('@')?;
    let is_name = !name.is_empty() && name.bytes().all(|c| c.is_ascii_uppercase());
    is_name.then_some((before, name, after))
}

/// Whether `value` can be what the overlay says for `name`: a digest, or words and patterns without a quote.
fn fits(name: &str, value: &str) -> bool {
    let harmless = |c: char| c.is_ascii_alphanumeric() || " ._/@+:=,%*?[]-".contains(c);
    match name {
        "INVENTORY" | "PACKAGES" => is_sha256(value),
        _ => value.chars().all(harmless),
    }
}

/// The files that the inventory names, each with the digest that it says.
fn planned(
    name: &str,
    inventory: &str,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<File>, Damage> {
    let mut planned = Vec::new();
    for line in inventory.lines() {
        let (digest, file) = entry(line).ok_or_else(|| spoilt(name, "inventory"))?;
        let path = format!("tree{}", file.path);
        let contents = files.get(&path).filter(|contents| sha256(contents) == digest);
        let contents = contents.and_then(|it| String::from_utf8(it.clone()).ok());
        let contents = contents.ok_or_else(|| spoilt(name, &path))?;
        planned.push(File { contents, ..file });
    }
    Ok(planned)
}

/// `<sha256> <mode> <owner>:<group> <path>`
fn entry(line: &str) -> Option<(&str, File)> {
    let words: Vec<&str> = line.splitn(4, ' ').collect();
    let [digest, mode, owner, path] = words.try_into().ok()?;
    let (owner, group) = owner.split_once(':')?;
    let mode = Mode(u32::from_str_radix(mode, 8).ok()?);
    let [path, owner, group] = [path, owner, group].map(str::to_owned);
    let is_inside = path.starts_with('/') && !path.split('/').any(|part| part == "..");
    let (layer, contents) = (String::new(), String::new());
    is_inside.then_some((digest, File { path, layer, mode, owner, group, contents }))
}

fn spoilt(name: &str, path: &str) -> Damage {
    let what = format!("was changed after it was made: `{path}` is missing or not what it was");
    Damage::of(name, Kind::Incomplete, &what)
}
