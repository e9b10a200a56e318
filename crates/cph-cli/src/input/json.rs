//! Tables as JSON Lines, or as a JSON array.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::{
    Input,
    table::{Lines, Table},
};

/// What JSON allows between values.
const SPACE: &[char] = &[' ', '\t', '\r', '\n'];

/// Whether a text that begins with an object is the vendor's body.
pub(super) fn is_body(text: &str) -> bool {
    match serde_json::Deserializer::from_str(text).into_iter::<Row>().next() {
        Some(Ok(Row(fields))) => fields.iter().any(|(name, _)| name == "phones"),
        _ => text.contains("\"phones\""),
    }
}

/// One object for each phone, on a line of its own or on several.
pub(super) fn lines(text: &str) -> Result<Input, Vec<String>> {
    objects(Lines::of(text, 1), SPACE)
}

/// The same in an array.
pub(super) fn array(text: &str) -> Result<Input, Vec<String>> {
    if let Err(error) = serde_json::from_str::<Vec<IgnoredAny>>(text) {
        return Err(vec![format!(
            "it is no JSON at line {} column {}",
            error.line(),
            error.column()
        )]);
    }
    // So the brackets and commas are where they belong.
    let text = text.trim_end();
    let mut lines = Lines::of(text.strip_suffix(']').unwrap_or(text), 1);
    lines.next_row(SPACE);
    lines.pass("[".len());
    objects(lines, &[SPACE, &[',']].concat())
}

fn objects(mut lines: Lines<'_>, between: &[char]) -> Result<Input, Vec<String>> {
    let mut table = Table::default();
    loop {
        let line = lines.next_row(between);
        let mut rows = serde_json::Deserializer::from_str(lines.rest).into_iter::<Row>();
        let bytes = match rows.next() {
            None => break table.finish(),
            Some(Ok(Row(fields))) => {
                table.row(line, fields);
                rows.byte_offset()
            }
            Some(Err(_)) => {
                table.problem(&format!("line {line}"), "it is no JSON object");
                lines.rest.find('\n').unwrap_or(lines.rest.len())
            }
        };
        lines.pass(bytes);
    }
}

/// The members of an object as they stand, doubled ones included.
struct Row(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Row(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use cph::{Properties, RestartTarget};
    use proptest::{collection::vec, option, prelude::*};

    use crate::input::parse;

    #[test]
    fn objects_become_targets_with_the_lines_that_they_begin_on() {
        let objects = [
            r#"{"phone_id":"one","phone_name":null,"type":1,"access_infos":[{"type":"adb"}],"imsi":null}"#,
            "",
            "{\n \"phone_id\": \"two\",\n \"set_image_id\": \"image\",\n \"imsi\": 460021624617113}",
            r#"{"phone_id":" three ","set_image_id":"","property.my.key":" \n","com.cph.bandwidth_limit":-1}"#,
        ];
        let expected = [
            RestartTarget::new("one"),
            RestartTarget::new("two")
                .image("image")
                .properties(Properties::new().set("imsi", "460021624617113")),
            RestartTarget::new("three").properties(
                Properties::new().set("my.key", " \n").set("com.cph.bandwidth_limit", "-1"),
            ),
        ];
        let array = format!("[{}\n]\n", objects.join(",\n").replace(",\n,", ",\n"));
        for text in [objects.join("\n"), objects.join("\r\n"), array] {
            let input = parse(&text).unwrap();
            assert_eq!(input.targets, expected, "{text}");
            assert_eq!(input.lines, [1, 3, 7], "{text}");
            assert_eq!(input.ignored, ["phone_name", "type", "access_infos"]);
        }
    }

    #[test]
    fn every_problem_is_told_with_its_line_and_without_values() {
        let text = r#"{"phone_id":"one","imsi":13666666666.5}
{"phone_id":13666666666,"set_image_id":["13666666666"]}
{"phone_id":"13666666666
{"phone_id":"two","com.cph.mainkeys":true,"wifi_name":{},"wifi_name":"13666666666"}
"13666666666"
{"phone_id":"three","property.imsi":"13666666666","set_imge_id":"13666666666"}
{"phone_id":"","set_imge_id":"13666666666","iccid":89860012345678901234}"#;
        let expected = [
            "line 1: imsi: its digits may get lost in a number; write it as a string",
            "line 2: phone_id: it is no string",
            "line 2: set_image_id: it is no string",
            "line 2: there is no phone_id",
            "line 3: it is no JSON object",
            "line 4: com.cph.mainkeys: true and false are no property values; write a string, such as \"1\"",
            "line 4: wifi_name: it is no string",
            "line 4: wifi_name: it stands twice",
            "line 5: it is no JSON object",
            "line 6: property.imsi and imsi set the same property; leave one of them out",
            "line 6: set_imge_id: no such column; did you mean set_image_id?",
            "line 7: iccid: its digits may get lost in a number; write it as a string",
            "line 7: there is no phone_id",
        ];
        assert_eq!(parse(text).unwrap_err(), expected);
        let syntax = parse("[{\"phone_id\":\"one\"}\n{\"phone_id\":\"two\"}]").unwrap_err();
        assert_eq!(syntax, ["it is no JSON at line 2 column 1"]);
        let nested = parse("\n[ [{\"phone_id\":\"one\"}] ]").unwrap_err();
        assert_eq!(nested, ["line 2: it is no JSON object"]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(
            start in prop_oneof![Just(""), Just("phone_id\n"), Just("phone_id,imsi\r\n"), Just("["), Just("{\"phone_id\":")],
            text in "[\"\r\n,a{}\\[\\]: é#]{0,40}",
        ) {
            let _either = parse(&format!("{start}{text}"));
        }

        #[test]
        fn csv_json_lines_and_an_array_say_the_same(
            rows in vec(("[a-z0-9]{1,8}", vec(option::of("[^\r\n]{0,6}"), 4)), 1..8),
            first in 0..5_usize,
            crlf: bool,
        ) {
            let mut names = vec!["set_image_id", "imsi", "property.my.key", "phone_name"];
            names.insert(first, "phone_id");
            let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut table = csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
            table.write_record(&names).unwrap();
            let mut objects = Vec::new();
            for (id, cells) in &rows {
                let mut cells = cells.clone();
                cells.insert(first, Some(id.clone()));
                table.write_record(cells.iter().map(|cell| cell.as_deref().unwrap_or_default())).unwrap();
                let fields: Vec<String> = names.iter().zip(&cells).map(|(name, cell)| {
                    format!("{}:{}", serde_json::json!(name), serde_json::json!(cell))
                }).collect();
                objects.push(format!("{{{}}}", fields.join(",")));
            }
            let csv = parse(&String::from_utf8(table.into_inner().unwrap()).unwrap()).unwrap();
            prop_assert_eq!(csv.targets.len(), rows.len());
            for text in [objects.join("\n"), format!("[\n{}\n]", objects.join(",\n"))] {
                let json = parse(&text).unwrap();
                prop_assert_eq!(&json.targets, &csv.targets);
                prop_assert_eq!(&json.ignored, &csv.ignored);
            }
        }
    }
}
