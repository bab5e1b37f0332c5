//! Hands the product over: to standard output, or to a file, whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use crate::{
    error::{Error, Result},
    host::files,
};

/// Writes `text` to standard output, its colours only where they are wanted. Whoever reads it may stop early.
pub(super) fn print(text: &str) -> Result<()> {
    pour(text, anstream::stdout().lock())
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
        _ => return files::replace(path, text.as_bytes()),
    };
    written.map_err(|error| Error::host(format!("cannot write {}: {error}", path.display())))
}

fn pour(text: &str, mut out: impl Write) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
