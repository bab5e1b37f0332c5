//! Turns a plan into one cloud-config document, to be pasted into an order form.
//!
//! All its work is one script that cloud-init runs at every boot. It holds the payload: every
//! planned file, and the inventory that names them. [`Encoding`] says how the payload is written;
//! what arrives on the machine is the same. It does no I/O.

pub(crate) mod number;
pub(crate) mod payload;
mod provider;
pub(crate) mod split;

use std::io::{Read as _, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

pub use provider::{Binary, Counts, PROVIDERS, Provider};
pub use split::{Split, split};

use payload::{Folder, Packed, Width};

use crate::{
    error::{Error, Result},
    plan::{File, Plan, digest},
};

/// The part of the script that depends neither on the plan nor on the folder.
const SCRIPT: &str = include_str!("user_data/deliver.sh");

/// The strictest limit among common providers, in bytes.
pub const LIMIT: usize = 16384;

/// How every document begins.
const HEAD: &str = "#cloud-config\n# homeseed ";

/// As long as the digest of a payload is.
const DIGEST: usize = 64;

/// How much of the digest of a site's text is said: enough to know one by, and nothing rests on it.
const SITE_DIGITS: usize = 8;

/// One host key is enough, and the others take a small machine half of its boot.
///
/// Who may log in stands in the payload alone: a key takes its bytes once, and is in force before sshd first starts.
const HOST_KEYS: &str = "ssh_genkeytypes: [ed25519]\n";

/// How the payload stands in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Plain when it fits the limit, compact otherwise.
    #[default]
    Auto,
    /// As here-documents, to be read by people.
    Plain,
    /// Compressed.
    Compact,
}

/// The document for `plan`, at most `limit` bytes long.
pub fn render(plan: &Plan, encoding: Encoding, limit: usize) -> Result<String> {
    let document = nearest(plan, encoding, limit);
    if document.len() <= limit {
        return Ok(document);
    }
    let length = document.len();
    Err(Error::new(format!("the document takes {length} bytes, {limit} are allowed")))
}

/// The same, or a longer one when none is short enough.
#[must_use]
pub fn nearest(plan: &Plan, encoding: Encoding, limit: usize) -> String {
    Delivery::of(plan).nearest(encoding, limit)
}

/// The document for `plan` as cloud-init inflates it by itself: the shorter of both, in gzip.
#[must_use]
pub fn gzip(plan: &Plan) -> Vec<u8> {
    Delivery::of(plan).gzip()
}

/// The same document has the same bytes: no name and no time is in it.
fn deflated(document: &str) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(document.as_bytes()).expect("memory takes all");
    writer.finish().expect("memory takes all")
}

/// Whether `bytes` begin as a document of homeseed does, or a payload: as text, in gzip, or either of them in base64.
#[must_use]
pub fn is_ours(bytes: &[u8]) -> bool {
    let decoded = STANDARD.decode(bytes.trim_ascii());
    let inner = decoded.as_deref().unwrap_or(bytes);
    [HEAD, split::HEAD].map(str::as_bytes).into_iter().any(|wanted| {
        let mut head = vec![0; wanted.len()];
        inner.starts_with(wanted)
            || GzDecoder::new(inner).read_exact(&mut head).is_ok() && head == wanted
    })
}

/// Bytes that a compact document for `plan` surely does not exceed, found in less time than the document.
#[must_use]
pub fn at_most(plan: &Plan) -> usize {
    let delivery = Delivery::of(plan);
    let packed = Packed::at_most(delivery.files);
    delivery.document("", &packed.script(Width::Terminal)).len() + DIGEST
}

/// What a document brings to a machine.
struct Delivery<'a> {
    /// For which machine.
    plan: &'a Plan,
    files: &'a [File],
    folder: Folder,
}

impl<'a> Delivery<'a> {
    /// All that `plan` consists of.
    fn of(plan: &'a Plan) -> Delivery<'a> {
        Delivery { plan, files: &plan.files, folder: Folder::Payload }
    }

    /// The document that is at most `limit` bytes long, or the shortest.
    fn nearest(&self, encoding: Encoding, limit: usize) -> String {
        match encoding {
            Encoding::Plain => self.plain(),
            Encoding::Compact => self.compact(limit),
            Encoding::Auto => Some(self.plain())
                .filter(|plain| plain.len() <= limit)
                .unwrap_or_else(|| self.compact(limit)),
        }
    }

    /// The shorter document, in gzip.
    fn gzip(&self) -> Vec<u8> {
        let both = [self.plain(), self.compact(usize::MAX)].map(|document| deflated(&document));
        both.into_iter().min_by_key(Vec::len).expect("there are two")
    }

    fn plain(&self) -> String {
        self.document(&digest(self.files), &payload::script(self.files))
    }

    /// Lines are longer than a terminal's only where that makes the document fit.
    fn compact(&self, limit: usize) -> String {
        let (digest, packed) = (digest(self.files), Packed::of(self.files));
        let [narrow, wide] = [Width::Terminal, Width::Form]
            .map(|width| self.document(&digest, &packed.script(width)));
        if narrow.len() > limit && wide.len() <= limit { wide } else { narrow }
    }

    /// The whole document around the commands that unpack the files of this digest.
    fn document(&self, digest: &str, unpack: &str) -> String {
        let body: String = self.script(digest, unpack).lines().map(indented).collect();
        format!("#cloud-config\n{}{HOST_KEYS}bootcmd:\n- |\n{body}", provenance(self.plan))
    }

    /// The script that the machine runs.
    fn script(&self, digest: &str, unpack: &str) -> String {
        script(self.folder).replace("@WANT@", digest).replace("@UNPACK@\n", unpack)
    }
}

/// The script of a document, but for the digest and the commands that unpack what has it.
pub(crate) fn script(folder: Folder) -> String {
    SCRIPT.replace("@FOLDER@", folder.name())
}

/// One blank is enough for YAML.
fn indented(line: &str) -> String {
    if line.is_empty() { "\n".to_owned() } else { format!(" {line}\n") }
}

fn provenance(plan: &Plan) -> String {
    let (version, host, site) = (env!("CARGO_PKG_VERSION"), &plan.host, &plan.site_digest);
    let site = &site[..SITE_DIGITS.min(site.len())];
    format!("# homeseed {version}: {host}\n# site sha256:{site}\n")
}
