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
        Verb::Init(asked) => return init::run(asked),
        Verb::Check { site } => {
            let desk = input::desk(site, layers)?;
            show::cautions(&desk);
            output::print(&(show::verdict(&desk.plan) + &budget::verdict(&desk.plan)))
        }
        Verb::Plan(asked) => return plan::run(asked, layers),
        Verb::Diff(asked) => return diff::run(asked, layers),
        Verb::UserData(asked) => return user_data::run(asked, layers),
        Verb::Overlay(asked) => return asked.run(layers),
        Verb::Image(wanted) => return image::make(wanted, layers),
        Verb::Seed(asked) => return asked.run(layers),
        Verb::Inspect(asked) => inspect::run(asked),
        Verb::WellKnown(asked) => return asked.run(layers),
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
        Verb::Test(args) => return test::run(args, layers),
        Verb::Completions { shell } => shell::completions(*shell),
        Verb::Man { output } => shell::man(output.as_deref()),
        Verb::TestInside { orders } => return testbed::inside(orders),
    }
    .map_err(Errors::from)
}
