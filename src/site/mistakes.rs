//! Collects what is wrong with a site file.

use super::{
    refusal::Refusal,
    source::{Source, Spot},
};
use crate::error::{ENOUGH, Error};

/// The mistakes found so far; what nobody would read is only counted.
pub(super) struct Mistakes<'a> {
    source: &'a Source,
    errors: Vec<Error>,
    more: usize,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(source: &'a Source) -> Mistakes<'a> {
        Mistakes { source, errors: Vec::new(), more: 0 }
    }

    pub(super) fn source(&self) -> &'a Source {
        self.source
    }

    pub(super) fn is_any(&self) -> bool {
        !self.errors.is_empty()
    }

    pub(super) fn into_errors(self) -> Vec<Error> {
        self.errors
    }

    /// How many there are that are not kept.
    pub(super) fn more(&self) -> usize {
        self.more
    }

    /// Notes a mistake at a spot, or of the file as a whole.
    pub(super) fn report(&mut self, spot: impl Into<Option<Spot>>, refusal: &Refusal) {
        if self.errors.len() == ENOUGH {
            self.more += 1;
            return;
        }
        let place = spot.into().map(|spot| self.source.place(spot));
        self.errors.push(refusal.at(place));
    }
}
