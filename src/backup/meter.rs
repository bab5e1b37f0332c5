//! How many bytes have passed, how fast, and how long the rest will take.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use crate::{
    host::progress::{Progress, clock},
    units::size,
};

/// Counts what passes, and says it: often on a terminal, each minute elsewhere.
pub(super) struct Meter<'p> {
    progress: &'p Progress,
    began: Instant,
    total: Option<u64>,
    passed: Cell<u64>,
    said: Cell<Instant>,
}

impl<'p> Meter<'p> {
    /// Begins `stage`, of which nobody knows how long it will be.
    pub(super) fn new(progress: &'p Progress, stage: &str) -> Meter<'p> {
        progress.stage(stage);
        let now = Instant::now();
        Meter { progress, began: now, total: None, passed: Cell::new(0), said: Cell::new(now) }
    }

    /// The same for so many bytes.
    pub(super) fn of(progress: &'p Progress, stage: &str, total: u64) -> Meter<'p> {
        Meter { total: Some(total), ..Meter::new(progress, stage) }
    }

    /// So many more have passed.
    pub(super) fn count(&self, bytes: u64) {
        self.passed.set(self.passed.get() + bytes);
        let pause = if self.progress.is_terminal() {
            Duration::from_millis(500)
        } else {
            Duration::from_secs(60)
        };
        if self.said.get().elapsed() >= pause {
            self.said.set(Instant::now());
            self.progress.waits(&words(self.passed.get(), self.total, self.began.elapsed()));
        }
    }
}

fn words(passed: u64, total: Option<u64>, time: Duration) -> String {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = passed.saturating_mul(1000) / millis;
    let speed = format!("{}/s", size::short(rate));
    let Some(total) = total else { return format!("{}, {speed}", size::short(passed)) };
    let left = Duration::from_secs(total.saturating_sub(passed) / rate.max(1));
    let (passed, total) = (size::short(passed), size::short(total));
    format!("{passed} of {total}, {speed}, {} left", clock(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_estimated() {
        let time = Duration::from_secs(10);
        assert_eq!(words(1 << 20, None, time), "1.00 MiB, 102 KiB/s");
        assert_eq!(
            words(1 << 20, Some(7 << 20), time),
            "1.00 MiB of 7.00 MiB, 102 KiB/s, 01:00 left"
        );
    }
}
