//! A layer: a folder that reads like one step of a how-to. Here it is read, not yet decided.
//!
//! [`Sources`] is every file of every layer; [`Layers::read`] understands the manifests and puts
//! the layers into their order. What a layer means for one site is for `plan` to say.

mod declaration;
mod manifest;
mod order;
mod port;
mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use crate::{
    error::{Error, Errors, Place},
    site::{Schema, Suite},
    template::{Kind, Templates},
};

pub use declaration::{
    BornEntry, KeepsEntry, KeyEntry, RecordEntry, RuleEntry, SecretEntry, StreamEntry, TreeEntry,
};
pub use manifest::{CheckEntry, Manifest, Mode, Owned, Publish, Settings, Wait};
pub use port::{DeclaredPort, PortRange, Protocol};

/// Every file of every layer: `LAYER/path/in/it` to its text.
pub type Sources = BTreeMap<String, String>;

/// The layers that are part of this program: path, text, and of a manifest the same as JSON.
const EMBEDDED: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/layers.rs"));

/// The files of the layers that are part of this program.
#[must_use]
pub fn embedded() -> Sources {
    EMBEDDED.iter().map(|(path, text, _)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// The keys of a site that is compiled with the layers of this program alone.
#[must_use]
pub fn embedded_schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let sources = embedded();
        let layers = Layers::read(&sources);
        layers.unwrap_or_else(|errors| panic!("the layers of this program: {errors}")).schema
    });
    &SCHEMA
}

/// One layer as its author wrote it.
#[derive(Debug)]
pub struct Layer<'s> {
    /// The folder's name.
    pub name: &'s str,
    /// What `layer.yaml` says.
    pub manifest: Manifest,
    /// What it brings, by purpose.
    pub sources: Vec<Source<'s>>,
}

/// One file of a layer.
#[derive(Debug)]
pub struct Source<'s> {
    /// Its name among the [`Sources`].
    pub name: &'s str,
    /// What it is for.
    pub purpose: Purpose<'s>,
    /// Its text as written.
    pub text: &'s str,
    /// Whether it is rendered (`.j2`) or copied.
    pub template: bool,
}

/// What a file of a layer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'s> {
    /// Goes to this absolute path of the machine, whatever release it runs.
    Place(&'s str),
    /// Goes to this absolute path of a machine that runs this release, in place of any other.
    PlaceOn(Suite, &'s str),
    /// Is the layer's step of the convergence.
    Step,
    /// Is read by the compiler or by people only.
    Beside,
}

/// All layers in the order of their steps, and their templates.
#[derive(Debug)]
pub struct Layers<'s> {
    /// Early ones first, then by `needs`; ties by name, and backups last.
    pub ordered: Vec<Layer<'s>>,
    /// Every template, compiled.
    pub templates: Templates<'s>,
    /// The keys and rules that they declare together.
    pub schema: Schema,
    sources: &'s Sources,
}

impl<'s> Layers<'s> {
    /// Reads the manifests in `sources`, orders the layers and compiles the templates.
    pub fn read(sources: &'s Sources) -> Result<Layers<'s>, Errors> {
        let (layers, errors) = every_layer(sources);
        Errors::none_or(errors)?;
        let ordered = order::sorted(layers)?;
        let templates = templates(&ordered)?;
        let schema = schema::of(&ordered, sources)?;
        Ok(Layers { ordered, templates, schema, sources })
    }

    /// The layer that all others stand on; the first one when none says so.
    #[must_use]
    pub fn foundation(&self) -> Option<&'s str> {
        let says_so = self.ordered.iter().find(|layer| layer.manifest.foundation);
        says_so.or(self.ordered.first()).map(|layer| layer.name)
    }

    /// The layer, and all that it needs, directly or not.
    #[must_use]
    pub fn closure(&self, layer: &str) -> BTreeSet<&str> {
        let mut closure: BTreeSet<&str> = self.foundation().into_iter().collect();
        let mut waiting: Vec<&str> = vec![layer];
        while let Some(name) = waiting.pop() {
            let Some(layer) = self.ordered.iter().find(|it| it.name == name) else { continue };
            if closure.insert(layer.name) || Some(layer.name) == self.foundation() {
                waiting.extend(layer.manifest.needs.iter().map(String::as_str));
            }
        }
        closure
    }

    /// The text of `file` in the folder of `layer`.
    #[must_use]
    pub fn text(&self, layer: &str, file: &str) -> Option<&'s str> {
        self.sources.get(&format!("{layer}/{file}")).map(String::as_str)
    }

    /// A mistake at the first place where `word` stands in a layer's manifest.
    #[must_use]
    pub fn blame(&self, layer: &str, word: &str, message: impl Into<String>) -> Error {
        blame(self.sources, layer, word, message)
    }
}

/// A mistake at the first place where `word` stands in the manifest of `layer`.
fn blame(sources: &Sources, layer: &str, word: &str, message: impl Into<String>) -> Error {
    let file = format!("{layer}/{MANIFEST}");
    let place = sources.get(&file).and_then(|text| find(&file, text, word));
    Error::new(message).at(place)
}

