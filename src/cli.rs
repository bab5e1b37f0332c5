//! The command line: the match from verb to function.
//!
//! Only the product goes to standard output; everything else goes to standard error.

mod args;
mod budget;
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
mod test;
mod user_data;
mod verify;
mod write;

use args::Verb;

use crate::{error::Errors, testbed};

pub use args::Args;
pub use paint::report;

/// Does what was asked for.
pub fn run(args: &Args) -> Result<(), Errors> {
    paint::choose(args.color);
    let layers = args.layers.as_deref();
    match &args.verb {
        Verb::Init(args) => return init::run(args),
        Verb::Check { site } => {
            let desk = input::desk(site, layers)?;
            show::cautions(&desk);
            output::print(&(show::verdict(&desk.plan) + &budget::verdict(&desk.plan)))
        }
        Verb::Plan(args) => return plan::run(args, layers),
        Verb::Diff(args) => return diff::run(args, layers),
        Verb::UserData(args) => return user_data::run(args, layers),
        Verb::Overlay(args) => return args.run(layers),
        Verb::Image(args) => return image::make(args, layers),
        Verb::Seed(args) => return args.run(layers),
        Verb::Inspect(args) => return inspect::run(args, layers),
        Verb::WellKnown(args) => return args.run(layers),
        Verb::Checks { site, list } => {
            let plan = input::plan(site, layers)?;
            output::print(&if *list {
                show::checks(&plan)
            } else {
                plan.script_elsewhere(u32::MAX)
            })
        }
        Verb::Verify(args) => return verify::run(args, layers),
        Verb::Federation(args) => return federation::run(args),
        Verb::Test(args) => return test::run(args, layers),
        Verb::Completions { shell } => shell::completions(*shell),
        Verb::Man { output } => shell::man(output.as_deref()),
        Verb::TestInside { spec } => return testbed::inside(spec),
    }
    .map_err(Errors::from)
}
