//! Reads what the user names: a site, and the layers that it is compiled with.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    string::FromUtf8Error,
};

use walkdir::WalkDir;

use crate::{
    backend::overlay,
    error::{Error, Errors, Result},
    inspect::MOST,
    layer::{self, Layers, Sources},
    plan::{self, Aim, Plan},
    site::{self, LayerFolder, Schema, Site, suggest},
};

/// The plan of the site at `path`.
pub(super) fn plan(path: &Path, layers: Option<&Path>) -> std::result::Result<Plan, Errors> {
    compile(path, layers).map(|(_, plan)| plan)
}

/// The same, of a machine with this aim.
pub(super) fn aimed(
    path: &Path,
    layers: Option<&Path>,
    aim: Aim,
) -> std::result::Result<Plan, Errors> {
    desk_for(path, layers, aim).map(|desk| desk.plan)
}

/// The aim of a machine that begins with a backup if `restore` says so.
pub(super) fn waiting(restore: bool) -> Aim {
    Aim { restores: restore, ..Aim::default() }
}

/// A site with all that it takes to compile it, and others like it.
pub(super) struct Desk<'a> {
    pub(super) site: Site,
    pub(super) plan: Plan,
    pub(super) schema: Schema,
    path: &'a Path,
    layers: Option<&'a Path>,
    aim: Aim,
}

/// The site at `path`, its plan, and the keys that it could have.
pub(super) fn desk<'a>(
    path: &'a Path,
    layers: Option<&'a Path>,
) -> std::result::Result<Desk<'a>, Errors> {
    desk_for(path, layers, Aim::default())
}

/// The same, for a machine with this aim.
pub(super) fn desk_for<'a>(
    path: &'a Path,
    layers: Option<&'a Path>,
    aim: Aim,
) -> std::result::Result<Desk<'a>, Errors> {
    let (site, plan, schema) = compiled(path, &text(path)?, layers, aim)?;
    Ok(Desk { site, plan, schema, path, layers, aim })
}

impl Desk<'_> {
    /// The plan of another text in the place of the site; none when it is no site.
    pub(super) fn plan_of(&self, text: &str) -> Option<Plan> {
        compiled(self.path, text, self.layers, self.aim).ok().map(|(_, plan, _)| plan)
    }
}

/// The keys that a site can have, with those of the layers that the one at `path` names.
pub(super) fn schema(
    path: Option<&Path>,
    layers: Option<&Path>,
) -> std::result::Result<Schema, Errors> {
    let folders =
        path.map_or(Ok(Vec::new()), |path| text(path).map(|text| folders(path, &text)))?;
    let sources = sources(path.unwrap_or(Path::new("-")), &folders, layers)?;
    Ok(Layers::read(&sources)?.schema)
}

/// The plan of no site: what a generic image is made from.
pub(super) fn generic(layers: Option<&Path>) -> std::result::Result<Plan, Errors> {
    let sources = sources(Path::new("-"), &[], layers)?;
    let layers = Layers::read(&sources)?;
    plan::with(&overlay::placeholder(&layers.schema), &layers)
}

/// The site at `path` and its plan.
pub(super) fn compile(
    path: &Path,
    layers: Option<&Path>,
) -> std::result::Result<(Site, Plan), Errors> {
    compiled(path, &text(path)?, layers, Aim::default()).map(|(site, plan, _)| (site, plan))
}

fn compiled(
    path: &Path,
    text: &str,
    layers: Option<&Path>,
    aim: Aim,
) -> std::result::Result<(Site, Plan, Schema), Errors> {
    let sources = sources(path, &folders(path, text), layers)?;
    let layers = Layers::read(&sources)?;
    let site = Site::parse(&name(path), text, &layers.schema)?;
    let plan = plan::aimed(&site, &layers, aim)?;
    Ok((site, plan, layers.schema))
}

fn folders(path: &Path, text: &str) -> Vec<LayerFolder> {
    site::folders(&name(path), text)
}

/// What errors call `path`.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// The site that is meant when none is named.
pub(super) const SITE: &str = "site.yaml";

