//! Any text: parsed, and planned when it is a site, without a panic and without leaking what it must not.
#![no_main]

use homeseed::{layer, plan, site::Site};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else {
        return Corpus::Reject;
    };
    match Site::parse("site.yaml", text, homeseed::layer::embedded_schema()) {
        Ok(site) => drop(plan::plan(&site, &layer::embedded())),
        Err(errors) => drop(errors.to_string()),
    }
    Corpus::Keep
});
