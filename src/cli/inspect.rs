//! The verb that reads a document back.

use std::path::{Path, PathBuf};

use super::{input, output};
use crate::{
    backend::{
        parts,
        user_data::{self, Contents, LIMIT, Unpacked},
    },
    error::{Error, Result},
    table,
};

pub(super) const EXAMPLES: &str = "\
Examples:
  homeseed inspect user-data
  homeseed inspect user-data --extract tree
  ssh root@chat.example.org cat /var/lib/cloud/instance/user-data.txt |
    homeseed inspect -

Exit status: 0 it is whole, 1 it was damaged on the way, or is none.";

/// What is to be read.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// The document; `-` is standard input
    document: PathBuf,
    /// Write the delivered files below this folder
    #[arg(long, value_name = "DIR")]
    extract: Option<PathBuf>,
}

/// Reads it, and says what it holds.
pub(super) fn run(asked: &Asked) -> Result<()> {
    let bytes = input::bytes(&asked.document)?;
    let contents = user_data::read(&input::name(&asked.document), &bytes)?;
    if let Some(dir) = &asked.extract {
        extract(&contents, dir)?;
    }
    output::print(&text(&contents, bytes.len()))
}

fn extract(contents: &Contents, dir: &Path) -> Result<()> {
    let mut tree = Vec::new();
    for file in &contents.files {
        if file.path.split('/').any(|part| part == "..") {
            return Err(Error::new(format!("`{}` leads out of the folder", file.path)));
        }
        let mode = if file.mode.contains(['1', '5', '7']) { 0o755 } else { 0o644 };
        parts::add(&mut tree, file.path.trim_start_matches('/'), mode, &file.contents);
    }
    parts::fresh(&tree, dir)
}

fn text(contents: &Contents, length: usize) -> String {
    let Contents { version, host, server_name, site_digest, payload_digest, .. } = contents;
    let how = if contents.compact { "compact" } else { "plain" };
    let unpacked: usize = contents.files.iter().map(|file| file.contents.len()).sum();
    let ends = if contents.crlf { "; lines end with CR LF, which is fine" } else { "" };
    let over = if length > LIMIT { ", more than some providers take" } else { "" };
    let head = format!(
        "whole: every byte of the payload is as homeseed {version} wrote it{ends}\n\
         machine  {host}, for {server_name}\n\
         site     sha256:{site_digest}\n\
         payload  sha256:{payload_digest}\n\
         size     {length} bytes{over}, {how}; {} files of {unpacked} bytes\n",
        contents.files.len()
    );
    let row = |file: &Unpacked| {
        let Unpacked { path, mode, owner, layer, contents } = file.clone();
        [contents.len().to_string(), mode, owner, layer, path]
    };
    head + &table::text(&contents.files.iter().map(row).collect::<Vec<_>>(), &[0])
}
