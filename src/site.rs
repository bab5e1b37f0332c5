//! A stand-in until the real one is merged.

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::{Error, Errors, Place};

/// A site.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Site {
    shown: Value,
    #[serde(skip)]
    digest: String,
    #[serde(skip)]
    layers: Vec<String>,
}

impl Site {
    /// Reads.
    pub fn parse(file: &str, text: &str) -> Result<Site, Errors> {
        let mut shown = defaults();
        let given: Value =
            serde_yaml::from_str(text).map_err(|e| Error::new(format!("{file}: {e}")))?;
        merge(&mut shown, given);
        let layers = shown.as_object_mut().and_then(|it| it.remove("layers")).unwrap_or(json!([]));
        let layers =
            layers.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        let mut names = vec![shown["host"].clone()];
        if shown["delegation"] == "same-host" && shown["host"] != shown["server_name"] {
            names.push(shown["server_name"].clone());
        }
        shown["names"] = Value::Array(names);
        if shown["federation"]["allow"] == "anyone" {
            shown["federation"]["allow"] = json!([]);
            shown["federation"]["anyone"] = json!(true);
        }
        let digest = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        Ok(Site { shown, digest, layers })
    }
    /// .
    pub fn server_name(&self) -> &str {
        self.shown["server_name"].as_str().unwrap_or_default()
    }
    /// .
    pub fn host(&self) -> &str {
        self.shown["host"].as_str().unwrap_or_default()
    }
    /// .
    pub fn names(&self) -> Vec<&str> {
        self.shown["names"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
    }
    /// .
    pub fn ssh_keys(&self) -> Vec<&str> {
        self.shown["operator"]["ssh_keys"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect()
    }
    /// .
    pub fn digest(&self) -> &str {
        &self.digest
    }
    /// .
    pub fn layers(&self) -> &[String] {
        &self.layers
    }
    /// .
    pub fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
    /// .
    pub fn place_of(&self, _path: &[&str]) -> Option<Place> {
        None
    }
}

fn defaults() -> Value {
    json!({
        "server_name": "example.org", "host": "chat.example.org",
        "operator": {"email": "operator@example.org", "ssh_keys": []},
        "admin": "admin", "delegation": "same-host",
        "federation": {"anyone": false, "allow": ["matrix.org", "mozilla.org", "kde.org"], "unlisted": "drop", "port_8448": true},
        "registration": "closed",
        "media": {"max_upload": 104_857_600, "remote_lifetime": "90d", "local_lifetime": null},
        "tls": {"acme": {"directory": "https://acme-v02.api.letsencrypt.org/directory", "ca": null}},
        "presence": false, "url_previews": false, "suite": "bookworm",
        "apt": {"proxy": null, "matrix": {"host": "packages.matrix.org", "url": "https://packages.matrix.org/debian/", "fingerprint": "AAF9AE843A7584B5A3E4CD2BCF45A512DE2DA058"}},
        "synapse": {}, "layers": []
    })
}

fn merge(base: &mut Value, given: Value) {
    match (base, given) {
        (Value::Object(base), Value::Object(given)) => {
            for (key, value) in given {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, given) => *base = given,
    }
}
