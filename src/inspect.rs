//! Reads back what the backends write, and says whether it is what they wrote: a document as text or compressed with
//! gzip, a seed, an overlay.
//!
//! Nothing of it is run, no comment in it is believed, and it does no I/O. [`read`] takes bytes and gives what was
//! [`Found`], or the [`Damage`]; [`difference`] holds that against a plan.

mod cloud_config;
mod contents;
mod damage;
pub mod difference;
mod gzip;
mod iso;
mod overlay;
mod symptom;
mod undo;

use std::collections::BTreeMap;

use crate::{
    backend::{seed, user_data::split},
    plan::File,
};

pub use damage::{Damage, Kind};

/// The most that is read of anything, in bytes.
pub const MOST: usize = 1 << 20;

/// Something that homeseed wrote, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is, the outermost first: a seed with a document that is compressed twice has three.
    pub forms: Vec<Form>,
    /// How long the document is as a provider is handed it, in bytes; of an overlay, all its files.
    pub length: usize,
    /// What its comments say. Nothing rests on them.
    pub claims: Claims,
    /// What happened to it and does no harm.
    pub notes: Vec<Note>,
    /// What it delivers.
    pub payload: Payload,
    /// The keys that cloud-init lets in; an overlay says nothing of them.
    pub keys: Option<Vec<String>>,
}

/// How something is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A disk for `NoCloud`.
    Seed,
    /// Compressed with gzip.
    Gzip,
    /// A document with here-documents.
    Plain,
    /// A document that is compressed with LZMA.
    Compact,
    /// A payload that machines fetch.
    Payload,
    /// A folder, or a tar of it.
    Overlay,
}

/// What stands in the comments of a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// The version of homeseed that wrote it.
    pub version: Option<String>,
    /// The SHA-256 of the site's text.
    pub site_digest: Option<String>,
}

/// What does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Lines end with CR LF.
    Crlf,
    /// The document stands there twice: cloud-init takes the last.
    Twice,
}

/// What is delivered to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The machine's name, from the delivered facts.
    pub host: String,
    /// The server name, from there too.
    pub server_name: String,
    /// The SHA-256 of the inventory, found to be true.
    pub digest: String,
    /// What the machine has to fetch before it has the rest; nothing when it has all of it.
    pub fetch: Option<Fetch>,
    /// The files, by path.
    pub files: Vec<File>,
}

/// What a machine fetches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fetch {
    /// The URLs that may have it, in the order in which they are asked.
    pub mirrors: Vec<String>,
    /// Its SHA-256.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: usize,
}

/// Reads the document, seed or overlay in `bytes`, of which no more than [`MOST`] need be given plus one; `name` names
/// it in errors.
pub fn read(name: &str, bytes: &[u8]) -> Result<Found, Damage> {
    if bytes.len() > MOST {
        return Err(Damage::whole(name, Kind::TooLong));
    }
    if iso::is_one(bytes) {
        return seeded(name, bytes);
    }
    if overlay::is_tar(bytes) {
        return folder(name, &overlay::untarred(name, bytes)?);
    }
    document(name, bytes)
}

/// Reads the overlay of these files, by their path in it; links are not among them.
pub fn folder(name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Found, Damage> {
    overlay::read(name, files)
}

/// The document on a seed, whose other file must be that for this document.
fn seeded(name: &str, bytes: &[u8]) -> Result<Found, Damage> {
    let disk = iso::read(bytes).ok_or_else(|| Damage::whole(name, Kind::Changed))?;
    let broken = |what: &str| Damage::of(name, Kind::Incomplete, what);
    if !disk.label.eq_ignore_ascii_case("cidata") {
        let what = format!("is a disk labelled `{}`; cloud-init looks for `cidata`", disk.label);
        return Err(broken(&what));
    }
    let file = |wanted: &str| disk.files.iter().find(|(file, _)| file == wanted).map(|it| it.1);
    let text = file("user-data").ok_or_else(|| broken("holds no file `user-data`"))?;
    let about = file("meta-data").ok_or_else(|| broken("holds no file `meta-data`"))?;
    let mut found = document(&format!("`user-data` of {name}"), text)?;
    let expected = seed::meta_data_of(&found.payload.host, text);
    if about != expected.as_bytes() {
        return Err(broken("holds a `meta-data` that belongs to another document"));
    }
    found.forms.insert(0, Form::Seed);
    Ok(found)
}

/// A document, as cloud-init is handed it, or a payload.
fn document(name: &str, bytes: &[u8]) -> Result<Found, Damage> {
    if !gzip::is_one(bytes) {
        return symptom::read(name, bytes);
    }
    let text = gzip::unpacked(bytes).map_err(|kind| Damage::whole(name, kind))?;
    let mut found = if text.starts_with(split::HEAD.as_bytes()) {
        symptom::payload(name, &text)?
    } else {
        symptom::read(name, &text)?
    };
    found.forms.insert(0, Form::Gzip);
    found.length = bytes.len();
    Ok(found)
}

impl Form {
    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Form::Seed => "seed",
            Form::Gzip => "gzip",
            Form::Plain => "plain",
            Form::Compact => "compact",
            Form::Payload => "payload",
            Form::Overlay => "overlay",
        }
    }
}

impl Note {
    /// Its name, for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Note::Crlf => "crlf",
            Note::Twice => "twice",
        }
    }

    /// One sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Note::Crlf => "lines end with CR LF, which is fine",
            Note::Twice => "it was pasted twice; cloud-init takes the last, but once is enough",
        }
    }
}
