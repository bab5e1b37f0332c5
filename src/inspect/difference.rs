//! What was found, held against what a site would be now.

use url::Url;

use super::{Damage, Found, Kind};
use crate::{
    backend::user_data::{Encoding, render, split},
    plan::{File, Plan},
};

/// What differs. All of it is none when the document is the one that the site gives.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Paths of files that the site gives and the document does not have.
    pub added: Vec<String>,
    /// Paths that the document alone has.
    pub removed: Vec<String>,
    /// Paths of files whose contents, mode or owner are others.
    pub changed: Vec<String>,
    /// Whether other keys may log in.
    pub keys: bool,
    /// The version that the document says, when it is not this one. It is no difference.
    pub version: Option<String>,
    /// Whether the document says that it was made from another text of the site. It is no difference.
    pub site_text: bool,
}

/// What differs between `found` and what `plan` gives.
#[must_use]
pub fn between(found: &Found, plan: &Plan) -> Difference {
    let of = |path: &str, files: &[File]| files.iter().find(|file| file.path == path).cloned();
    let (have, give) = (&found.payload.files, &given(found, plan));
    let paths = |files: &[File], select: &dyn Fn(&File) -> bool| {
        files.iter().filter(|file| select(file)).map(|file| file.path.clone()).collect()
    };
    // A document does not say which layer a file is of.
    let is_changed = |file: &File| {
        of(&file.path, have).is_some_and(|it| File { layer: file.layer.clone(), ..it } != *file)
    };
    let claimed = &found.claims;
    Difference {
        added: paths(give, &|file| of(&file.path, have).is_none()),
        removed: paths(have, &|file| of(&file.path, give).is_none()),
        changed: paths(give, &is_changed),
        keys: found.keys.as_ref().is_some_and(|keys| *keys != plan.ssh_keys),
        version: claimed.version.clone().filter(|it| it != env!("CARGO_PKG_VERSION")),
        site_text: claimed.site_digest.as_ref().is_some_and(|it| !plan.site_digest.starts_with(it)),
    }
}

/// The files that `plan` gives, in a document of the same kind.
fn given(found: &Found, plan: &Plan) -> Vec<File> {
    let Some(fetch) = &found.payload.fetch else { return plan.files.clone() };
    let mirrors: Vec<Url> = fetch.mirrors.iter().filter_map(|it| Url::parse(it).ok()).collect();
    split::files(plan, &mirrors)
}

impl Difference {
    /// Whether a machine would be the same.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let Difference { added, removed, changed, keys, .. } = self;
        added.is_empty() && removed.is_empty() && changed.is_empty() && !keys
    }

    /// One line for each thing that differs: `+` the site alone has it, `-` the document alone, `~` both.
    #[must_use]
    pub fn text(&self) -> String {
        let lists = [("+", &self.added), ("-", &self.removed), ("~", &self.changed)];
        let lines = lists
            .iter()
            .flat_map(|(sign, paths)| paths.iter().map(move |path| format!("{sign} {path}\n")));
        let keys = if self.keys { "~ the keys for SSH\n" } else { "" };
        lines.collect::<String>() + keys
    }
}

/// The same damage with its line, when `bytes` are nearly what `plan` gives: only one line is another.
#[must_use]
pub fn located(damage: Damage, name: &str, bytes: &[u8], plan: &Plan) -> Damage {
    let text = String::from_utf8_lossy(bytes);
    if damage.kind != Kind::Changed || damage.line.is_some() {
        return damage;
    }
    let found = [Encoding::Plain, Encoding::Compact].into_iter().find_map(|encoding| {
        let document = render(plan, encoding, usize::MAX).ok()?;
        let pairs = || document.lines().zip(text.lines()).zip(1_usize..);
        let is_as_long = document.lines().count() == text.trim_end().lines().count();
        let mut others = pairs().filter(|((one, other), _)| one != other).map(|(_, line)| line);
        let line = others.next()?;
        (is_as_long && others.next().is_none()).then_some(line)
    });
    match found {
        Some(line) => {
            Damage::at(name, Kind::Changed, line, text.lines().nth(line - 1).unwrap_or_default())
        }
        None => damage,
    }
}
