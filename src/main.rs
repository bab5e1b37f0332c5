//! The command line.

use std::process::ExitCode;

use clap::Parser;
use homeseed::cli::{self, Args};

fn main() -> ExitCode {
    match cli::run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => {
            eprintln!("{errors}");
            errors.exit_code()
        }
    }
}
