//! A document that fetches its payload: it carries who may log in, where the payload is, and the digest that it must
//! have. The payload is a file that holds no secret, on any web server.

use serde_json::to_string as literal;
use url::Url;

use super::{Delivery, Encoding, deflated, payload, payload::Folder, provenance};
use crate::{
    digest::sha256,
    layer::Mode,
    plan::{File, HOME, Plan},
};

/// How the script in every payload begins.
pub(crate) const HEAD: &str = "#!/bin/sh\n# homeseed ";

/// Where the machine finds what fetches.
pub(crate) const FETCH: &str = "/usr/lib/homeseed/fetch";

/// What must be in force before sshd first starts.
const LOGIN: &str = "/etc/ssh/";

/// A document, and what it fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The document, to be handed to the provider.
    pub document: String,
    /// The payload: a script in gzip, to be published byte for byte.
    pub payload: Vec<u8>,
}

/// The document for `plan` that takes its payload from one of `mirrors`, at most `limit` bytes long if it can be.
#[must_use]
pub fn split(plan: &Plan, mirrors: &[Url], encoding: Encoding, limit: usize) -> Split {
    let payload = payload(plan);
    let files = fetcher(plan, &payload, mirrors);
    let delivery = Delivery { plan, files: &files, folder: Folder::Fetch };
    Split { document: delivery.nearest(encoding, limit), payload }
}

/// The files that a split document brings.
pub(crate) fn files(plan: &Plan, mirrors: &[Url]) -> Vec<File> {
    fetcher(plan, &payload(plan), mirrors)
}

/// The script that lays every file of `plan` and puts it in force; it is what a plain document has.
fn payload(plan: &Plan) -> Vec<u8> {
    let delivery = Delivery::of(plan);
    let unpack = payload::script(delivery.files);
    let script = delivery.script(&plan.digest(), &unpack);
    deflated(&format!("#!/bin/sh\n{}{script}", provenance(plan)))
}

/// Who may log in meanwhile, and what fetches `payload`.
fn fetcher(plan: &Plan, payload: &[u8], mirrors: &[Url]) -> Vec<File> {
    let text = |value: &str| literal(value).expect("a string is JSON");
    let urls: Vec<&str> = mirrors.iter().map(Url::as_str).collect();
    let fetch = include_str!("split/fetch")
        .replace("@HOST@", &text(&plan.host))
        .replace("@SERVER_NAME@", &text(&plan.server_name))
        .replace("@DIGEST@", &text(&plan.digest()))
        .replace("@SHA256@", &text(&sha256(payload)))
        .replace("@LENGTH@", &payload.len().to_string())
        .replace("@MIRRORS@", &literal(&urls).expect("strings are JSON"));
    let arm = include_str!("split/arm").replace("@DIGEST@", &plan.digest());
    let unit = include_str!("split/homeseed-fetch.service").to_owned();
    let file = |path: &str, mode: u32, contents: String| File {
        path: path.to_owned(),
        layer: String::new(),
        mode: Mode(mode),
        owner: "root".to_owned(),
        group: "root".to_owned(),
        contents,
    };
    let login = plan.files.iter().filter(|file| file.path.starts_with(LOGIN)).cloned();
    let mut files: Vec<File> = login.map(|it| File { layer: String::new(), ..it }).collect();
    files.push(file("/etc/systemd/system/homeseed-fetch.service", 0o644, unit));
    files.push(file(&format!("{HOME}/arm"), 0o755, arm));
    files.push(file(FETCH, 0o755, fetch));
    files
}
