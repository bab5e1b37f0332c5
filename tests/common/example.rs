//! The layers of the program, and the example of one of one's own.

use std::fs;

use homeseed::{
    layer::{self, Layers, Sources},
    plan::{self, Plan},
    site::Site,
};

pub(crate) const FOLDER: &str = "examples/layers/ping";

/// The layers of the program, and the example.
pub(crate) fn sources() -> Sources {
    let files = walkdir::WalkDir::new(FOLDER).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let inside = entry.path().strip_prefix("examples/layers").unwrap().display().to_string();
        (inside, fs::read_to_string(entry.path()).unwrap())
    });
    layer::embedded().into_iter().chain(files).collect()
}

/// What a site says to have the layer.
pub(crate) const SECTION: &str = "ping:\n  target: chat.example.net\n";

/// The rest of that site.
pub(crate) const SITE: &str = "\
server_name: example.org
host: chat.example.org
operator:
  email: operator@example.org
layers: [examples/layers/ping]
";

/// The plan of a site that has `section`, or what is wrong.
pub(crate) fn compiled(sources: &Sources, section: &str) -> Result<Plan, String> {
    let layers = Layers::read(sources).unwrap_or_else(|errors| panic!("{errors}"));
    let site = Site::parse("site.yaml", &format!("{SITE}{section}"), &layers.schema);
    let plan = site.and_then(|site| plan::with(&site, &layers));
    plan.map_err(|errors| errors.to_string())
}

/// The plan of a site that has `section`.
#[track_caller]
pub(crate) fn planned(section: &str) -> Plan {
    plan_of(&sources(), section)
}

/// The same with these layers.
#[track_caller]
pub(crate) fn plan_of(sources: &Sources, section: &str) -> Plan {
    compiled(sources, section).unwrap_or_else(|errors| panic!("{errors}"))
}
