//! The signing keys of a homeserver, which prove themselves: each signs the document that it is in.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ruma_common::{CanonicalJsonObject, CanonicalJsonValue, ServerName, SigningKeyAlgorithm};
use ruma_signatures::{to_canonical_json_string_for_signing, verify_canonical_json_bytes};
use serde_json::Value;

use super::report::{Checks, KeyCheck};

/// With padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The checks of `document`, the keys that passed, and what is wrong in sentences.
pub(super) fn check(
    document: &Value,
    name: &ServerName,
) -> (Checks, BTreeMap<String, String>, Vec<String>) {
    let (mut checks, mut good, mut errors) = (Checks::default(), BTreeMap::new(), Vec::new());
    let owner = document["server_name"].as_str().unwrap_or_default();
    checks.matching_name = owner == name.as_str();
    if !checks.matching_name {
        errors.push(format!("the keys are those of `{owner}`, not of `{name}`"));
    }
    checks.still_valid = document["valid_until_ts"].as_u64().is_some_and(|it| it > now());
    if !checks.still_valid {
        errors.push("the keys are no longer valid, by their `valid_until_ts`".to_owned());
    }
    let listed = document["verify_keys"].as_object();
    for (id, key) in listed.into_iter().flatten().filter(|(id, _)| id.starts_with("ed25519:")) {
        let key = key["key"].as_str().unwrap_or_default();
        let check = check_key(document, owner, id, key);
        match (check.whole, check.signed) {
            (true, true) => drop(good.insert(id.clone(), key.to_owned())),
            (false, _) => errors.push(format!("the key {id} does not have 32 bytes")),
            (_, false) => errors.push(format!("the signature by the key {id} is not good")),
        }
        checks.keys.insert(id.clone(), check);
    }
    checks.has_key = !checks.keys.is_empty();
    if !checks.has_key {
        errors.push("there is no ed25519 key".to_owned());
    }
    checks.all_keys = checks.keys.values().all(|it| it.whole && it.signed);
    checks.all = checks.matching_name && checks.still_valid && checks.has_key && checks.all_keys;
    (checks, good, errors)
}

fn check_key(document: &Value, owner: &str, id: &str, key: &str) -> KeyCheck {
    let key = BASE64.decode(key).unwrap_or_default();
    let signature = document["signatures"][owner][id].as_str().unwrap_or_default();
    let signature = BASE64.decode(signature).unwrap_or_default();
    let whole = key.len() == 32;
    KeyCheck { whole, signed: whole && is_signed(document, &key, &signature) }
}

/// Over canonical JSON, without `signatures` and `unsigned`.
fn is_signed(document: &Value, key: &[u8], signature: &[u8]) -> bool {
    let Ok(CanonicalJsonValue::Object(object)) = CanonicalJsonValue::try_from(document.clone())
    else {
        return false;
    };
    let object: CanonicalJsonObject = object;
    let Ok(text) = to_canonical_json_string_for_signing(&object) else { return false };
    let algorithm = SigningKeyAlgorithm::Ed25519;
    verify_canonical_json_bytes(&algorithm, key, signature, text.as_bytes()).is_ok()
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
