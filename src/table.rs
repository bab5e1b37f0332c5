//! Rows of text in columns, for a terminal or a file. Knows no contents, and no colours.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::NOTHING};

/// A line for each row: columns as wide as their widest cell, two blanks between them, nothing behind the last. Cells
/// in the columns `numbers` stand to the right.
#[must_use]
pub fn lines<const N: usize>(rows: &[[String; N]], numbers: &[usize]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled).add_rows(rows);
    for (n, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if numbers.contains(&n) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
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
}
