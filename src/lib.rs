//! Compiles one small `site.yaml` into everything a fresh Debian VPS needs to become a Matrix homeserver.
//!
//! The modules stand in reading order, from the command line down to the error type;
//! each may use those below it, never those above.

pub mod cli;
pub mod init;
pub mod inspect;
pub mod testbed;
pub mod apply;
pub mod backup;
pub mod verify;
pub mod federation;
pub mod client;
pub mod backend;
pub mod machine;
pub mod host;
pub mod plan;
pub mod layer;
pub mod site;
pub mod template;
pub mod check;
pub mod table;
pub mod units;
pub mod http_url;
pub mod digest;
pub mod error;
