//! What a plain YAML scalar means: the core schema of YAML 1.2, and nothing of 1.1.

/// The meaning of a scalar without quotes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text,
    /// YAML 1.1 and 1.2 disagree: a reader cannot know what was meant.
    Unclear(&'static str),
}

/// Resolves a scalar that stands without quotes.
pub(super) fn resolve(text: &str) -> Plain {
    match text {
        "" | "~" | "null" => Plain::Null,
        "true" => Plain::Bool(true),
        "false" => Plain::Bool(false),
        _ if is_like(text, &["null"]) => Plain::Unclear("write `null`, or put it in quotes"),
        _ if is_like(text, &["true", "yes", "on"]) => {
            Plain::Unclear("write `true`, or put it in quotes")
        }
        _ if is_like(text, &["false", "no", "off"]) => {
            Plain::Unclear("write `false`, or put it in quotes")
        }
        _ => number(text),
    }
}

fn is_like(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn number(text: &str) -> Plain {
    const UNCLEAR: Plain =
        Plain::Unclear("write a decimal number without extras, or put the text in quotes");
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let bytes = digits.as_bytes();
    let is_numeric = bytes.first().is_some_and(u8::is_ascii_digit)
        || (bytes.first() == Some(&b'.') && bytes.get(1).is_some_and(u8::is_ascii_digit));
    if is_like(digits, &[".inf", ".nan"]) {
        return UNCLEAR;
    }
    if !is_numeric {
        return Plain::Text;
    }
    if is_odd(digits) {
        return UNCLEAR;
    }
    let looks_like_number =
        digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    match looks_like_number.then(|| parsed(text)).flatten() {
        Some(number) => Plain::Number(number),
        None if digits.bytes().all(|b| b.is_ascii_digit()) => UNCLEAR,
        None => Plain::Text,
    }
}

/// Octal, hexadecimal, binary, `1_000` and the base 60 of `12:30` mean different numbers to different readers.
fn is_odd(digits: &str) -> bool {
    let all = |allowed: fn(char) -> bool| digits.chars().all(allowed);
    let prefixed = ["0x", "0o", "0b"]
        .iter()
        .filter_map(|prefix| digits.strip_prefix(prefix))
        .any(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit()));
    let octal = digits.len() > 1 && digits.starts_with('0') && all(|c| c.is_ascii_digit());
    let underscored = digits.contains('_') && all(|c| c.is_ascii_digit() || matches!(c, '_' | '.'));
    let base_60 = digits.contains(':')
        && !digits.contains("::")
        && !digits.ends_with(':')
        && all(|c| c.is_ascii_digit() || c == ':');
    prefixed || octal || underscored || base_60
}

fn parsed(text: &str) -> Option<serde_json::Number> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    if text.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) {
        return text.parse::<u64>().ok().map(Into::into);
    }
    text.parse::<f64>().ok().and_then(serde_json::Number::from_f64)
}
