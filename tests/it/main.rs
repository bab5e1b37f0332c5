//! The integration tests: one crate, a module for each subject.

mod docs_site;
mod golden;
mod site;
