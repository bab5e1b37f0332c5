//! Comments of a layer's author stay with the layer: a pasted document has no room for them.

/// `text` without the lines that are comments; `#!` in the first line stays.
pub(super) fn lean(text: &str) -> String {
    let lines = text.split_inclusive('\n').enumerate();
    lines.filter(|(n, line)| !is_comment(*n, line)).map(|(_, line)| line).collect()
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
        assert_eq!(lean(text), "#!/bin/sh\necho \"#\" # beside\n\necho $#\n");
    }

    #[test]
    fn a_line_that_is_not_ended_is_kept_so() {
        assert_eq!(lean("a\nb"), "a\nb");
    }
}
