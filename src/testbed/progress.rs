//! What the reader sees while machines work: one line that is kept up to date on a terminal, a line for
//! each change elsewhere.

use std::{
    cell::RefCell,
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// The line.
pub struct Progress {
    began: Instant,
    terminal: bool,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    stage: String,
    waits: String,
    drawn: bool,
}

impl Progress {
    /// The clock starts now.
    #[must_use]
    pub fn new() -> Progress {
        Progress {
            began: Instant::now(),
            terminal: stderr().is_terminal(),
            state: RefCell::default(),
        }
    }

    /// Something else is being done.
    pub fn stage(&self, stage: &str) {
        {
            let mut state = self.state.borrow_mut();
            state.stage = stage.to_owned();
            state.waits.clear();
        }
        self.show();
    }

    /// It waits for this; said again and again.
    pub fn waits(&self, what: &str) {
        let changed = {
            let mut state = self.state.borrow_mut();
            let changed = state.waits != what;
            what.clone_into(&mut state.waits);
            changed
        };
        if changed || self.terminal {
            self.show();
        }
    }

    /// Prints a line that stays.
    pub fn say(&self, text: &str) {
        self.wipe();
        eprintln!("{text}");
    }

    /// Takes the line away, before something else is printed.
    pub fn wipe(&self) {
        let mut state = self.state.borrow_mut();
        if std::mem::take(&mut state.drawn) {
            eprint!("\r\x1b[K");
        }
    }

    fn show(&self) {
        let mut state = self.state.borrow_mut();
        let waits =
            if state.waits.is_empty() { String::new() } else { format!(": {}", state.waits) };
        let line = format!("{} {}{waits}", clock(self.began.elapsed()), state.stage);
        if self.terminal {
            let line: String = line.chars().take(110).collect();
            eprint!("\r\x1b[K{line}");
            stderr().flush().ok();
            state.drawn = true;
        } else {
            eprintln!("{line}");
        }
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}

/// Minutes and seconds.
#[must_use]
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}
