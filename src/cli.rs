//! The command line: what can be asked for, and the match from verb to function.
//!
//! Only the product goes to standard output; everything else goes to standard error.

mod input;
mod output;
mod show;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    backend::user_data::{self, Encoding},
    error::{Error, Errors},
};

/// Compiles one small site.yaml into a Matrix homeserver that sets itself up.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
    /// Read the layers from this folder instead of those built in
    #[arg(long, global = true, value_name = "DIR")]
    layers: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  homeseed check site.yaml                  find every mistake in one run
  homeseed plan site.yaml                   what you do, what the machine gets
  homeseed user-data site.yaml > user-data  paste this into the order form

Exit status: 0 done, 1 the input is wrong or a check failed, 2 a tool or the
host failed.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say whether a site is right, and every mistake if not
    Check {
        /// The site; `-` is standard input
        site: PathBuf,
    },
    /// Show what you have to do and what the machine will consist of
    Plan {
        /// The site; `-` is standard input
        site: PathBuf,
        /// Everything, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the cloud-init document to paste into the order form
    #[command(name = "user-data")]
    UserData {
        /// The site; `-` is standard input
        site: PathBuf,
        /// How the files stand in it
        #[arg(long, value_enum, default_value = "auto")]
        encoding: EncodingWord,
        /// How many bytes the provider takes
        #[arg(long, value_name = "N", default_value_t = user_data::LIMIT)]
        limit: usize,
        /// Write to this file, whole or not at all
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the script that checks a machine
    Checks {
        /// The site; `-` is standard input
        site: PathBuf,
        /// List the checks instead
        #[arg(long)]
        list: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EncodingWord {
    /// Plain when it fits, compact otherwise
    Auto,
    /// Readable here-documents
    Plain,
    /// Compressed, for small limits
    Compact,
}

/// Does what was asked for.
pub fn run(args: &Args) -> Result<(), Errors> {
    let layers = args.layers.as_deref();
    match &args.verb {
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
    .map_err(|error: Error| Errors::from(error))
}

impl From<EncodingWord> for Encoding {
    fn from(word: EncodingWord) -> Encoding {
        match word {
            EncodingWord::Auto => Encoding::Auto,
            EncodingWord::Plain => Encoding::Plain,
            EncodingWord::Compact => Encoding::Compact,
        }
    }
}
