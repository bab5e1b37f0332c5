//! Colours: a few words that stand out, where a person reads them. Nothing is said by colour alone.

use std::sync::atomic::{AtomicBool, Ordering};

use anstream::eprintln;
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use crate::error::Errors;

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const ADVICE: Style = AnsiColor::Cyan.on_default();
const CAUTION: Style = AnsiColor::Yellow.on_default().bold();

/// Whether only errors are wanted beside the product.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Decides for everything that follows.
pub(super) fn choose(colour: Colour, quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
    match colour {
        Colour::Auto => (),
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Whether nothing is to be said that is no error.
pub(super) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// For what holds.
pub(super) fn good(text: &str) -> String {
    painted(GOOD, text)
}

/// For what does not.
pub(super) fn bad(text: &str) -> String {
    painted(BAD, text)
}

/// For what to do about it.
pub(super) fn advice(text: &str) -> String {
    painted(ADVICE, text)
}

/// Says what the operator should know.
pub(super) fn warning(text: &str) {
    if is_quiet() {
        return;
    }
    eprintln!("{} {text}", painted(CAUTION, "warning:"));
}

/// Says what the operator may want to know.
pub(super) fn note(text: &str) {
    if is_quiet() {
        return;
    }
    eprintln!("{} {text}", painted(ADVICE, "note:"));
}

/// Says what went wrong on standard error.
pub fn report(errors: &Errors) {
    if errors.are_said() {
        return;
    }
    for line in errors.to_string().lines() {
        eprintln!("{}", stressed(line));
    }
}

/// The first word of an error and of a hint, and the carets.
fn stressed(line: &str) -> String {
    for (word, style) in [("error:", BAD), ("hint:", ADVICE)] {
        if let Some(rest) = line.strip_prefix(word) {
            return painted(style, word) + rest;
        }
    }
    match line.find('^') {
        Some(at) if line.trim_start().starts_with('|') => {
            line[..at].to_owned() + &painted(BAD, &line[at..])
        }
        _ => line.to_owned(),
    }
}

fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
