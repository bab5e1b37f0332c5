//! The verbs that write what is taken elsewhere: folders, and a small disk.

use std::{
    io::{IsTerminal as _, stderr},
    path::{Path, PathBuf},
};

use super::{
    image, input,
    output::{self, Consent},
    paint, show,
};
use crate::{
    backend::{overlay, seed, well_known},
    error::Errors,
    host::interrupt,
};

pub(super) const OVERLAY_EXAMPLE: &str = "\
Example:
  homeseed overlay site.yaml -o overlay
  debootstrap bookworm root && overlay/bake root";

pub(super) const SEED_EXAMPLE: &str = "\
Example:
  homeseed seed site.yaml -o seed.iso

It needs xorriso.";

pub(super) const WELL_KNOWN_EXAMPLE: &str = "\
Example:
  homeseed well-known site.yaml -o published";

/// An overlay that is wanted.
#[derive(Debug, clap::Args)]
pub(super) struct Overlay {
    /// The site file; `-` is standard input
    #[arg(default_value = input::SITE)]
    site: PathBuf,
    /// The folder to make, or a file that ends in `.tar`
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// For a machine that begins with a backup: it waits for
    /// `homeseed restore`
    #[arg(long)]
    restore: bool,
    #[command(flatten)]
    consent: Consent,
}

/// A seed that is wanted.
#[derive(Debug, clap::Args)]
pub(super) struct Seed {
    /// The site file; `-` is standard input
    #[arg(default_value = input::SITE)]
    site: PathBuf,
    /// The file to write, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    consent: Consent,
}

/// Documents that are wanted.
#[derive(Debug, clap::Args)]
pub(super) struct WellKnown {
    /// The site file; `-` is standard input
    #[arg(default_value = input::SITE)]
    site: PathBuf,
    /// The folder to write into; what else is there stays
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Replace files that homeseed did not write
    #[arg(long)]
    force: bool,
}

impl Overlay {
    /// Writes it.
    pub(super) fn run(&self, layers: Option<&Path>) -> Result<(), Errors> {
        output::refuse_stdout(&self.output, "an overlay")?;
        let desk = input::desk_for(&self.site, layers, input::waiting(self.restore))?;
        show::warned(&desk, self.consent.allow_placeholders)?;
        if overlay::is_tar(&self.output) {
            output::may_replace(&self.output, self.consent.force, &[&self.site], overlay::is_ours)?;
        }
        interrupt::listen();
        overlay::write(&desk.plan, &self.output, self.consent.force)?;
        note(&self.output, "run its `bake` on a Debian tree");
        Ok(())
    }
}

impl Seed {
    /// Writes it.
    pub(super) fn run(&self, layers: Option<&Path>) -> Result<(), Errors> {
        output::refuse_stdout(&self.output, "a seed")?;
        let desk = input::desk(&self.site, layers)?;
        show::warned(&desk, self.consent.allow_placeholders)?;
        output::may_replace(&self.output, self.consent.force, &[&self.site], seed::is_ours)?;
        interrupt::listen();
        image::seed(&desk.plan, &self.output)?;
        note(&self.output, "attach it to a machine with Debian's cloud image");
        Ok(())
    }
}

impl WellKnown {
    /// Writes them.
    pub(super) fn run(&self, layers: Option<&Path>) -> Result<(), Errors> {
        output::refuse_stdout(&self.output, "a folder")?;
        let plan = input::plan(&self.site, layers)?;
        interrupt::listen();
        well_known::write(&plan, &self.output, self.force)?;
        note(&self.output, "publish it; `snippets/README.md` in it says how");
        Ok(())
    }
}

/// For whoever looks on.
fn note(path: &Path, next: &str) {
    if stderr().is_terminal() {
        paint::note(&format!("{} is written; next: {next}", path.display()));
    }
}
