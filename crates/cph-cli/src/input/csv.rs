//! CSV with a header line.

use std::collections::HashSet;

use csv::StringRecord;
use serde_json::Value;

use super::{
    Input,
    columns::Column,
    table::{Lines, Table},
};

/// Reads from the header on, which stands on this line of the file.
pub(super) fn read(text: &str, header_line: usize) -> Result<Input, Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut table, mut lines) = (Table::default(), Lines::of(text, header_line));
    let mut names: Option<Vec<String>> = None;
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| vec![error.to_string()])? {
        let line = lines.next_row(&['\r', '\n']);
        let end = usize::try_from(reader.position().byte()).unwrap_or(text.len());
        // A cell that does not end swallows rows.
        if lines.pass(end - (text.len() - lines.rest.len())).matches('"').count() % 2 == 1 {
            table.problem(&format!("line {line}"), "a quotation mark is missing");
        }
        if let Some(names) = &names {
            row(names, &record, line, &mut table);
        } else {
            names = header(&record, line, &mut table);
            if names.is_none() {
                break;
            }
        }
    }
    table.finish()
}

/// The names of the columns. Without them, or with one twice, no row can be understood.
fn header(record: &StringRecord, line: usize, table: &mut Table) -> Option<Vec<String>> {
    let place = format!("line {line}");
    let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    // What is no header may hold values, which are not shown.
    if !names.iter().any(|name| name.eq_ignore_ascii_case("phone_id")) {
        table.problem(
            &place,
            "it looks like CSV, whose first line must name the columns, phone_id among them, separated by commas",
        );
        return None;
    }
    let mut seen = HashSet::new();
    for name in &names {
        if !seen.insert(name.as_str()) {
            table.problem(&place, &format!("{}: the column stands twice", name.escape_debug()));
        }
        table.column(name, &place);
    }
    (seen.len() == names.len() && seen.contains("phone_id")).then_some(names)
}

fn row(names: &[String], record: &StringRecord, line: usize, table: &mut Table) {
    let place = format!("line {line}");
    if record.len() != names.len() {
        let problem = format!("it has {} cells, the header has {}", record.len(), names.len());
        return table.problem(&place, &problem);
    }
    for (name, cell) in names.iter().zip(record) {
        let changes_nothing = matches!(table.column(name, &place), None | Some(Column::Ignored));
        if cell.contains(['\r', '\n']) && !changes_nothing {
            let problem =
                format!("{name}: the cell has several lines; is a quotation mark missing?");
            table.problem(&place, &problem);
        }
    }
    table.row(line, names.iter().cloned().zip(record.iter().map(Value::from)));
}

#[cfg(test)]
mod tests {
    use cph::{Properties, RestartTarget};

    use super::*;

    #[test]
    fn rows_become_targets_with_the_lines_that_they_begin_on() {
        for end in ["\n", "\r\n"] {
            let text = [
                "phone_id,phone_name, set_image_id ,imsi,property.my.key",
                "one,\"a\nb\",,,",
                "",
                "two,c,image,460021624617113,\" spaces, \"\"quotes\"\" \"",
                " three ,,,,\"\"",
            ];
            let input = read(&text.join(end), 3).unwrap();
            let properties = Properties::new()
                .set("imsi", "460021624617113")
                .set("my.key", " spaces, \"quotes\" ");
            let expected = [
                RestartTarget::new("one"),
                RestartTarget::new("two").image("image").properties(properties),
                RestartTarget::new("three"),
            ];
            assert_eq!(input.targets, expected);
            assert_eq!(input.lines, [4, 7, 8], "{end:?}");
            assert_eq!(input.ignored, ["phone_name"]);
        }
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "phone_id,imsi,set_imge_id,property.imsi,wifi_name\n\
                    ,13666666666,,,\n\
                    one,13666666666\n\
                    two,,,,\"13666666666\nthree,,,,\"\n\
                    four,\"13666666666,,,\nfive,,,,\n";
        let expected = [
            "line 1: set_imge_id: no such column; did you mean set_image_id?",
            "line 1: property.imsi and imsi set the same property; leave one of them out",
            "line 2: there is no phone_id",
            "line 3: it has 2 cells, the header has 5",
            "line 4: wifi_name: the cell has several lines; is a quotation mark missing?",
            "line 6: a quotation mark is missing",
            "line 6: it has 2 cells, the header has 5",
        ];
        assert_eq!(read(text, 1).unwrap_err(), expected);
    }

    #[test]
    fn rows_under_an_unusable_header_are_not_looked_at() {
        for (text, says) in [
            ("phone_id,imsi,imsi\none,1,1\n", "line 1: imsi: the column stands twice"),
            ("Phone_ID,imsi\none,1\n", "line 1: Phone_ID: no such column; did you mean phone_id?"),
            (
                "13666666666,one\n1,2\n",
                "line 1: it looks like CSV, whose first line must name the columns, phone_id among them, separated by commas",
            ),
        ] {
            assert_eq!(read(text, 1).unwrap_err(), [says]);
        }
    }
}