const MANIFEST: &str = "layer.yaml";

/// Where `word` first stands in `text`.
fn find(file: &str, text: &str, word: &str) -> Option<Place> {
    text.lines().enumerate().find_map(|(n, line)| {
        let column = line[..line.find(word)?].chars().count() + 1;
        Some(Place::new(file, text, n + 1, column, word.chars().count()))
    })
}

fn every_layer(sources: &Sources) -> (Vec<Layer<'_>>, Vec<Error>) {
    let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, text) in sources {
        let folder = name.split('/').next().unwrap_or(name);
        folders.entry(folder).or_default().push((name, text));
    }
    let (mut layers, mut errors) = (Vec::new(), Vec::new());
    for (name, files) in folders {
        match layer(name, &files) {
            Ok(layer) => layers.push(layer),
            Err(error) => errors.push(error),
        }
    }
    (layers, errors)
}

fn layer<'s>(name: &'s str, files: &[(&'s str, &'s str)]) -> Result<Layer<'s>, Error> {
    let inside = |path: &'s str| path.strip_prefix(name).and_then(|it| it.strip_prefix('/'));
    let manifest = files
        .iter()
        .find(|(path, _)| inside(path) == Some(MANIFEST))
        .ok_or_else(|| Error::new(format!("layer `{name}` has no `{MANIFEST}`")))?;
    if !is_name(name) {
        return Err(misnamed(name));
    }
    let manifest = understood(manifest.0, manifest.1)?;
    let mut sources = Vec::new();
    for (path, text) in files {
        let (bare, template) = match path.strip_suffix(".j2") {
            Some(bare) => (bare, true),
            None => (*path, false),
        };
        let purpose = purpose(inside(bare).unwrap_or_default(), &manifest)
            .ok_or_else(|| stray(path, name))?;
        sources.push(Source { name: path, purpose, text, template });
    }
    Ok(Layer { name, manifest, sources })
}

/// The manifest `file`; one of this program's own from the JSON, since YAML takes several times as long to read.
fn understood(file: &str, text: &str) -> Result<Manifest, Error> {
    let own = EMBEDDED.iter().find(|it| it.0 == file && it.1 == text);
    match own.and_then(|(_, _, json)| serde_json::from_str(json).ok()) {
        Some(manifest) => Ok(manifest),
        None => Manifest::parse(file, text),
    }
}

/// Names stand bare in shell: in the script that places the files, and in the inventory.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(plain) && text.chars().all(|c| plain(c) || c == '-')
}

/// The error for a layer's `folder` that has no name for a layer.
pub(crate) fn misnamed(folder: &str) -> Error {
    let message = format!("the folder `{}` cannot be a layer by this name", folder.escape_debug());
    Error::new(message).hint("rename it: a to z, 0 to 9 and hyphens, and no hyphen first")
}

/// What the file at `path` of a layer is for; `None` when nothing would read it.
fn purpose<'s>(path: &'s str, manifest: &Manifest) -> Option<Purpose<'s>> {
    let known = manifest.settings.as_ref().map(|settings| settings.known.as_str());
    match path {
        MANIFEST | "README.md" => Some(Purpose::Beside),
        "setup.sh" => Some(Purpose::Step),
        _ if Some(path) == known => Some(Purpose::Beside),
        _ => placed(path),
    }
}

/// `files/etc/x`, or `files-SUITE/etc/x` for one release.
fn placed(path: &str) -> Option<Purpose<'_>> {
    let (tree, _) = path.split_once('/')?;
    let target = &path[tree.len()..];
    match tree.strip_prefix("files")? {
        "" => Some(Purpose::Place(target)),
        suite => Some(Purpose::PlaceOn(Suite::named(suite.strip_prefix('-')?)?, target)),
    }
}

fn stray(path: &str, layer: &str) -> Error {
    Error::new(format!("nothing reads `{path}`"))
        .hint(format!("a layer holds {MANIFEST}, README.md, setup.sh and the trees {layer}/files/ and {layer}/files-SUITE/"))
}

fn templates<'s>(layers: &[Layer<'s>]) -> Result<Templates<'s>, Errors> {
    let mut templates = Templates::default();
    let mut errors = Vec::new();
    for source in layers.iter().flat_map(|layer| &layer.sources).filter(|it| it.template) {
        errors.extend(templates.add(source.name, source.text, source.kind()).err());
    }
    Errors::none_or(errors)?;
    Ok(templates)
}

impl Source<'_> {
    /// How values are written into it.
    fn kind(&self) -> Kind {
        match self.purpose {
            Purpose::Step => Kind::Shell,
            Purpose::Place(path) | Purpose::PlaceOn(_, path) => Kind::of(path, self.text),
            Purpose::Beside => Kind::Plain,
        }
    }
}

#[cfg(test)]
mod tests;
