//! Whether somebody wants us to stop, so that what is half done can be taken away first.

use std::sync::{
    Once,
    atomic::{AtomicBool, Ordering},
};

static NOTICED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// From now on Ctrl-C and a polite `kill` do not end us: [`noticed`] tells of them.
pub fn listen() {
    // It fails only when somebody listens already.
    LISTENING.call_once(|| drop(ctrlc::set_handler(|| NOTICED.store(true, Ordering::SeqCst))));
}

/// Whether there was one.
#[must_use]
pub fn noticed() -> bool {
    NOTICED.load(Ordering::SeqCst)
}
