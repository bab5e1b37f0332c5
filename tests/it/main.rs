//! What any user can test on any Linux: the program, its output, the documentation, the house rules.
//!
//! What needs root, Debian's programs or the tools root is `tests/system`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod budget;
mod certificate;
mod checks;
mod cli;
mod commands;
mod convergence;
mod docs;
mod docs_site;
#[path = "../common/example.rs"]
mod example;
mod editors;
mod frame;
mod golden;
mod init;
mod inspect;
mod links;
#[path = "../common/machine.rs"]
mod machine;
mod minify;
mod monitoring;
mod outputs;
mod overlay;
mod pages;
mod plan;
#[path = "../common/program.rs"]
mod program;
mod site;
#[path = "../common/sites.rs"]
mod sites;
mod split;
mod template;
mod tidy;
mod timeline;
#[path = "../common/tools.rs"]
mod tools;
mod user_data;
mod well_known;
