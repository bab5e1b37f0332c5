//! The bill of materials: what an image consists of, as `CycloneDX` 1.5 in JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::{gpt, lock::Lock};
use crate::digest;

/// The document for the image in `file`; it has no date, so that the same image has the same one.
pub(super) fn document(lock: &Lock, python: &str, subject: &str, file: &Path) -> String {
    let mut components: Vec<Value> = lock
        .packages()
        .map(|(name, it)| {
            let (version, arch) = (&it.version, &it.architecture);
            let purl = format!(
                "pkg:deb/debian/{}@{}?arch={arch}&distro=debian-12",
                quoted(name),
                quoted(version)
            );
            json!({
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": it.sha256}],
                "purl": purl,
            })
        })
        .collect();
    components.extend(python.lines().filter_map(of_registry));
    let id = digest::uuid(serde_json::to_string(&components).expect("strings") + subject);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": format!("urn:uuid:{}", gpt::uuid(id)),
        "version": 1,
        "metadata": {
            "tools": {"components": [{
                "type": "application", "name": "homeseed", "version": env!("CARGO_PKG_VERSION"),
            }]},
            "component": {"type": "operating-system", "name": name, "bom-ref": "image"},
        },
        "components": components,
    });
    serde_json::to_string_pretty(&document).expect("strings and numbers") + "\n"
}

/// Whether `text` is such a document, written by homeseed.
pub(super) fn is_ours(text: &str) -> bool {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    document["metadata"]["tools"]["components"][0]["name"] == "homeseed"
}

/// `name-version.dist-info`, as `pip` leaves it.
fn of_registry(entry: &str) -> Option<Value> {
    let (name, version) = entry.strip_suffix(".dist-info")?.rsplit_once('-')?;
    let name = name.to_lowercase().replace('_', "-");
    let purl = format!("pkg:pypi/{name}@{}", quoted(version));
    Some(json!({
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
    }))
}

/// Percent encoding, as the package URL specification wants it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_~".contains(c);
    text.chars()
        .map(|c| if plain(c) { c.to_string() } else { format!("%{:02X}", u32::from(c)) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_both_kinds_are_named() {
        let lock = Lock::parse("", &format!("g++ 4:12.2.0-3 amd64 {}\n", "0".repeat(64)));
        let text =
            document(&lock.expect("a lock"), "Twisted_x-24.7.dist-info\n", "", Path::new("a.raw"));
        let bill: Value = serde_json::from_str(&text).expect("JSON");
        let purl = |n: usize| bill["components"][n]["purl"].as_str().unwrap_or_default().to_owned();
        assert_eq!(purl(0), "pkg:deb/debian/g%2B%2B@4%3A12.2.0-3?arch=amd64&distro=debian-12");
        assert_eq!(purl(1), "pkg:pypi/twisted-x@24.7");
    }
}
