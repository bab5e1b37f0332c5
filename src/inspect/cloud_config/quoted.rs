//! Strings in double quotes, which may go on in the next lines.

use super::{Scanner, bare};
use crate::inspect::damage::Fault;

/// Where a piece of a string stops.
enum Stop<'a> {
    /// At the quote, with this behind it.
    Quote(&'a str),
    /// With its line.
    Line,
    /// With its line, whose end a backslash takes away.
    Escaped,
}

impl<'a> Scanner<'a> {
    /// The string whose first quote stands before `rest` in this line; stays in the line with the last.
    pub(super) fn quoted(&mut self, rest: &'a str) -> Result<String, Fault> {
        let (mut string, mut rest) = (String::new(), rest);
        loop {
            match piece(rest, &mut string).ok_or_else(|| self.odd())? {
                Stop::Quote("") => return Ok(string),
                Stop::Quote(behind) if behind.starts_with(' ') && bare(behind).is_empty() => {
                    return Ok(string);
                }
                Stop::Quote(_) => return Err(self.odd()),
                Stop::Line => {
                    rest = self.next_piece(|ends| match ends {
                        1 => string.push(' '),
                        ends => string.extend(std::iter::repeat_n('\n', ends - 1)),
                    })?;
                }
                Stop::Escaped => {
                    rest = self.next_piece(|ends| {
                        string.extend(std::iter::repeat_n('\n', ends - 1));
                    })?;
                }
            }
        }
    }

    /// The next line that is not blank, without the blanks before it; `passes` hears how many line ends lie between.
    fn next_piece(&mut self, passes: impl FnOnce(usize)) -> Result<&'a str, Fault> {
        let is_blank = |c| c == ' ' || c == '\t';
        let before = self.at;
        while let Some(line) = self.lines.get(self.at + 1) {
            self.at += 1;
            if line.starts_with("---") || line.starts_with("...") {
                break;
            }
            let text = line.trim_start_matches(is_blank);
            if !text.is_empty() {
                passes(self.at - before);
                return Ok(text);
            }
        }
        Err(self.odd())
    }
}

/// Adds what stands in `rest` up to a quote or its end, where blanks do not count; nothing for an escape that no
/// document of ours has.
fn piece<'a>(rest: &'a str, string: &mut String) -> Option<Stop<'a>> {
    let (mut characters, mut blanks) = (rest.char_indices(), String::new());
    while let Some((at, c)) = characters.next() {
        let c = match c {
            '"' => {
                string.push_str(&blanks);
                return Some(Stop::Quote(&rest[at + 1..]));
            }
            ' ' | '\t' => {
                blanks.push(c);
                continue;
            }
            '\\' => match characters.next().map_or('\n', |it| it.1) {
                '\n' => {
                    string.push_str(&blanks);
                    return Some(Stop::Escaped);
                }
                c @ ('"' | '\\' | '/') => c,
                'n' => '\n',
                'u' => escaped(&mut characters, 4)?,
                'U' => escaped(&mut characters, 8)?,
                _ => return None,
            },
            c => c,
        };
        string.push_str(&blanks);
        string.push(c);
        blanks.clear();
    }
    Some(Stop::Line)
}

/// The character with the number in the next `count` digits.
fn escaped(characters: &mut std::str::CharIndices<'_>, count: usize) -> Option<char> {
    let digits: String = characters.take(count).map(|(_, c)| c).collect();
    let all = digits.len() == count && digits.bytes().all(|c| c.is_ascii_hexdigit());
    char::from_u32(u32::from_str_radix(&digits, 16).ok().filter(|_| all)?)
}
