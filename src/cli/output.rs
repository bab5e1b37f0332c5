//! Hands the product over: to standard output, or to a file, whole or not at all.
//!
//! A file that somebody else wrote is never replaced unless that is asked for, and the site never.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Read as _, Write, stdout},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    host::{files, interrupt},
};

/// What has to be said before it is done.
#[derive(Debug, clap::Args)]
pub(super) struct Consent {
    /// Replace what homeseed did not write
    #[arg(long)]
    pub(super) force: bool,
    /// Take the names and the key of the documentation, too
    #[arg(long)]
    pub(super) allow_placeholders: bool,
}

/// An error when `path` is `-`: `what` cannot go to standard output.
pub(super) fn refuse_stdout(path: &Path, what: &str) -> Result<()> {
    if path != Path::new("-") {
        return Ok(());
    }
    Err(Error::new(format!("{what} cannot go to standard output"))
        .hint("name where to write it; `./-` is a name, too"))
}

/// Where the product goes.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// Write to this file, whole or not at all; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Target {
    /// The file at `path`.
    pub(super) fn to(path: &Path) -> Target {
        Target { output: Some(path.to_owned()) }
    }

    /// The file that is named.
    pub(super) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// Whether a person would read it as it is written.
    pub(super) fn is_terminal(&self) -> bool {
        self.file().is_none() && stdout().is_terminal()
    }

    /// Writes `bytes`. A file is replaced when `ours` says of its bytes that homeseed wrote them, or by `force`; none of
    /// `inputs` ever.
    ///
    /// What is there and no file, a device or a pipe, is written into.
    pub(super) fn deliver(
        &self,
        bytes: &[u8],
        force: bool,
        inputs: &[&Path],
        ours: fn(&[u8]) -> bool,
    ) -> Result<()> {
        let Some(path) = self.file() else {
            return pour(bytes, stdout().lock())
                .map_err(|error| Error::host(format!("cannot write to standard output: {error}")));
        };
        let Ok(found) = fs::metadata(path) else { return replaced(path, bytes) };
        if found.is_file() {
            let ours = |path: &Path| beginning(path).is_ok_and(|bytes| ours(&bytes));
            may_replace(path, force, inputs, ours)?;
            return replaced(path, bytes);
        }
        File::options()
            .write(true)
            .open(path)
            .and_then(|out| pour(bytes, out))
            .map_err(|error| Error::host(format!("cannot write {}: {error}", path.display())))
    }
}

/// As much of a file as any product of ours has.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(1 << 20).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn replaced(path: &Path, bytes: &[u8]) -> Result<()> {
    interrupt::listen();
    files::replace(path, bytes)
}

/// An error when the file at `path` is an input, or neither empty nor `ours` nor to be replaced by `force`.
pub(super) fn may_replace(
    path: &Path,
    force: bool,
    inputs: &[&Path],
    ours: impl Fn(&Path) -> bool,
) -> Result<()> {
    let Ok(found) = fs::metadata(path) else { return Ok(()) };
    let same = |input: &&&Path| {
        let other = fs::metadata(input);
        other.is_ok_and(|it| (it.dev(), it.ino()) == (found.dev(), found.ino()))
    };
    if let Some(input) = inputs.iter().find(same) {
        let (path, input) = (path.display(), input.display());
        return Err(Error::new(format!("`{path}` is what is read, `{input}`"))
            .hint("name another file to write to"));
    }
    if force || !found.is_file() || found.len() == 0 || ours(path) {
        return Ok(());
    }
    Err(Error::new(format!("`{}` is there already, and homeseed did not write it", path.display()))
        .hint("name another file, or say `--force` to replace it"))
}

/// Writes `text` to standard output, its colours only where they are wanted. Whoever reads it may stop early.
pub(super) fn print(text: &str) -> Result<()> {
    pour(text.as_bytes(), anstream::stdout().lock())
        .map_err(|error| Error::host(format!("cannot write to standard output: {error}")))
}

/// Writes `text` to a new `file`, or to standard output when there is none.
pub(super) fn deliver(text: &str, file: Option<&Path>) -> Result<()> {
    match file {
        Some(path) => replaced(path, text.as_bytes()),
        None => print(text),
    }
}

fn pour(bytes: &[u8], mut out: impl Write) -> io::Result<()> {
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
