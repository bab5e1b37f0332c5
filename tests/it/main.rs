//! The integration tests: one crate, a module for each subject.

mod docs_site;
mod golden;
mod init;
mod site;
mod sites;
mod tools;
mod user_data;
