//! The command line.

use std::process::ExitCode;

use homeseed::cli::{self, Args};

fn main() -> ExitCode {
    match cli::run(&Args::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => {
            cli::report(&errors);
            errors.exit_code()
        }
    }
}
