//! Turns a plan into one cloud-config document, to be pasted into an order form.
//!
//! All its work is one script that cloud-init runs at every boot. It holds the payload: every
//! planned file, and the inventory that names them. [`Encoding`] says how the payload is written;
//! what arrives on the machine is the same. It does no I/O.

pub(crate) mod number;
pub(crate) mod payload;
mod provider;

use std::io::{Read as _, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

pub use provider::{Binary, Counts, PROVIDERS, Provider};

use payload::{Packed, Width};

use crate::{
    error::{Error, Result},
    plan::Plan,
};

/// The part of the script that does not depend on the plan.
pub(crate) const SCRIPT: &str = include_str!("user_data/deliver.sh");

/// The strictest limit among common providers, in bytes.
pub const LIMIT: usize = 16384;

/// How every document begins.
const HEAD: &str = "#cloud-config\n# homeseed ";

/// As long as the digest of a payload is.
const DIGEST: usize = 64;

/// How much of the digest of a site's text is said: enough to know one by, and nothing rests on it.
const SITE_DIGITS: usize = 16;

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
    match encoding {
        Encoding::Plain => plain(plan),
        Encoding::Compact => compact(plan, limit),
        Encoding::Auto => Some(plain(plan))
            .filter(|plain| plain.len() <= limit)
            .unwrap_or_else(|| compact(plan, limit)),
    }
}

/// The document for `plan` as cloud-init inflates it by itself: the shorter of both, in gzip.
#[must_use]
pub fn gzip(plan: &Plan) -> Vec<u8> {
    let both = [plain(plan), compact(plan, usize::MAX)].map(|document| deflated(&document));
    both.into_iter().min_by_key(Vec::len).expect("there are two")
}

/// The same document has the same bytes: no name and no time is in it.
fn deflated(document: &str) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(document.as_bytes()).expect("memory takes all");
    writer.finish().expect("memory takes all")
}

/// Whether `bytes` begin as a document of homeseed does: as text, in gzip, or either of them in base64.
#[must_use]
pub fn is_ours(bytes: &[u8]) -> bool {
    let decoded = STANDARD.decode(bytes.trim_ascii());
    let inner = decoded.as_deref().unwrap_or(bytes);
    let mut head = [0; HEAD.len()];
    inner.starts_with(HEAD.as_bytes())
        || GzDecoder::new(inner).read_exact(&mut head).is_ok() && head == HEAD.as_bytes()
}

fn plain(plan: &Plan) -> String {
    document(plan, &plan.digest(), &payload::script(&plan.files))
}

/// Lines are longer than a terminal's only where that makes the document fit.
fn compact(plan: &Plan, limit: usize) -> String {
    let (digest, packed) = (plan.digest(), Packed::of(&plan.files));
    let [narrow, wide] =
        [Width::Terminal, Width::Form].map(|width| document(plan, &digest, &packed.script(width)));
    if narrow.len() > limit && wide.len() <= limit { wide } else { narrow }
}

/// Bytes that a compact document for `plan` surely does not exceed, found in less time than the document.
#[must_use]
pub fn at_most(plan: &Plan) -> usize {
    let packed = Packed::at_most(&plan.files);
    document(plan, "", &packed.script(Width::Terminal)).len() + DIGEST
}

/// The whole document around the commands that unpack the payload of this digest.
fn document(plan: &Plan, digest: &str, unpack: &str) -> String {
    let script = SCRIPT.replace("@WANT@", digest).replace("@UNPACK@\n", unpack);
    let body: String = script.lines().map(indented).collect();
    format!("{}{HOST_KEYS}bootcmd:\n- |\n{body}", provenance(plan))
}

/// One blank is enough for YAML.
fn indented(line: &str) -> String {
    if line.is_empty() { "\n".to_owned() } else { format!(" {line}\n") }
}

fn provenance(plan: &Plan) -> String {
    let (version, host, site) = (env!("CARGO_PKG_VERSION"), &plan.host, &plan.site_digest);
    let site = &site[..SITE_DIGITS.min(site.len())];
    let who = format!("{HEAD}{version}: {host}\n");
    format!("{who}# site sha256:{site}\n")
}