/// The text at `path`, at most 1 MiB of UTF-8; `-` is standard input.
pub(super) fn text(path: &Path) -> Result<String> {
    let bytes = bytes(path)?;
    if bytes.len() > MOST {
        return Err(Error::new(format!("{} is larger than 1 MiB; no more was read", name(path)))
            .hint("is this the right file?"));
    }
    String::from_utf8(bytes).map_err(|error| no_text(path, &error))
}

/// What is at `path`, no more than is needed to see that it is longer than 1 MiB; `-` is standard input.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>> {
    let bytes =
        if is_stdin(path) { bounded(io::stdin()) } else { File::open(path).and_then(bounded) };
    bytes.map_err(|error| unreadable(path, &error))
}

fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MOST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a file that is not in UTF-8 is in, and where that shows.
fn no_text(path: &Path, error: &FromUtf8Error) -> Error {
    let (name, bytes) = (name(path), error.as_bytes());
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Error::new(format!("{name} is in UTF-16")).hint("save it as UTF-8");
    }
    let line = bytes[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
    Error::new(format!("{name} is not in UTF-8: line {line} holds something else"))
        .hint("save it as UTF-8; it may be in Latin-1 now")
}

/// The built-in layers, or those in the folder `layers`, and the `further` ones that the site at `path` names.
fn sources(path: &Path, further: &[LayerFolder], layers: Option<&Path>) -> Result<Sources> {
    let mut sources = match layers {
        Some(folder) => read(folder, "")?,
        None => layer::embedded(),
    };
    let base = if is_stdin(path) { Path::new("") } else { path.parent().unwrap_or(Path::new("")) };
    for LayerFolder { path, place } in further {
        add(&mut sources, &base.join(path)).map_err(|error| error.at(place.clone()))?;
    }
    Ok(sources)
}

/// Adds the one layer in `folder` under the folder's name.
fn add(sources: &mut Sources, folder: &Path) -> Result<()> {
    let real = folder.canonicalize().map_err(|error| {
        let error = unreadable(folder, &error);
        match neighbour(folder) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    })?;
    let name = real.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| layer::misnamed(&real.to_string_lossy()))?;
    let prefix = format!("{name}/");
    if sources.keys().any(|path| path.starts_with(&prefix)) {
        let message = format!("there is a layer `{name}` already, beside {}", folder.display());
        return Err(Error::new(message).hint("give the folder another name"));
    }
    let files = read(&real, &prefix)?;
    if files.is_empty() {
        let message = format!("the folder `{}` is empty", folder.display());
        return Err(Error::new(message).hint("a layer is a folder with a `layer.yaml`"));
    }
    sources.extend(files);
    Ok(())
}

/// The folder beside `folder` whose name is nearly the same.
fn neighbour(folder: &Path) -> Option<String> {
    let (parent, name) = (folder.parent()?, folder.file_name()?.to_str()?);
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let entries = fs::read_dir(parent).ok()?.flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let names: Vec<String> = folders.filter_map(|it| it.file_name().into_string().ok()).collect();
    suggest::nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// Every file below `folder`, named relative to it behind `prefix`.
fn read(folder: &Path, prefix: &str) -> Result<Sources> {
    let mut sources = Sources::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder);
            match error.io_error() {
                Some(error) => unreadable(path, error),
                None => Error::new(format!("`{}` leads back to a folder above it", path.display())),
            }
        })?;
        if entry.file_type().is_file() {
            let text = text(entry.path())?;
            let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            sources.insert(format!("{prefix}{}", inside.display()), text);
        }
    }
    Ok(sources)
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Why what the user named cannot be read, in words.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Error {
    let name = path.display();
    let no = match error.kind() {
        io::ErrorKind::NotFound => Error::new(format!("there is no `{name}`")),
        io::ErrorKind::IsADirectory => Error::new(format!("`{name}` is a folder")),
        io::ErrorKind::NotADirectory => Error::new(format!("a folder in `{name}` is a file")),
        io::ErrorKind::PermissionDenied => Error::new(format!("you may not read `{name}`")),
        _ => Error::host(format!("cannot read `{name}`: {error}")),
    };
    match error.kind() {
        io::ErrorKind::NotFound if path == Path::new(SITE) => {
            no.hint("name the site file, or let `homeseed init` write one")
        }
        io::ErrorKind::IsADirectory if path.join(SITE).is_file() => {
            no.hint(format!("did you mean `{}`?", path.join(SITE).display()))
        }
        _ => no,
    }
}
