//! Tables lined up for a terminal, or as Markdown.

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Terminal,
    Markdown,
}

/// Columns with titles, and rows of as many cells (missing cells are empty).
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn render(&self, style: Style) -> String {
        let widths = self.widths();
        let titles: Vec<&str> = self.columns.iter().map(|(title, _)| *title).collect();
        let mut out = self.line(&titles, &widths, style);
        out.push_str(&self.rule(&widths, style));
        for row in &self.rows {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            out.push_str(&self.line(&cells, &widths, style));
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        self.columns
            .iter()
            .enumerate()
            .map(|(i, (title, _))| {
                let cells = self.rows.iter().filter_map(|row| row.get(i));
                let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
                // A Markdown rule needs three characters.
                widest.max(title.chars().count()).max(3)
            })
            .collect()
    }

    fn line(&self, cells: &[&str], widths: &[usize], style: Style) -> String {
        let padded: Vec<String> = self
            .columns
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(i, ((_, align), &width))| {
                let cell = cells.get(i).copied().unwrap_or("");
                match align {
                    Align::Left => format!("{cell:<width$}"),
                    Align::Right => format!("{cell:>width$}"),
                }
            })
            .collect();
        match style {
            Style::Terminal => format!("{}\n", padded.join("  ").trim_end()),
            Style::Markdown => format!("| {} |\n", padded.join(" | ")),
        }
    }

    fn rule(&self, widths: &[usize], style: Style) -> String {
        let dashes: Vec<String> = self
            .columns
            .iter()
            .zip(widths)
            .map(|((_, align), &width)| match (style, align) {
                (Style::Markdown, Align::Right) => format!("{}:", "-".repeat(width - 1)),
                _ => "-".repeat(width),
            })
            .collect();
        match style {
            Style::Terminal => format!("{}\n", dashes.join("  ")),
            Style::Markdown => format!("| {} |\n", dashes.join(" | ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, Style, Table};

    fn sample() -> Table {
        let mut table = Table::new(&[
            ("pair", Align::Left),
            ("bytes", Align::Right),
            ("note", Align::Left),
        ]);
        table.row(vec!["a-pair".into(), "1,234,567".into(), "best".into()]);
        table.row(vec!["b".into(), "7".into()]);
        table
    }

    #[test]
    fn terminal_columns_line_up_and_lines_end_clean() {
        let expected = "\
pair        bytes  note
------  ---------  ----
a-pair  1,234,567  best
b               7
";
        assert_eq!(sample().render(Style::Terminal), expected);
    }

    #[test]
    fn markdown_states_alignment() {
        let expected = "\
| pair   |     bytes | note |
| ------ | --------: | ---- |
| a-pair | 1,234,567 | best |
| b      |         7 |      |
";
        assert_eq!(sample().render(Style::Markdown), expected);
    }
}
