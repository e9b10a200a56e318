//! Data on standard output: a table for people, JSON, JSON Lines or CSV for programs.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{console, settings::Settings};

/// How the data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For reading
    #[default]
    Table,
    /// One JSON array, or one object where there is only one thing to show
    Json,
    /// One JSON object on each line
    Jsonl,
    /// With a header line
    Csv,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// A JSON object on each line
    Json,
}

/// Which fields of a record stand where.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// Every field, in the order of CSV and of a single record.
    pub(crate) all: Cow<'static, [&'static str]>,
    /// Those that a table shows.
    pub(crate) table: Cow<'static, [&'static str]>,
    /// Widths of the columns, where rows must be shown before all are known; the last column has none.
    pub(crate) widths: Option<&'static [usize]>,
}

impl Fields {
    /// Rows that can wait for each other.
    pub(crate) const fn new(all: &'static [&'static str], table: &'static [&'static str]) -> Self {
        Self { all: Cow::Borrowed(all), table: Cow::Borrowed(table), widths: None }
    }
}

/// Writes records one by one.
pub(crate) struct Records {
    format: Format,
    color: bool,
    fields: Fields,
    written: usize,
    /// Rows of a table that waits until all are known.
    rows: Vec<Vec<String>>,
}

impl Records {
    pub(crate) fn new(fields: Fields, settings: &Settings) -> Self {
        Self {
            format: settings.format,
            color: settings.color,
            fields,
            written: 0,
            rows: Vec::new(),
        }
    }

    /// Writes what precedes the first record; otherwise that happens with the record.
    pub(crate) fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match (self.format, self.fields.widths) {
            (Format::Json, _) => out.write_all(b"["),
            (Format::Csv, _) => csv_row(out, &self.fields.all),
            (Format::Table, Some(widths)) => {
                let titles: Vec<String> =
                    self.fields.table.iter().map(|name| title(name)).collect();
                out.write_all(fixed(&titles, widths, false).as_bytes())
            }
            _ => Ok(()),
        }?;
        out.flush()
    }

    pub(crate) fn write(&mut self, out: &mut dyn Write, record: &impl Serialize) -> io::Result<()> {
        match self.format {
            Format::Table => {
                let row = cells(&object(record)?, &self.fields.table);
                let row: Vec<String> = row.iter().map(|cell| printable(cell)).collect();
                match self.fields.widths {
                    Some(widths) => out.write_all(fixed(&row, widths, self.color).as_bytes())?,
                    None => self.rows.push(row),
                }
            }
            Format::Json => {
                out.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut *out, record)?;
            }
            Format::Jsonl => {
                serde_json::to_writer(&mut *out, record)?;
                out.write_all(b"\n")?;
            }
            Format::Csv => csv_row(out, &cells(&object(record)?, &self.fields.all))?,
        }
        self.written += 1;
        out.flush()
    }

    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Json => out.write_all(if self.written == 0 { b"]\n" } else { b"\n]\n" }),
            Format::Table if self.fields.widths.is_none() => {
                let titles = self.fields.table.iter().map(|name| title(name));
                let rows = std::mem::take(&mut self.rows);
                aligned(out, std::iter::once(titles.collect()).chain(rows))
            }
            _ => Ok(()),
        }?;
        out.flush()
    }
}

/// Writes the only record there is: in a table one line for each field that has a value.
pub(crate) fn show(
    out: &mut dyn Write,
    record: &impl Serialize,
    names: &[&str],
    settings: &Settings,
) -> io::Result<()> {
    match settings.format {
        Format::Table => {
            let object = object(record)?;
            let lines = names.iter().flat_map(|name| {
                let values = match object.get(*name) {
                    Some(Value::Array(items)) => items.iter().map(cell).collect(),
                    Some(Value::Object(object)) if object.is_empty() => Vec::new(),
                    value => vec![value.map(cell).unwrap_or_default()],
                };
                let given = values.into_iter().filter(|value| !value.is_empty());
                given.map(|value| vec![(*name).to_owned(), printable(&value)]).collect::<Vec<_>>()
            });
            aligned(out, lines)
        }
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, record)?;
            out.write_all(b"\n")
        }
        Format::Jsonl => {
            serde_json::to_writer(&mut *out, record)?;
            out.write_all(b"\n")
        }
        Format::Csv => {
            csv_row(out, names)?;
            csv_row(out, &cells(&object(record)?, names))
        }
    }?;
    out.flush()
}

