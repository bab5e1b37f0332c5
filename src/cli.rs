//! The command line: the match from verb to function.
//!
//! Only the product goes to standard output; everything else goes to standard error.

mod apply;
mod args;
mod backup;
mod budget;
mod check;
mod diff;
mod explain;
mod federation;
mod image;
mod init;
mod input;
mod inspect;
mod login;
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

/// Whether a file holds a script of checks.
fn is_script(bytes: &[u8]) -> bool {
    bytes.starts_with(b"#!/bin/sh\n# Generated: every check ")
}

/// Does what was asked for.
pub fn run(args: &Args) -> Result<(), Errors> {
    paint::choose(args.color, args.quiet);
    let layers = args.layers.as_deref();
    match &args.verb {
        Verb::Init(args) => return init::run(args),
        Verb::Check(args) => return check::run(args, layers),
        Verb::Explain(args) => return explain::run(args, layers),
        Verb::Schema(args) => return explain::schema(args, layers),
        Verb::Plan(args) => return plan::run(args, layers),
        Verb::Diff(args) => return diff::run(args, layers),
        Verb::Apply(args) => return apply::run(args, layers),
        Verb::UserData(args) => return user_data::run(args, layers),
        Verb::Overlay(args) => return args.run(layers),
        Verb::Image(args) => return image::make(args, layers),
        Verb::Seed(args) => return args.run(layers),
        Verb::Inspect(args) => return inspect::run(args, layers),
        Verb::WellKnown(args) => return args.run(layers),
        Verb::Checks { site, list, target } => {
            let plan = input::plan(site, layers)?;
            let text = if *list {
                show::checks(&plan)
            } else {
                plan.script_elsewhere(crate::verify::PATIENCE)
            };
            target.deliver(text.as_bytes(), false, &[site], is_script)
        }
        Verb::Verify(args) => return verify::run(args, layers),
        Verb::Backup(verb) => return backup::run(verb, layers),
        Verb::Restore(args) => return backup::restore(args, layers),
        Verb::Federation(args) => return federation::run(args),
        Verb::Test(args) => return test::run(args, layers),
        Verb::Completions { shell } => shell::completions(*shell),
        Verb::Man { output } => shell::man(output.as_deref()),
        Verb::TestInside { spec } => return testbed::inside(spec),
    }
    .map_err(Errors::from)
}
