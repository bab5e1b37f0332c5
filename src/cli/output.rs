//! Hands the product over: to standard output, or to a file, whole or not at all.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::error::{Error, Result};

/// Writes `text` to standard output. Whoever reads it may stop early.
pub(super) fn print(text: &str) -> Result<()> {
    pour(text, io::stdout().lock())
        .map_err(|error| Error::host(format!("cannot write to standard output: {error}")))
}

/// Writes `text` to `file`, or to standard output when there is none.
///
/// What is there and no file, a device or a pipe, is written into.
pub(super) fn deliver(text: &str, file: Option<&Path>) -> Result<()> {
    let Some(path) = file else { return print(text) };
    let written = match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            File::options().write(true).open(path).and_then(|out| pour(text, out))
        }
        Ok(found) => replace(path, text, Some(found.permissions())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(path, text, None),
        Err(error) => Err(error),
    };
    written.map_err(|error| Error::host(format!("cannot write {}: {error}", path.display())))
}

fn pour(text: &str, mut out: impl Write) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Readers see the old file or the new one, which keeps the old one's mode.
fn replace(path: &Path, text: &str, old: Option<Permissions>) -> io::Result<()> {
    let path = behind_links(path);
    let mut options = tempfile::Builder::new();
    let mut file = options.permissions(Permissions::from_mode(0o644)).tempfile_in(folder(&path))?;
    if let Some(permissions) = old {
        file.as_file().set_permissions(permissions)?;
    }
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

/// The file that `path` leads to, whether it is there yet or not.
fn behind_links(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.read_link()) {
        (Ok(real), _) => real,
        (Err(error), Ok(link)) if error.kind() == io::ErrorKind::NotFound => {
            behind_links(&folder(path).join(link))
        }
        _ => path.to_owned(),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
