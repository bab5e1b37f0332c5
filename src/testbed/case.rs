//! One case: a site, what it compiles to, and the script that says what must hold.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{fixture::Fixture, machine};
use crate::{
    backend::user_data::{self, Encoding},
    error::{Error, Errors, Result},
    plan::Plan,
    site::Site,
};

/// A case, compiled: the half that runs in the namespace reads no site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// What the machine starts from.
    pub start: Start,
    /// The script of the case; the usual one when there is none.
    pub script: Option<PathBuf>,
    /// What the user pastes.
    pub user_data: String,
    /// The sha256 of the payload in it.
    pub payload: String,
    /// The checks of the machine, as a script.
    pub checks: String,
    /// The name behind the colon of its users' names.
    pub server_name: String,
    /// The machine's own name.
    pub host: String,
    /// The localpart of its first user.
    pub admin: String,
    /// Every name that leads to the machine.
    pub names: Vec<String>,
    /// A homeserver that the site federates with, if it does with any.
    pub listed: Option<String>,
    /// Whether it federates with every other too.
    pub anyone: bool,
    /// Where the machine finds the Matrix repository.
    pub repository: String,
    /// Where the machine finds its certificate authority.
    pub authority: String,
    /// What the operator publishes on other machines.
    pub pages: Vec<Page>,
}

/// A document on a web server that is not the machine's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page {
    /// The web server's name.
    pub host: String,
    /// The path of the document.
    pub path: String,
    /// What it says.
    pub contents: String,
}

/// What a machine starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// The stock image.
    Fresh,
    /// The disk of an earlier case, as it was when its packages stood; the stock image when there is none.
    Packages,
}

/// The line of a script that asks for `Start::Packages`.
const SHARES: &str = "# starts from: packages";

impl Case {
    /// Compiles the case of `file`, with the key of `fixture` in place of the one that the site pins.
    pub fn compile(
        file: &Path,
        (site, mut plan): (Site, Plan),
        fixture: &Fixture,
    ) -> std::result::Result<Case, Errors> {
        let facts = serde_json::to_value(&site).map_err(|error| Error::host(error.to_string()))?;
        let fact = |path: &str| text(&facts, path);
        pin(&mut plan, &fact("/apt/matrix/fingerprint")?, fixture.fingerprint());
        let script = file.with_file_name("test.sh");
        let script = std::fs::canonicalize(script).ok();
        let admin = fact("/admin")?;
        Ok(Case {
            name: name(file),
            start: start(script.as_deref())?,
            script,
            user_data: document(&plan)?,
            payload: plan.digest(),
            checks: plan.script(),
            admin,
            listed: listed(&facts),
            anyone: anyone(&facts),
            repository: fact("/apt/matrix/url")?,
            authority: fact("/tls/acme/directory")?,
            pages: plan
                .publications
                .iter()
                .map(|page| Page {
                    host: page.host.clone(),
                    path: page.path.clone(),
                    contents: page.contents.clone(),
                })
                .collect(),
            server_name: plan.server_name,
            host: plan.host,
            names: plan.names,
        })
    }

    /// Where everything of it lies below `cache`.
    #[must_use]
    pub fn dir(&self, cache: &Path) -> PathBuf {
        dir(cache, &self.name)
    }
}

/// An error when the case of `file` cannot be played here: to be asked before anything is built.
pub fn possible(file: &Path, site: &Site, cache: &Path) -> Result<()> {
    let facts = serde_json::to_value(site).map_err(|error| Error::host(error.to_string()))?;
    if let Some(proxy) = facts.pointer("/apt/proxy").and_then(Value::as_str) {
        return Err(Error::new(format!("the test internet has no proxy `{proxy}`"))
            .hint("test the site without `apt.proxy`"));
    }
    machine::fits(&dir(cache, &name(file)))
}

fn dir(cache: &Path, name: &str) -> PathBuf {
    cache.join("runs").join(name)
}

/// How much a provider takes is no matter of a machine here.
fn document(plan: &Plan) -> Result<String> {
    user_data::render(plan, Encoding::Auto, user_data::LIMIT)
        .or_else(|_| user_data::render(plan, Encoding::Compact, usize::MAX))
}

/// The folder says what a case is about; a site beside others is known by its own name.
fn name(file: &Path) -> String {
    let folder = file.parent().and_then(Path::file_name);
    let stem = file.file_stem().unwrap_or_default();
    let name = folder.filter(|_| stem == "site").unwrap_or(stem).to_string_lossy().into_owned();
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn start(script: Option<&Path>) -> Result<Start> {
    let Some(script) = script else { return Ok(Start::Fresh) };
    let shares = super::tree::read(script)?.lines().any(|line| line == SHARES);
    Ok(if shares { Start::Packages } else { Start::Fresh })
}

/// The one thing in which a tested machine differs from the user's: whose packages it trusts.
fn pin(plan: &mut Plan, from: &str, to: &str) {
    for file in &mut plan.files {
        file.contents = file.contents.replace(from, to);
    }
}

fn anyone(facts: &Value) -> bool {
    facts.pointer("/federation/anyone").and_then(Value::as_bool).unwrap_or_default()
}

fn listed(facts: &Value) -> Option<String> {
    let first = facts.pointer("/federation/allow/0").and_then(Value::as_str);
    let any = anyone(facts).then_some("listed.example.net");
    first.or(any).map(str::to_owned)
}

fn text(facts: &Value, path: &str) -> Result<String> {
    let value = facts.pointer(path).and_then(Value::as_str);
    value.map(str::to_owned).ok_or_else(|| Error::host(format!("a site has no `{path}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_named_after_its_folder_or_its_file() {
        assert_eq!(name(Path::new("image-tests/late-dns/site.yaml")), "late-dns");
        assert_eq!(name(Path::new("sites/my chat.yaml")), "my_chat");
        assert_eq!(name(Path::new("site.yaml")), "site");
    }
}
