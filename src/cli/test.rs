//! The verb that plays a site, or cases, in a test internet.

use std::path::{Path, PathBuf};

use super::{input, output, show};
use crate::{
    error::{Error, Errors},
    plan::{Aim, Plan},
    testbed::{self, Mode, Request, Verdict},
};

/// What is to be played, and how.
#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    /// A site file, a case's folder, or a folder of cases
    site: PathBuf,
    /// Boot this image of the site, or a generic one, not the stock one
    #[arg(long, value_name = "FILE", conflicts_with = "container")]
    image: Option<PathBuf>,
    /// Run the machine in a container: a fast look that shows neither kernel, boot nor power cuts
    #[arg(long)]
    container: bool,
    /// Make what the tests keep (tools, image, repository), and stop
    #[arg(long)]
    prepare: bool,
    /// Boot what the last run of the case left, and get a shell
    #[arg(long, conflicts_with = "prepare")]
    shell: bool,
    /// Where everything is kept that takes long to make
    #[arg(long, value_name = "DIR", default_value = "target/testbed")]
    cache: PathBuf,
}

/// Boots and judges; the last line of the product is the count.
pub(super) fn run(args: &TestArgs, layers: Option<&Path>) -> Result<(), Errors> {
    let mode = args.mode();
    let verdict = testbed::run(&Request {
        path: &args.site,
        compile: &|path, aim| rehearsed(path, layers, aim),
        generic: &|| input::generic(layers),
        cache: &args.cache,
        image: args.image.as_deref(),
        container: args.container,
        script: None,
        mode,
    })?;
    if mode == Mode::Play { judged(&verdict) } else { Ok(()) }
}

/// The plan of a site; what a rehearsal leaves out is said.
pub(super) fn rehearsed(
    path: &Path,
    layers: Option<&Path>,
    aim: Aim,
) -> std::result::Result<Plan, Errors> {
    let plan = input::aimed(path, layers, aim)?;
    if aim.rehearses {
        show::warnings(&plan);
    }
    Ok(plan)
}

/// Says how many results there were; an error when one was bad.
pub(super) fn judged(verdict: &Verdict) -> Result<(), Errors> {
    output::print(&format!("{} passed, {} failed\n", verdict.passed, verdict.failed))?;
    if verdict.is_good() { Ok(()) } else { Err(Error::new("not every check passed").into()) }
}

impl TestArgs {
    /// The command line lets at most one of the two flags through.
    fn mode(&self) -> Mode {
        match (self.prepare, self.shell) {
            (true, _) => Mode::Prepare,
            (_, true) => Mode::Shell,
            _ => Mode::Play,
        }
    }
}
