//! A value that may depend on a condition, as manifests write it.

use minijinja::Value;
use serde::{Deserialize, Deserializer, de};

use crate::error::Error;

/// A value, or a value with the condition under which it counts: `{port: 8448, when: …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditional<T> {
    /// The value.
    pub value: T,
    /// An expression; without one the value always counts.
    pub when: Option<String>,
}

impl<T> Conditional<T> {
    /// A value that always counts.
    pub fn always(value: T) -> Conditional<T> {
        Conditional { value, when: None }
    }

    /// Whether the value counts, for what `context` holds.
    pub fn counts(&self, context: &Value) -> Result<bool, Error> {
        holds(self.when.as_deref(), context)
    }
}

/// Whether `when`, if there is one, holds.
pub fn holds(when: Option<&str>, context: &Value) -> Result<bool, Error> {
    when.map_or(Ok(true), |expression| super::holds(expression, context))
}

/// The values of those `entries` whose conditions hold.
pub fn counting<'e, T>(
    entries: &'e [Conditional<T>],
    context: &Value,
) -> Result<Vec<&'e T>, Error> {
    let mut values = Vec::new();
    for entry in entries {
        if entry.counts(context)? {
            values.push(&entry.value);
        }
    }
    Ok(values)
}

/// The long form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guarded<T> {
    #[serde(alias = "package", alias = "unit", alias = "port", alias = "name")]
    value: T,
    when: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either<T> {
    Guarded(Guarded<T>),
    Bare(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Conditional<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Conditional<T>, D::Error> {
        match Either::deserialize(deserializer) {
            Ok(Either::Bare(value)) => Ok(Conditional::always(value)),
            Ok(Either::Guarded(it)) => Ok(Conditional { value: it.value, when: Some(it.when) }),
            Err(_) => Err(de::Error::custom(
                "expected a value, or a value and its condition such as `{port: 8448, when: …}`",
            )),
        }
    }
}
