//! The values of options that the site hands through: of the type that the program reads, and no secrets.

use serde_json::Value as Json;

use crate::{
    error::{Error, Place},
    layer::Settings,
    site::Site,
};

/// What a program reads from an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Flag,
    Number,
    Duration,
    Size,
    Text,
    List,
    Mapping,
}

/// The name of an option, joined with dots, and its type if that is known, from a line of the table.
pub(super) fn declared(line: &str) -> Option<(&str, Option<&str>)> {
    let mut words = line.split_whitespace();
    let name = words.next().filter(|name| !name.starts_with('#'))?;
    Some((name, words.next()))
}

/// Values of another type than the program reads, and secrets, wherever they stand.
pub(super) fn mistakes(settings: &Settings, given: &Json, known: &str, site: &Site) -> Vec<Error> {
    let types: Vec<(&str, Type)> = known
        .lines()
        .filter_map(declared)
        .filter_map(|(name, word)| Some((name, Type::named(word?)?)))
        .collect();
    let mut errors = Vec::new();
    walk(given, &mut Vec::new(), &mut |path, value| {
        let of_type = types.iter().find(|(name, _)| *name == path.join("."));
        let error = secret(settings, path, value)
            .or_else(|| of_type.and_then(|(_, wanted)| wanted.refuses(settings, path, value)));
        let found = error.is_some();
        errors.extend(error.map(|error| error.at(place(settings, path, site))));
        found
    });
    errors
}

/// Shows `look` every value with the way to it, but nothing below one that it has found at fault.
fn walk<'v>(
    value: &'v Json,
    path: &mut Vec<String>,
    look: &mut impl FnMut(&[String], &'v Json) -> bool,
) {
    let members: Vec<(String, &Json)> = match value {
        Json::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Json::Array(list) => {
            list.iter().zip(1..).map(|(value, n)| (n.to_string(), value)).collect()
        }
        _ => return,
    };
    for (name, value) in members {
        path.push(name);
        if !look(path, value) {
            walk(value, path, look);
        }
        path.pop();
    }
}

/// Where the value stands, or the last mapping above it that has a place.
fn place(settings: &Settings, path: &[String], site: &Site) -> Option<Place> {
    let whole: Vec<&str> =
        settings.from.split('.').chain(path.iter().map(String::as_str)).collect();
    (1..=whole.len()).rev().find_map(|length| site.place_of(&whole[..length]))
}

/// Why the value is a secret, if it is: by its name, or as a URL with a password.
fn secret(settings: &Settings, path: &[String], value: &Json) -> Option<Error> {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        _ => return None,
    };
    let name = path.iter().rev().find(|name| name.parse::<u64>().is_err())?;
    let is_named = |ending: &String| {
        let rest = name.to_lowercase();
        rest.strip_suffix(ending.as_str())
            .is_some_and(|it| it.is_empty() || it.ends_with(['_', '-']))
    };
    let is_one = settings.secret.iter().any(is_named) && !settings.public.contains(name);
    if !text.is_empty() && (is_one || has_password(&text)) {
        let path = path.join(".");
        let message = format!(
            "`{path}` holds a secret, and a site holds none: everybody who sees the document would know it"
        );
        return Some(Error::new(message).hint(
            "leave it out here; put it into a file of your own on the machine, where the program reads it too",
        ));
    }
    None
}

/// Whether a URL names a user and a password.
fn has_password(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    let user = authority.and_then(|it| it.rsplit_once('@')).map(|(user, _)| user);
    user.is_some_and(|user| user.split_once(':').is_some_and(|(_, word)| !word.is_empty()))
}

impl Type {
    fn named(word: &str) -> Option<Type> {
        Some(match word {
            "flag" => Type::Flag,
            "number" => Type::Number,
            "duration" => Type::Duration,
            "size" => Type::Size,
            "text" => Type::Text,
            "list" => Type::List,
            "mapping" => Type::Mapping,
            _ => return None,
        })
    }

    /// Nothing at all is what a program takes for its own default.
    fn takes(self, value: &Json) -> bool {
        let text = |units: &str| {
            value.as_str().is_some_and(|text| {
                let digits = text.strip_suffix(|c| units.contains(c)).unwrap_or(text);
                !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
            })
        };
        value.is_null()
            || match self {
                Type::Flag => value.is_boolean(),
                Type::Number => value.is_number(),
                Type::Duration => value.is_number() || text("smhdwy"),
                Type::Size => value.is_number() || text("KMGT"),
                Type::Text => value.is_string(),
                Type::List => value.is_array(),
                Type::Mapping => value.is_object(),
            }
    }

    fn refuses(self, settings: &Settings, path: &[String], value: &Json) -> Option<Error> {
        if self.takes(value) {
            return None;
        }
        let (noun, hint) = match self {
            Type::Flag => ("true or false", "write `true` or `false`, without quotes".to_owned()),
            Type::Number => ("a number", "write it in digits, without quotes".to_owned()),
            Type::Duration => {
                ("a time span", "write, for example, `30s`, `15m`, `2h` or `7d`".to_owned())
            }
            Type::Size => ("a size", "write, for example, `512K` or `50M`".to_owned()),
            Type::Text => match value {
                Json::Number(_) | Json::Bool(_) => {
                    ("text", format!("put it in quotes: \"{value}\""))
                }
                _ => ("text", "write one value behind the colon".to_owned()),
            },
            Type::List => {
                ("a list", "put `- ` in front of each entry, on lines of their own".to_owned())
            }
            Type::Mapping => ("a mapping", "write its options below it, indented".to_owned()),
        };
        let kind = match value {
            Json::Bool(_) => "true or false",
            Json::Number(_) => "a number",
            Json::String(_) => "text",
            Json::Array(_) => "a list",
            _ => "a mapping",
        };
        let is = if kind == noun || self == Type::Duration || self == Type::Size {
            "this is none".to_owned()
        } else {
            format!("this is {kind}")
        };
        let message = format!("`{}` of `{}` takes {noun}; {is}", path.join("."), settings.from);
        Some(Error::new(message).hint(hint))
    }
}
