//! The command line: the match from verb to function.
//!
//! Only the product goes to standard output; everything else goes to standard error.

mod args;
mod input;
mod output;
mod show;

use args::Verb;

use crate::{backend::user_data, error::Errors};

pub use args::Args;

/// Does what was asked for.
pub fn run(args: &Args) -> Result<(), Errors> {
    let layers = args.layers.as_deref();
    match &args.verb {
        Verb::Init(asked) => output::print(&asked.site_yaml()?),
        Verb::Check { site } => {
            let plan = input::plan(site, layers)?;
            show::warnings(&plan);
            output::print(&show::verdict(&plan))
        }
        Verb::Plan { site, json } => {
            let plan = input::plan(site, layers)?;
            output::print(&if *json { show::json(&plan) } else { show::plan(&plan) })
        }
        Verb::UserData { site, encoding, limit, output } => {
            let plan = input::plan(site, layers)?;
            show::warnings(&plan);
            let document = user_data::render(&plan, (*encoding).into(), *limit)?;
            output::deliver(&document, output.as_deref())
        }
        Verb::Checks { site, list } => {
            let plan = input::plan(site, layers)?;
            output::print(&if *list { show::checks(&plan) } else { plan.script() })
        }
    }
    .map_err(Errors::from)
}
