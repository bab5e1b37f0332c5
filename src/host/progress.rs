//! What the reader sees while machines work: one line that is kept up to date on a terminal, a line for
//! each change elsewhere.

use std::{
    cell::{Cell, RefCell},
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// The line.
pub struct Progress {
    began: Instant,
    terminal: bool,
    /// Whether another keeps a line on the same terminal.
    beside: bool,
    /// The stage, and what it waits for.
    what: RefCell<(String, String)>,
    drawn: Cell<bool>,
}

impl Progress {
    /// The clock starts now.
    #[must_use]
    pub fn new() -> Progress {
        Progress { terminal: stderr().is_terminal(), ..Progress::in_lines() }
    }

    /// The same for a terminal that somebody else writes to as well: a line for each change.
    #[must_use]
    pub fn in_lines() -> Progress {
        Progress {
            began: Instant::now(),
            terminal: false,
            beside: false,
            what: RefCell::default(),
            drawn: Cell::default(),
        }
    }

    /// The same clock for another thread: a line for each change.
    #[must_use]
    pub fn beside(&self) -> Progress {
        Progress { began: self.began, beside: self.terminal, ..Progress::in_lines() }
    }

    /// Whether there is a line that is kept up to date.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Something else is being done.
    pub fn stage(&self, stage: &str) {
        *self.what.borrow_mut() = (stage.to_owned(), String::new());
        self.show();
    }

    /// It waits for this; said again and again.
    pub fn waits(&self, what: &str) {
        let changed = self.what.borrow().1 != what;
        what.clone_into(&mut self.what.borrow_mut().1);
        if changed || self.terminal {
            self.show();
        }
    }

    /// What it says itself while it works; for readers on a terminal alone.
    pub fn ticks(&self, what: &str) {
        if self.terminal {
            self.waits(what);
        }
    }

    /// Prints a line that stays.
    pub fn say(&self, text: &str) {
        self.wipe();
        eprintln!("{text}");
    }

    /// Takes the line away, before something else is printed.
    pub fn wipe(&self) {
        if self.drawn.take() || self.beside {
            eprint!("\r\x1b[K");
        }
    }

    fn show(&self) {
        let (stage, waits) = &*self.what.borrow();
        let waits = if waits.is_empty() { String::new() } else { format!(": {waits}") };
        let line = format!("{} {stage}{waits}", clock(self.began.elapsed()));
        if self.terminal {
            let line: String = line.chars().take(110).collect();
            eprint!("\r\x1b[K{line}");
            stderr().flush().ok();
            self.drawn.set(true);
        } else {
            self.wipe();
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
