//! A look inside a machine that failed: a shell, line by line, on the reader's own terminal.

use std::{
    io::{BufRead, Write, stderr, stdin, stdout},
    time::Duration,
};

use super::guest::Guest;
use crate::{error::Result, host::Host};

const PATIENCE: Duration = Duration::from_secs(300);

/// Runs each line that the reader types as root, until there are no more.
pub fn serve(host: &Host, machine: &mut Guest) -> Result<()> {
    machine.wait_for_shell(host, PATIENCE)?;
    eprintln!("a shell as root; each line is a script of its own; end with Ctrl-D");
    prompt();
    for line in stdin().lock().lines().map_while(std::result::Result::ok) {
        match machine.run(&line, PATIENCE) {
            Ok(outcome) => {
                write!(stdout(), "{}{}", outcome.stdout, outcome.stderr).ok();
            }
            Err(error) => eprintln!("{error}"),
        }
        prompt();
    }
    Ok(())
}

fn prompt() {
    eprint!("machine# ");
    stderr().flush().ok();
}
