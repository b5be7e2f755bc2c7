//! Prints results: tables for people, JSON for programs.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::Args;
use denizen_domain::{Slice, Timestamp, Window};
use serde::Serialize;

use crate::listing::{Listed, read_pages};

/// How many things a sentence names before it counts the rest.
const NAMED: usize = 10;

/// The output format of a command.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Output {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Output {
    /// Prints one object as JSON, or as one field per line.
    pub(crate) fn object(self, value: &impl Serialize, fields: &[(&str, String)]) -> anyhow::Result<()> {
        print(&if self.json { pretty(value)? + "\n" } else { below_each_other(fields) })
    }

    /// Prints a complete list.
    pub(crate) fn list<T: Serialize>(
        self,
        items: &[T],
        columns: &'static [&'static str],
        cells: impl Fn(&T) -> Vec<String>,
    ) -> anyhow::Result<()> {
        if self.json {
            return print(&(pretty(items)? + "\n"));
        }
        print(&Table::new(columns).rows(&items.iter().map(cells).collect::<Vec<_>>()))
    }

    /// Begins a list whose entries come one by one.
    pub(crate) fn lines(self, columns: &'static [&'static str]) -> Lines {
        Lines { output: self, table: Table::new(columns) }
    }

    /// Prints a list page by page while reading it, up to a limit. Returns whether more entries follow.
    pub(crate) async fn pages<T: Listed>(
        self,
        limit: Option<u32>,
        read: impl AsyncFnMut(&Window) -> denizen_domain::Result<Slice<T>>,
    ) -> anyhow::Result<bool> {
        let mut printer = if self.json { Printer::json() } else { Printer::Table(Table::new(T::COLUMNS)) };
        let goes_on = read_pages(limit, read, |page: Vec<T>| print(&printer.page(&page)?)).await?;
        print(printer.end())?;
        Ok(goes_on)
    }
}

/// Prints entries as they come.
pub(crate) struct Lines {
    output: Output,
    table: Table,
}

impl Lines {
    /// Prints entries, with their cells: a row for each, or its JSON in one line.
    pub(crate) fn print<T, J: Serialize>(
        &mut self,
        entries: Vec<T>,
        cells: impl Fn(&T) -> Vec<String>,
        json: impl Fn(T) -> J,
    ) -> anyhow::Result<()> {
        if !self.output.json {
            let rows: Vec<_> = entries.iter().map(cells).collect();
            return print(&self.table.rows(&rows));
        }
        let mut lines = String::new();
        for entry in entries {
            lines += &serde_json::to_string(&json(entry)).context("cannot write the output as JSON")?;
            lines.push('\n');
        }
        print(&lines)
    }
}

/// Formats a time to the second; `None` is a hyphen.
pub(crate) fn moment(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.as_datetime().format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Formats a boolean for a table.
pub(crate) fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

/// Names the first things and counts the rest.
pub(crate) fn named(mut things: impl ExactSizeIterator<Item = String>) -> String {
    let more = things.len().saturating_sub(NAMED);
    let first = things.by_ref().take(NAMED).collect::<Vec<_>>().join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).context("cannot write the output")
}

/// Returns whether the error is only a closed pipe, as in `denizen … | head`.
pub(crate) fn reader_is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints a list in one of the formats.
enum Printer {
    Table(Table),
    Json { separator: &'static str },
}

impl Printer {
    const fn json() -> Self {
        Self::Json { separator: "[" }
    }

    fn page<T: Listed>(&mut self, items: &[T]) -> anyhow::Result<String> {
        match self {
            Self::Table(table) => Ok(table.rows(&items.iter().map(T::cells).collect::<Vec<_>>())),
            Self::Json { separator } => {
                let mut text = String::new();
                for item in items {
                    // JSON escapes line breaks in strings, so every one here is layout.
                    let element = pretty(&item.json()?)?.replace('\n', "\n  ");
                    write!(text, "{}\n  {element}", std::mem::replace(separator, ","))?;
                }
                Ok(text)
            }
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Table(_) => "",
            Self::Json { separator: "[" } => "[]\n",
            Self::Json { .. } => "\n]\n",
        }
    }
}

/// A table whose columns grow with their content. Rows come in pages; a column never shrinks.
struct Table {
    columns: &'static [&'static str],
    widths: Vec<usize>,
    has_head: bool,
}

impl Table {
    fn new(columns: &'static [&'static str]) -> Self {
        Self { columns, widths: columns.iter().map(|column| column.len()).collect(), has_head: false }
    }

    fn rows(&mut self, rows: &[Vec<String>]) -> String {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let head: Vec<String> = self.columns.iter().map(|&column| column.to_owned()).collect();
        let head = (!std::mem::replace(&mut self.has_head, true)).then_some(&head);
        head.into_iter().chain(&rows).map(|row| self.line(row)).collect()
    }

    fn line(&self, row: &[String]) -> String {
        let padded = row.iter().zip(&self.widths).map(|(cell, &width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    }
}

fn below_each_other(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let lines = fields.iter().map(|(name, value)| format!("{name:width$}  {}", printable(value)));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn pretty(value: &(impl Serialize + ?Sized)) -> anyhow::Result<String> {
    serde_json::to_string_pretty(value).context("cannot write the output as JSON")
}

/// Removes control characters, which could move the cursor or colour the terminal: names come from users.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use denizen_domain::{Json, Position};
    use serde_json::json;

    use super::*;

    struct Word(&'static str);

    impl Listed for Word {
        const COLUMNS: &'static [&'static str] = &["WORD", "LENGTH"];

        fn cells(&self) -> Vec<String> {
            vec![self.0.to_owned(), self.0.len().to_string()]
        }

        fn json(&self) -> anyhow::Result<Json> {
            Ok(json!({ "word": self.0 }).into())
        }

        fn position(&self) -> Position {
            unreachable!("there is only one page")
        }
    }

    #[test]
    fn a_table_has_one_header_and_columns_fit_their_cells() {
        let mut printer = Printer::Table(Table::new(Word::COLUMNS));
        assert_eq!(
            printer.page(&[Word("a"), Word("grünlich")]).unwrap(),
            "WORD      LENGTH\na         1\ngrünlich  9\n"
        );
        assert_eq!(printer.page(&[Word("b")]).unwrap(), "b         1\n");
        assert_eq!(printer.end(), "");
    }

    #[test]
    fn escapes_control_characters() {
        let mut printer = Printer::Table(Table::new(Word::COLUMNS));
        let page = printer.page(&[Word("\u{1b}[31mred\n")]).unwrap();
        assert!(page.contains("\\u{1b}[31mred\\n"), "{page}");
    }

    #[test]
    fn pages_form_one_json_array() {
        let mut printer = Printer::json();
        let mut text = printer.page(&[Word("a"), Word("b\n")]).unwrap();
        text += &printer.page(&[Word("c")]).unwrap();
        text += printer.end();
        let whole = vec![json!({ "word": "a" }), json!({ "word": "b\n" }), json!({ "word": "c" })];
        assert_eq!(text, serde_json::to_string_pretty(&whole).unwrap() + "\n");
    }

    #[test]
    fn an_empty_list_is_an_empty_array() {
        let mut printer = Printer::json();
        assert_eq!(printer.page::<Word>(&[]).unwrap() + printer.end(), "[]\n");
    }

    #[test]
    fn prints_one_field_per_line() {
        let fields = [("id", "1".to_owned()), ("default channel", "2".to_owned())];
        assert_eq!(below_each_other(&fields), "id               1\ndefault channel  2\n");
    }
}
