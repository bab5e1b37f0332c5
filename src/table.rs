//! Rows of text in columns, and text in lines that fit, for a terminal or a file. Knows no contents, and no colours.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets::NOTHING};

/// As wide as a terminal surely is.
pub const WIDTH: usize = 80;

/// A line for each row: columns as wide as their widest cell, two blanks between them, nothing behind the last. Cells
/// in the columns `numbers` stand to the right.
#[must_use]
pub fn lines<const N: usize>(rows: &[[String; N]], numbers: &[usize]) -> Vec<String> {
    trimmed(&table(rows, numbers))
}

/// The same, in which the last column goes on in further lines where a line would be wider than `width`.
#[must_use]
pub fn folded_lines<const N: usize>(rows: &[[String; N]], width: usize) -> Vec<String> {
    let mut table = table(rows, &[]);
    // The two blanks behind the last column do not count.
    let width = u16::try_from(width + 2).unwrap_or(u16::MAX);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    for column in table.column_iter_mut().take(N - 1) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    trimmed(&table)
}

/// The words of `text` in lines of at most `width` characters; a word that is longer stays whole.
#[must_use]
pub fn folded(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            let gap = if line.is_empty() { "" } else { " " };
            *line += &format!("{gap}{word}");
        }
    }
    lines
}

fn table<const N: usize>(rows: &[[String; N]], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled).add_rows(rows);
    for (n, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if numbers.contains(&n) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn trimmed(table: &Table) -> Vec<String> {
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The same as one text.
#[must_use]
pub fn text<const N: usize>(rows: &[[String; N]], numbers: &[usize]) -> String {
    lines(rows, numbers).iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let rows = [["name", "bytes", "what"], ["ü", "16384", ""], ["longest", "1", "a b"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let expected = "name     bytes  what\nü        16384\nlongest      1  a b\n";
        assert_eq!(text(&rows, &[1]), expected);
        assert_eq!(text::<3>(&[], &[]), "");
        let long = "x".repeat(300);
        assert_eq!(lines(&[[long.clone()]], &[]), [long], "nothing is wrapped");
    }

    #[test]
    fn the_last_column_goes_on_below_itself() {
        let rows = [["name", "words that need more room"], ["other", "few"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(
            folded_lines(&rows, 21),
            ["name   words that", "       need more room", "other  few"].map(str::to_owned)
        );
        let wide = folded_lines(&rows, 32);
        assert_eq!(wide, ["name   words that need more room", "other  few"], "it fits exactly");
    }

    #[test]
    fn a_long_word_stays_whole() {
        assert_eq!(folded("a bb ccccc d", 4), ["a bb", "ccccc", "d"]);
        assert_eq!(folded("", 4), [""]);
    }
}
