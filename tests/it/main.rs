//! The integration tests: one crate, a module for each subject.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks;
mod cli;
mod commands;
mod docs;
mod docs_site;
mod federation;
mod frame;
mod golden;
mod init;
mod links;
mod origins;
mod on_machine;
mod overlay;
mod pages;
mod ping;
mod plan;
mod served;
mod site;
mod sites;
mod template;
mod tidy;
mod timeline;
mod tools;
mod user_data;
mod verify;
mod well_known;
