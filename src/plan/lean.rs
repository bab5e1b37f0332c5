//! Comments and indentation stay with the layer: a pasted document has no room for them.

use crate::template::Kind;

/// `text` without the lines that are comments; `#!` in the first line stays.
///
/// Where `path` does not tell that `#` begins a comment, `text` stays as it is.
/// Shell loses its indentation as well, unless it has a here-document.
pub(super) fn lean(path: &str, text: &str) -> String {
    if !has_comments(path, text) {
        return text.to_owned();
    }
    let lines = text.split_inclusive('\n').enumerate();
    let lines = lines.filter(|(n, line)| !is_comment(*n, line)).map(|(_, line)| line);
    if Kind::of(path, text) == Kind::Shell && !text.contains("<<") {
        lines.map(|line| line.trim_start_matches(' ')).collect()
    } else {
        lines.collect()
    }
}

fn has_comments(path: &str, text: &str) -> bool {
    match Kind::of(path, text) {
        Kind::Shell | Kind::Yaml | Kind::Nginx | Kind::Systemd => true,
        Kind::Plain => path.starts_with("/etc/") || text.starts_with("#!"),
        Kind::Json | Kind::Sql | Kind::Keys | Kind::Pem => false,
    }
}

fn is_comment(n: usize, line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') && !(n == 0 && line.starts_with("#!"))
}

#[cfg(test)]
mod tests {
    use super::lean;

    #[test]
    fn only_whole_lines_are_comments() {
        let text = "#!/bin/sh\n# why\n  # indented\necho \"#\" # beside\n\necho $#\n";
        assert_eq!(lean("/usr/bin/x", text), "#!/bin/sh\necho \"#\" # beside\n\necho $#\n");
    }

    #[test]
    fn a_line_that_is_not_ended_is_kept_so() {
        assert_eq!(lean("x.sh", "a\nb"), "a\nb");
    }
}