fn object(record: &impl Serialize) -> io::Result<Map<String, Value>> {
    match serde_json::to_value(record)? {
        Value::Object(object) => Ok(object),
        _ => Err(io::Error::other("a record is an object")),
    }
}

fn cells(object: &Map<String, Value>, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| object.get(*name).map(cell).unwrap_or_default()).collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Without the end of a line too, which would end the row.
fn printable(text: &str) -> String {
    console::printable(text).replace('\n', "\u{fffd}")
}

/// `phone_id` as the head of a column.
fn title(name: &str) -> String {
    name.to_uppercase().replace('_', " ")
}

fn csv_row<T: AsRef<[u8]>>(out: &mut dyn Write, cells: &[T]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(cells)?;
    writer.flush()
}

fn aligned(out: &mut dyn Write, rows: impl IntoIterator<Item = Vec<String>>) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn fixed(row: &[String], widths: &[usize], color: bool) -> String {
    let cells = row.iter().enumerate().map(|(place, cell)| {
        let padded = format!("{cell:<width$}", width = widths.get(place).copied().unwrap_or(0));
        match paint(cell).filter(|_| color) {
            Some(code) => format!("\u{1b}[{code}m{padded}\u{1b}[0m"),
            None => padded,
        }
    });
    format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
}

/// The colour of an outcome.
fn paint(word: &str) -> Option<u8> {
    match word {
        "done" => Some(32),
        "refused" | "failed" | "not_sent" => Some(31),
        "unconfirmed" | "still_running" => Some(33),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FREE: Option<&[usize]> = None;
    const FIXED: Option<&[usize]> = Some(&[4, 6]);

    fn written(
        widths: Option<&'static [usize]>,
        format: Format,
        color: bool,
        records: &[Value],
    ) -> String {
        let settings = Settings {
            format,
            color,
            quiet: false,
            verbose: 0,
            show_personal: false,
            call_timeout: None,
            wire_log: None,
        };
        let fields = Fields { widths, ..Fields::new(&["id", "name"], &["id", "name"]) };
        let (mut out, mut writer) = (Vec::new(), Records::new(fields, &settings));
        writer.begin(&mut out).unwrap();
        for record in records {
            writer.write(&mut out, record).unwrap();
        }
        writer.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_format_holds_the_same_records() {
        let records = [json!({"id": "a", "name": "x,\ny"}), json!({"id": 2, "name": null})];
        let check = |widths, format, expected: &str| {
            assert_eq!(written(widths, format, false, &records), expected);
        };
        check(FREE, Format::Table, "ID  NAME\na   x,\u{fffd}y\n2\n");
        check(FIXED, Format::Table, "ID    NAME\na     x,\u{fffd}y\n2\n");
        check(FREE, Format::Csv, "id,name\na,\"x,\ny\"\n2,\n");
        check(
            FREE,
            Format::Jsonl,
            "{\"id\":\"a\",\"name\":\"x,\\ny\"}\n{\"id\":2,\"name\":null}\n",
        );
        check(
            FREE,
            Format::Json,
            "[\n{\"id\":\"a\",\"name\":\"x,\\ny\"},\n{\"id\":2,\"name\":null}\n]\n",
        );
    }

    #[test]
    fn no_record_at_all_is_still_well_formed() {
        let check = |widths, format, expected: &str| {
            assert_eq!(written(widths, format, false, &[]), expected);
        };
        check(FREE, Format::Table, "ID  NAME\n");
        check(FIXED, Format::Table, "ID    NAME\n");
        check(FREE, Format::Csv, "id,name\n");
        check(FREE, Format::Jsonl, "");
        check(FREE, Format::Json, "[]\n");
    }

    #[test]
    fn a_colour_surrounds_the_word_and_its_padding() {
        let line = written(FIXED, Format::Table, true, &[json!({"id": "done", "name": "x"})]);
        assert!(line.ends_with("\u{1b}[32mdone\u{1b}[0m  x\n"), "{line:?}");
    }
}
