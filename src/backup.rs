//! Backups of a machine: taken from the operator's desk, read there, and given to a new machine.
//!
//! A [`Folder`] holds any number of them. Each has a commit record, written last, with a [`Manifest`] that the machine
//! signed; everything is encrypted to keys of the operator's. What is kept, the layers say ([`Keeps`](crate::plan::Keeps)).

mod folder;
mod keys;
mod manifest;
mod meter;
mod prune;
mod pull;
mod record;
mod restore;
mod signers;
mod stamp;
mod verify;

pub use folder::{Folder, Stored};
pub use keys::{Identities, Recipients};
pub use manifest::Manifest;
pub use prune::{Keep, Pruned, prune};
pub use pull::{Pulled, pull};
pub use record::Record;
pub use restore::{Restored, restore};
pub use signers::{Signers, Trust};
pub use stamp::Stamp;
pub use verify::{Judged, Verdict, verify};
