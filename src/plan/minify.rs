//! Comments and indentation stay with the layer: a pasted document has no room for them.
//!
//! What is left means the same. A text whose comments cannot be told with certainty stays as it is.

mod shell;
mod yaml;

use std::collections::BTreeSet;

use crate::template::Kind;

/// Where the first character of a line is, counted in bytes.
type Starts = BTreeSet<usize>;

/// `text` without the lines that are comments; `#!` in the first line stays. Shell, nginx and nftables lose
/// indentation and empty lines as well, shell the comments beside commands.
pub(super) fn minify(path: &str, text: &str) -> String {
    let kind = Kind::of(path, text);
    let lines = match kind {
        Kind::Shell => return shell::minified(text).unwrap_or_else(|| text.to_owned()),
        Kind::Yaml => yaml::comments(text),
        Kind::Nginx => return flat(text).unwrap_or_else(|| text.to_owned()),
        Kind::Plain if text.starts_with("#!/usr/sbin/nft ") => {
            return flat(text).unwrap_or_else(|| text.to_owned());
        }
        Kind::Systemd => Some(all(text)),
        Kind::Plain if text.starts_with("#!/usr/bin/python3\n") => one_line_strings(text),
        Kind::Plain if is_line_based(path) => Some(all(text)),
        Kind::Plain | Kind::Json | Kind::Sql | Kind::Keys | Kind::Pem => None,
    };
    lines.map_or_else(|| text.to_owned(), |lines| without_comments(text, &lines))
}

/// nginx and nftables without comments, indentation and empty lines; nothing when a string may go on over the end of a line.
fn flat(text: &str) -> Option<String> {
    let kept = without_comments(text, &one_line_strings(text)?);
    let lines = kept.split_inclusive('\n').map(|line| line.trim_start_matches([' ', '\t']));
    Some(lines.filter(|line| *line != "\n").collect())
}

/// `text` without the comments among the lines that begin at `starts`.
fn without_comments(text: &str, starts: &Starts) -> String {
    let mut at = 0;
    let is_kept = |line: &&str| {
        let start = at;
        at += line.len();
        !(starts.contains(&start) && is_comment(start, line))
    };
    text.split_inclusive('\n').filter(is_kept).collect()
}

fn is_comment(at: usize, line: &str) -> bool {
    line.trim_start().starts_with('#')
        && !(at == 0 && line.starts_with("#!"))
        && !is_directive(line)
}

/// What apt takes for an instruction although it begins as a comment does.
fn is_directive(line: &str) -> bool {
    ["#clear", "#include"].iter().any(|word| line.trim_start().starts_with(word))
}

fn all(text: &str) -> Starts {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends).collect()
}

/// All lines, unless a string may go on over the end of one.
fn one_line_strings(text: &str) -> Option<Starts> {
    let mut code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let may_go_on = |line: &str| line.ends_with('\\') || !closes_its_quotes(line);
    (!code.any(may_go_on)).then(|| all(text))
}

fn closes_its_quotes(line: &str) -> bool {
    let mut open = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (open, c) {
            (_, '\\') => _ = characters.next(),
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), _) if c == quote => open = None,
            _ => (),
        }
    }
    open.is_none() && !line.contains("\"\"\"") && !line.contains("'''")
}

/// Whether the programs that read `path` take every line that begins with `#` for a comment.
fn is_line_based(path: &str) -> bool {
    const KNOWN: [&str; 7] = [
        "/etc/apt/",
        "/etc/modprobe.d/",
        "/etc/postgresql-common/createcluster.d/",
        "/etc/ssh/sshd_config.d/",
        "/etc/sysctl.d/",
        "/etc/systemd/",
        "/etc/tmpfiles.d/",
    ];
    KNOWN.iter().any(|it| path.starts_with(it))
}

#[cfg(test)]
mod tests;
