//! The command line: the match from verb to function.
//!
//! Only the product goes to standard output; everything else goes to standard error.

mod args;
mod diff;
mod federation;
mod image;
mod init;
mod input;
mod inspect;
mod output;
mod paint;
mod plan;
mod shell;
mod show;
mod table;
mod verify;

use std::path::Path;

use args::Verb;

use crate::{
    backend::{overlay, user_data, well_known},
    error::{Error, Errors},
    testbed::{self, Aim, Request},
};

pub use args::Args;
pub use paint::report;

/// Does what was asked for.
pub fn run(args: &Args) -> Result<(), Errors> {
    paint::choose(args.color);
    let layers = args.layers.as_deref();
    match &args.verb {
        Verb::Init(asked) => return init::run(asked),
        Verb::Check { site } => {
            let plan = input::plan(site, layers)?;
            show::warnings(&plan);
            output::print(&show::verdict(&plan))
        }
        Verb::Plan(asked) => return plan::run(asked, layers),
        Verb::Diff(asked) => return diff::run(asked, layers),
        Verb::UserData { site, encoding, limit, output } => {
            let plan = input::plan(site, layers)?;
            show::warnings(&plan);
            let document = user_data::render(&plan, (*encoding).into(), *limit)?;
            output::deliver(&document, output.as_deref())
        }
        Verb::Overlay { site, output } => {
            let plan = input::plan(site, layers)?;
            show::warnings(&plan);
            overlay::write(&plan, output)
        }
        Verb::Image(wanted) => return image::make(wanted, layers),
        Verb::Seed { site, output } => {
            let plan = input::plan(site, layers)?;
            show::warnings(&plan);
            image::seed(&plan, output)
        }
        Verb::Inspect(asked) => inspect::run(asked),
        Verb::WellKnown { site, output } => well_known::write(&input::plan(site, layers)?, output),
        Verb::Checks { site, list } => {
            let plan = input::plan(site, layers)?;
            output::print(&if *list {
                show::checks(&plan)
            } else {
                plan.script_elsewhere(u32::MAX)
            })
        }
        Verb::Verify(asked) => return verify::run(asked, layers),
        Verb::Federation(asked) => return federation::run(asked),
        Verb::Test { site, image, prepare, look, cache } => {
            return test(site, image.as_deref(), aim(*prepare, *look), cache, layers);
        }
        Verb::Completions { shell } => shell::completions(*shell),
        Verb::Man { output } => shell::man(output.as_deref()),
        Verb::TestInside { orders } => return testbed::inside(orders),
    }
    .map_err(Errors::from)
}

/// Boots and judges; the last line of the product is the count.
fn test(
    path: &Path,
    image: Option<&Path>,
    aim: Aim,
    cache: &Path,
    layers: Option<&Path>,
) -> Result<(), Errors> {
    let compile = |path: &Path| input::plan(path, layers);
    let generic = || input::generic(layers);
    let verdict =
        testbed::run(&Request { path, compile: &compile, generic: &generic, cache, image, aim })?;
    if aim != Aim::Play {
        return Ok(());
    }
    output::print(&format!("{} passed, {} failed\n", verdict.passed, verdict.failed))?;
    if verdict.is_good() { Ok(()) } else { Err(Error::new("not every check passed").into()) }
}

/// The command line lets at most one of the two through.
fn aim(prepare: bool, look: bool) -> Aim {
    match (prepare, look) {
        (true, _) => Aim::Prepare,
        (_, true) => Aim::Look,
        _ => Aim::Play,
    }
}
