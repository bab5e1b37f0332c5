//! Turns what a plan has published elsewhere into a folder for another web server.
//!
//! ```text
//! .well-known/matrix/…   the documents, as they must be answered
//! _headers               their header fields, for hosts that read such a file
//! snippets/…             the same for nginx, Apache and Caddy, and what else to know
//! ```

use std::path::Path;

use super::parts::{self, Part};
use crate::{
    error::{Error, Result},
    plan::Plan,
};

const NGINX: &str = include_str!("well_known/nginx.conf");
const APACHE: &str = include_str!("well_known/apache.conf");
const CADDY: &str = include_str!("well_known/Caddyfile");
const HEADERS: &str = include_str!("well_known/_headers");
const README: &str = include_str!("well_known/README.md");

/// Every part of the folder; an error when the machine publishes everything itself.
pub fn parts(plan: &Plan) -> Result<Vec<Part>> {
    if plan.publications.is_empty() {
        let message = format!(
            "{} answers for {} itself: there is nothing to publish",
            plan.host, plan.server_name
        );
        return Err(Error::new(message)
            .hint("with `delegation: elsewhere`, another web server answers for the bare domain"));
    }
    let mut parts = Vec::new();
    for document in &plan.publications {
        parts::add(&mut parts, document.path.trim_start_matches('/'), 0o644, &document.contents);
    }
    let domain = |text: &str| text.replace("@DOMAIN@", &plan.server_name);
    parts::add(&mut parts, "_headers", 0o644, HEADERS);
    for (name, text) in [
        ("nginx.conf", NGINX),
        ("apache.conf", APACHE),
        ("Caddyfile", CADDY),
        ("README.md", README),
    ] {
        parts::add(&mut parts, &format!("snippets/{name}"), 0o644, &domain(text));
    }
    Ok(parts)
}

/// Writes them into the folder, beside what is there; see [`parts::write`].
pub fn write(plan: &Plan, path: &Path, force: bool) -> Result<()> {
    parts::write(&parts(plan)?, path, force)
}
