//! Phones from a file: ids, a table of phones, or the body of the vendor's own request. What it is shows in its text.

mod body;
mod columns;
mod csv;
mod json;
mod run;
mod table;

use std::path::Path;

use cph::RestartTarget;

use crate::{Console, exit::Failure};

/// What a file names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) targets: Vec<RestartTarget>,
    /// The image of the vendor's body, which is that of all phones.
    pub(crate) image: Option<String>,
    /// Lines on which the targets stand, where they have lines of their own.
    lines: Vec<usize>,
    /// Columns that change nothing, and what to do about some.
    ignored: Vec<String>,
}

/// A file that phones were read from, as it is spoken of.
#[derive(Debug)]
pub(crate) struct Source {
    name: String,
    lines: Vec<usize>,
}

impl Source {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A problem of the library's, with the file and the line if it is about a phone.
    pub(crate) fn locate(&self, problem: &str) -> String {
        let Some((place, problem_of_phone)) =
            problem.strip_prefix("phone ").and_then(|rest| rest.split_once(": "))
        else {
            return problem.to_owned();
        };
        let place_before = place.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
        match place_before.and_then(|place| self.lines.get(place)) {
            Some(line) => format!("{}: line {line} (phone {place}): {problem_of_phone}", self.name),
            None => format!("{}: {problem}", self.name),
        }
    }
}

pub(crate) use run::{Recorded, is_run_file};

/// Reads phones from a file. Unless `quiet`, a note says which of its columns change nothing.
pub(crate) fn read(
    path: &Path,
    quiet: bool,
    console: &mut Console<'_>,
) -> Result<(Source, Input), Failure> {
    let (name, text) = text(path, console)?;
    if is_run_file(&text) {
        return Err(Failure::usage(format!(
            "{name} is a run file: say with --only which of its phones are meant, such as --only failed,not_sent; \
             nothing was sent"
        )));
    }
    let named = |problem: String| format!("{name}: {problem}");
    let mut input = parse(&text)
        .map_err(|problems| Failure::Usage(problems.into_iter().map(named).collect()))?;
    if !quiet && !input.ignored.is_empty() {
        console.note(format_args!("{name}: ignored: {}", input.ignored.join(", ")));
    }
    Ok((Source { name, lines: std::mem::take(&mut input.lines) }, input))
}

/// The text of a file, or of standard input for `-`, after the name by which it is spoken of.
pub(crate) fn text(path: &Path, console: &mut Console<'_>) -> Result<(String, String), Failure> {
    let mut text = String::new();
    let name = if path == Path::new("-") {
        console.input.read_to_string(&mut text).map(|_| "standard input".to_owned())
    } else {
        std::fs::read_to_string(path).map(|read| {
            text = read;
            path.display().to_string()
        })
    };
    let name = name
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    Ok((name, text.trim_start_matches('\u{feff}').to_owned()))
}

fn parse(text: &str) -> Result<Input, Vec<String>> {
    let input = match text.trim_start().as_bytes().first() {
        Some(b'{') if json::is_body(text) => body::body(text)?,
        Some(b'{') => json::lines(text)?,
        Some(b'[') => json::array(text)?,
        _ => lines(text)?,
    };
    if input.targets.is_empty() {
        return Err(vec!["it names no phone".to_owned()]);
    }
    Ok(input)
}

/// CSV, or one id on each line. Which one is told by the first line that is not empty and no comment.
fn lines(text: &str) -> Result<Input, Vec<String>> {
    let mut start = 0;
    let lines = (1..).zip(text.split_inclusive('\n')).map(|(number, line)| {
        start += line.len();
        (number, line.trim(), start - line.len())
    });
    let mut lines =
        lines.filter(|(_, line, _)| !line.is_empty() && !line.starts_with('#')).peekable();
    let Some(&(number, first, start)) = lines.peek() else {
        return Ok(Input::default());
    };
    if first.starts_with("PHONE ID") || first.starts_with("phone_id ") && !first.contains(',') {
        return Err(vec![
            "it is a table for people, which shows neither all nor always whole values; \
             print it with --format csv, json or jsonl"
                .to_owned(),
        ]);
    }
    if first.contains([',', ';', '\t']) || first.trim_matches('"').eq_ignore_ascii_case("phone_id")
    {
        return csv::read(&text[start..], number);
    }
    if columns::is_column(first) {
        return Err(vec![format!(
            "line {number}: {first} is the head of a column, and there is no phone_id; nothing was sent"
        )]);
    }
    let (lines, targets) = lines.map(|(number, id, _)| (number, RestartTarget::from(id))).collect();
    Ok(Input { targets, lines, ..Input::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_skips_empty_lines_and_comments() {
        let input = parse("# the rack on the left\n\n  one \r\ntwo\n").unwrap();
        assert_eq!(input.targets, [RestartTarget::new("one"), RestartTarget::new("two")]);
        assert_eq!(input.lines, [3, 4]);
    }

    #[test]
    fn a_problem_is_located_as_far_as_it_can_be() {
        let source = Source { name: "fleet.csv".to_owned(), lines: vec![2, 4] };
        for (problem, located) in [
            ("phone 2: it: is bad", "fleet.csv: line 4 (phone 2): it: is bad"),
            ("phone 3: it is bad", "fleet.csv: phone 3: it is bad"),
            ("phone 0: it is bad", "fleet.csv: phone 0: it is bad"),
            ("max-down is 0", "max-down is 0"),
        ] {
            assert_eq!(source.locate(problem), located);
        }
    }

    #[test]
    fn what_is_none_of_the_forms_is_refused_and_named() {
        for (text, says) in [
            ("", "names no phone"),
            ("# nobody\n", "names no phone"),
            ("phone_id\n", "names no phone"),
            ("[]", "names no phone"),
            (r#"{"phones":[]}"#, "names no phone"),
            ("PHONE ID  PHONE NAME\none       x\n", "--format csv, json or jsonl"),
            ("phone_id    one\nphone_name  x\n", "--format csv, json or jsonl"),
            ("one\tx\n", "separated by commas"),
            ("phone_id;imsi\n", "separated by commas"),
            ("one,13666666666\n", "must name the columns, phone_id among them"),
            (r#"{"phones":[{"phone_id":"one"}]} one"#, "text after the body"),
            ("{\"phones\":\n[", "no JSON at line 2 column 1"),
            (r#"{"phones":[{"phone_id":"one","phone_id":"two"}]}"#, "duplicate field `phone_id`"),
            (r#"{"phones":[{"property":"{}"}]}"#, "missing field `phone_id`"),
            (r#"{"imsi":"1"}"#, "line 1: there is no phone_id"),
            ("[\n\"13666666666\"]", "line 2: it is no JSON object"),
        ] {
            let problems = parse(text).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(says), "{text}: {problems:?}");
            assert!(!problems[0].contains("13666666666"), "{text}: {problems:?}");
        }
    }
}
