//! What needs root, Debian's programs or the tools root: `make system` runs it, `cargo test` does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod backup;
mod damages;
mod deliver;
mod documents;
#[path = "../common/example.rs"]
mod example;
mod federation;
mod images;
mod inspect;
mod on_machine;
mod options;
mod origins;
mod ping;
#[path = "../common/program.rs"]
mod program;
mod root;
mod schema;
mod served;
mod shellcheck;
mod shells;
#[path = "../common/sites.rs"]
mod sites;
mod template;
#[path = "../common/tools.rs"]
mod tools;
mod verify;
mod well_known;
