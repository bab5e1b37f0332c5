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
mod test;
mod verify;

use args::Verb;

use crate::{
    backend::{overlay, user_data, well_known},
    error::Errors,
    testbed,
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
        Verb::Inspect(asked) => return inspect::run(asked, layers),
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
        Verb::Test(args) => return test::run(args, layers),
        Verb::Completions { shell } => shell::completions(*shell),
        Verb::Man { output } => shell::man(output.as_deref()),
        Verb::TestInside { orders } => return testbed::inside(orders),
    }
    .map_err(Errors::from)
}
