//! Turns a plan into one cloud-config document, to be pasted into an order form.
//!
//! All its work is one script that cloud-init runs at every boot. It holds the payload: every
//! planned file, and the inventory that names them. [`Encoding`] says how the payload is written;
//! what arrives on the machine is the same. It does no I/O.

pub(crate) mod number;
pub(crate) mod payload;
mod size;

use crate::{error::Result, plan::Plan, template::yaml_string};

/// The part of the script that does not depend on the plan.
pub(crate) const SCRIPT: &str = include_str!("user_data/deliver.sh");

/// The strictest limit among common providers, in bytes.
pub const LIMIT: usize = 16384;

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
    let fits = |document: &String| document.len() <= limit;
    let document = match encoding {
        Encoding::Plain => plain(plan),
        Encoding::Compact => compact(plan),
        Encoding::Auto => return render(plan, chosen(plan, limit), limit),
    };
    if fits(&document) {
        Ok(document)
    } else {
        Err(size::refusal(plan, encoding, document.len(), limit))
    }
}

/// The encoding that [`Encoding::Auto`] chooses for `plan` when `limit` bytes are allowed.
#[must_use]
pub fn chosen(plan: &Plan, limit: usize) -> Encoding {
    if plain(plan).len() <= limit { Encoding::Plain } else { Encoding::Compact }
}

fn plain(plan: &Plan) -> String {
    document(plan, &payload::script(&plan.files))
}

fn compact(plan: &Plan) -> String {
    document(plan, &payload::compressed(&plan.files))
}

/// The whole document around the commands that unpack the payload.
fn document(plan: &Plan, unpack: &str) -> String {
    let payload = plan.digest();
    let script = SCRIPT.replace("@WANT@", &payload).replace("@UNPACK@\n", unpack);
    let body: String = script.lines().map(indented).collect();
    format!("{}{}bootcmd:\n- |\n{body}", provenance(plan), logins(&plan.ssh_keys))
}

/// One blank is enough for YAML.
fn indented(line: &str) -> String {
    if line.is_empty() { "\n".to_owned() } else { format!(" {line}\n") }
}

fn provenance(plan: &Plan) -> String {
    let (version, host, site) = (env!("CARGO_PKG_VERSION"), &plan.host, &plan.site_digest);
    let who = format!("#cloud-config\n# homeseed {version}: {host}\n");
    format!("{who}# site sha256:{site}\n")
}

/// Who may log in. Passwords are left alone unless there is a key: nobody is locked out.
///
/// One host key is enough, and the others take a small machine half of its boot.
fn logins(keys: &[String]) -> String {
    let host_keys = "ssh_genkeytypes: [ed25519]\n";
    if keys.is_empty() {
        return host_keys.to_owned();
    }
    let keys: String = keys.iter().map(|key| format!("- {}\n", yaml_string(key))).collect();
    format!("ssh_authorized_keys:\n{keys}ssh_pwauth: false\n{host_keys}")
}
