//! What a backend is: a function of a [`Plan`](crate::plan::Plan), and of nothing else.
//!
//! It installs packages, places files and enables units, so that it cannot change what is meant.

pub mod image;
pub mod overlay;
pub mod parts;
pub mod seed;
pub mod user_data;
pub mod well_known;
