//! The machine under test, whatever it runs in: one set of verbs for QEMU and for a container.

use std::{path::Path, time::Duration};

use super::{
    container::Container,
    machine::{Board, Machine},
};
use crate::{
    error::{Error, Result},
    host::{Host, Outcome},
};

/// A machine; it is off until `start`.
pub enum Guest {
    /// With a kernel of its own.
    Qemu(Machine),
    /// On the kernel of this host.
    Container(Container),
}

impl Guest {
    /// Switches it on.
    pub fn start(&mut self, host: &Host) -> Result<()> {
        match self {
            Guest::Qemu(machine) => machine.start(host),
            Guest::Container(container) => container.start(host),
        }
    }

    /// Ends it at once, however it runs.
    pub fn end(&mut self, host: &Host) -> Result<()> {
        match self {
            Guest::Qemu(machine) => machine.cut_power(),
            Guest::Container(container) => container.end(host)?,
        }
        Ok(())
    }

    /// Pulls the plug.
    pub fn cut_power(&mut self, host: &Host) -> Result<()> {
        match self {
            Guest::Qemu(machine) => machine.cut_power(),
            Guest::Container(container) => container.cut_power(host)?,
        }
        Ok(())
    }

    /// Switches it off and builds another in its place, whose disk is for the caller to lay.
    pub fn rebuild(&mut self, board: Board, seed: bool) -> Result<()> {
        self.qemu("has no board").map(|machine| machine.rebuild(board, seed))
    }

    /// Whether it runs on the kernel of this host.
    #[must_use]
    pub fn is_container(&self) -> bool {
        matches!(self, Guest::Container(_))
    }

    /// Copies its disk while it stands still; tells whether it could be made to.
    pub fn copy_disk(&mut self, host: &Host, to: &Path) -> Result<bool> {
        match self {
            Guest::Qemu(machine) => machine.copy_disk(host, to).map(|()| true),
            Guest::Container(container) => container.copy(host, to),
        }
    }

    /// Gives it another document, to be taken up at the next boot.
    pub fn seed(&mut self, id: &str, document: &str) -> Result<()> {
        match self {
            Guest::Qemu(_) => Err(Error::new("the disk with the document of a QEMU cannot change")
                .hint("write `# runs in: container`")),
            Guest::Container(container) => container.seed(id, document),
        }
    }

    /// Time since it was last switched on.
    #[must_use]
    pub fn age(&self) -> Duration {
        match self {
            Guest::Qemu(machine) => machine.age(),
            Guest::Container(container) => container.age(),
        }
    }

    /// Everything its console said, over all starts.
    #[must_use]
    pub fn console(&self) -> String {
        match self {
            Guest::Qemu(machine) => machine.console(),
            Guest::Container(container) => container.console(),
        }
    }

    /// Runs a line of shell as root.
    pub fn run(&mut self, line: &str, limit: Duration) -> Result<Outcome> {
        match self {
            Guest::Qemu(machine) => machine.run(line, limit),
            Guest::Container(container) => container.run(line, limit),
        }
    }

    /// Waits until its shell answers.
    pub fn wait_for_shell(&mut self, host: &Host, limit: Duration) -> Result<()> {
        match self {
            Guest::Qemu(machine) => machine.wait_for_shell(host, limit),
            Guest::Container(container) => container.wait_for_shell(limit),
        }
    }

    /// Reboots it from inside, as an operator would, and waits for the new boot's shell.
    pub fn reboot(&mut self, host: &Host, limit: Duration) -> Result<()> {
        match self {
            Guest::Qemu(machine) => machine.reboot(limit),
            Guest::Container(container) => container.reboot(host, limit),
        }
    }

    /// An error when it ended by itself.
    pub fn alive(&mut self) -> Result<()> {
        match self {
            Guest::Qemu(machine) => machine.alive(),
            Guest::Container(container) => container.alive(),
        }
    }

    fn qemu(&mut self, lacks: &str) -> Result<&mut Machine> {
        match self {
            Guest::Qemu(machine) => Ok(machine),
            Guest::Container(_) => Err(Error::new(format!("a container {lacks}"))
                .hint("leave the line `# runs in: container` out")),
        }
    }
}
