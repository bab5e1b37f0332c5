//! What cases start from and takes long to make, made one after the other while other cases are played.

use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use super::golden::{self, Golden};
use crate::{
    backend::overlay,
    error::{Error, Result},
    host::{Host, progress::Progress},
    plan::Plan,
};

/// Something to be made.
pub struct Order {
    /// The case that starts from it.
    pub case: String,
    /// Where it is made, and from what.
    pub golden: Golden,
    /// What it is.
    pub what: What,
}

/// What is to be made.
pub enum What {
    /// An image of the plan, or a generic one; made twice, when the case asks for it. Beside it lies the overlay of the
    /// case's plan.
    Image(Box<Plan>, bool),
    /// A disk with a tree of `debootstrap`'s.
    Bare(PathBuf),
}

/// What was made.
pub enum Made {
    /// An image; and how the second time went, if there was one.
    Image(Box<Golden>, Option<Result<String>>),
    /// A disk; the kernel and its initrd lie beside it.
    Bare,
}

/// What is being made.
pub struct Ahead {
    finished: Receiver<(String, Result<Made>)>,
}

impl Ahead {
    /// Begins with the first order; what the reader sees is said beside `progress`.
    pub fn begin(orders: Vec<Order>, progress: &Progress) -> Ahead {
        // All fit: nobody waits for a case that needs them later.
        let (sender, finished) = sync_channel(orders.len());
        let progress = progress.beside();
        thread::spawn(move || {
            for order in orders {
                let made = (order.case.clone(), order.make(&progress));
                // Nobody listens any more when the run has ended.
                if sender.send(made).is_err() {
                    break;
                }
            }
        });
        Ahead { finished }
    }

    /// Waits for what `case` starts from.
    pub fn take(&self, case: &str) -> Result<Made> {
        let nobody = || Error::host(format!("nobody makes what `{case}` starts from"));
        loop {
            let (name, made) = self.finished.recv().map_err(|_| nobody())?;
            if name == case {
                return made;
            }
        }
    }
}

impl Order {
    fn make(self, progress: &Progress) -> Result<Made> {
        let host = Host::yielding()?;
        progress.stage(&format!("{}: making what it starts from", self.case));
        match self.what {
            What::Bare(disk) => {
                golden::debootstrap(&host, &self.golden, &disk, progress)?;
                Ok(Made::Bare)
            }
            What::Image(plan, twice) => {
                let made = self.golden.make(&host, progress)?;
                progress.say(&golden::figures(&made));
                overlay::write(&plan, &self.golden.dir().join("overlay.tar"), true)?;
                let again = twice.then(|| {
                    self.golden.make_again(&host, progress).map(|made| golden::figures(&made))
                });
                Ok(Made::Image(Box::new(self.golden), again))
            }
        }
    }
}
