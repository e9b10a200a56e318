//! Phones from a file: ids, or the body of the vendor's own request.

use std::{collections::BTreeMap, path::Path};

use cph::RestartTarget;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{Console, exit::Failure};

/// What a file names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) targets: Vec<RestartTarget>,
    pub(crate) image: Option<String>,
}

/// Reads a file, or standard input for `-`, and says under which name to speak of it.
pub(crate) fn read(path: &Path, console: &mut Console<'_>) -> Result<(String, Input), Failure> {
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
    let named = |problem: String| format!("{name}: {problem}");
    match parse(text.trim_start_matches('\u{feff}')) {
        Ok(input) => Ok((name, input)),
        Err(problems) => Err(Failure::Usage(problems.into_iter().map(named).collect())),
    }
}

fn parse(text: &str) -> Result<Input, Vec<String>> {
    let input = match text.trim_start().as_bytes().first() {
        Some(b'{') => body(text)?,
        Some(b'[') => {
            return Err(vec![
                "a JSON array says nothing here; give ids, one on each line, or the body {\"phones\": […]}".to_owned(),
            ]);
        }
        _ => ids(text)?,
    };
    if input.targets.is_empty() {
        return Err(vec!["it names no phone".to_owned()]);
    }
    Ok(input)
}

/// One id on each line.
fn ids(text: &str) -> Result<Input, Vec<String>> {
    let lines = text.lines().map(str::trim);
    let ids: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let is_csv = |first: &&str| {
        first.contains([',', ';', '\t']) || first.trim_matches('"').eq_ignore_ascii_case("phone_id")
    };
    match ids.first() {
        Some(first) if is_csv(first) => Err(vec![
            "it looks like CSV, which is not read here; give ids alone, one on each line"
                .to_owned(),
        ]),
        _ => Ok(Input { targets: ids.into_iter().map(RestartTarget::from).collect(), image: None }),
    }
}

/// The vendor's body. Values stay out of messages: a property is full of personal ones.
#[derive(Deserialize)]
struct Body {
    phones: Vec<BodyPhone>,
    image_id: Option<String>,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct BodyPhone {
    phone_id: String,
    property: Option<Value>,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

fn body(text: &str) -> Result<Input, Vec<String>> {
    let body: Body = serde_json::from_str(text).map_err(|error| {
        let mut objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        let rest = match objects.next() {
            Some(Ok(_)) => text[objects.byte_offset()..].trim_start(),
            _ => "",
        };
        vec![if rest.starts_with('{') {
            "it looks like JSON Lines, which is not read here; give ids, or one body {\"phones\": […]}".to_owned()
        } else if rest.is_empty() {
            unreadable(&error)
        } else {
            "there is text after the body".to_owned()
        }]
    })?;
    let unknown_field = |whose: String, name: &String| {
        format!("{whose} has the field `{name}`, which the vendor's request does not have")
    };
    let mut problems: Vec<String> =
        body.unknown.keys().map(|name| unknown_field("the body".to_owned(), name)).collect();
    let mut targets = Vec::with_capacity(body.phones.len());
    for (place, phone) in (1..).zip(body.phones) {
        problems
            .extend(phone.unknown.keys().map(|name| unknown_field(format!("phone {place}"), name)));
        let target = RestartTarget::new(phone.phone_id);
        targets.push(match phone.property {
            None => target,
            Some(Value::String(text)) => target.property_text(text),
            Some(_) => {
                problems.push(format!(
                    "phone {place}: property is no text; the vendor takes a JSON object written as a string"
                ));
                target
            }
        });
    }
    if problems.is_empty() { Ok(Input { targets, image: body.image_id }) } else { Err(problems) }
}

/// What is wrong and where. Of serde's own words only those that name a field of ours: the others quote values.
fn unreadable(error: &serde_json::Error) -> String {
    let words = error.to_string();
    if words.starts_with("missing field `") || words.starts_with("duplicate field `") {
        return format!("it is no restart request of the vendor's: {words}");
    }
    let problem = if error.is_data() {
        "it is no restart request of the vendor's, which reads \
         {\"phones\": [{\"phone_id\": \"…\", \"property\": \"…\"}], \"image_id\": \"…\"}; it departs from that"
    } else {
        "it is no JSON"
    };
    format!("{problem} at line {} column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_keeps_its_property_texts_byte_for_byte() {
        let property = "{ \"b\":\"1\",\\u0022a\\u0022:\"é\"}";
        let text = format!(
            "\n{{\"image_id\":\"i\",\"phones\":[{{\"phone_id\":\"p\",\"property\":{}}},{{\"phone_id\":\"q\"}}]}}\n",
            serde_json::json!(property)
        );
        let expected = Input {
            targets: vec![RestartTarget::new("p").property_text(property), RestartTarget::new("q")],
            image: Some("i".to_owned()),
        };
        assert_eq!(parse(&text), Ok(expected));
    }

    #[test]
    fn a_list_skips_empty_lines_and_comments() {
        let input = parse("# the rack on the left\n\n  one \r\ntwo\n").unwrap();
        assert_eq!(input.targets, [RestartTarget::new("one"), RestartTarget::new("two")]);
    }

    #[test]
    fn what_is_neither_is_refused_and_named() {
        for (text, says) in [
            ("", "names no phone"),
            ("# nobody\n", "names no phone"),
            (r#"{"phones":[]}"#, "names no phone"),
            ("phone_id\none\n", "looks like CSV"),
            ("phone_id,image_id\n", "looks like CSV"),
            ("\"Phone_ID\"\none\n", "looks like CSV"),
            ("one\tx\n", "looks like CSV"),
            ("one;x\n", "looks like CSV"),
            (r#"{"phones":[{"phone_id":"one"}]} one"#, "text after the body"),
            ("{\"phones\":\n[", "no JSON at line 2 column 1"),
            ("[\"one\"]", "a JSON array"),
            ("{\"phone_id\":\"one\"}\n{\"phone_id\":\"two\"}\n", "looks like JSON Lines"),
            (r#"{"phone_id":"one"}"#, "missing field `phones`"),
            (r#"{"phones":[{"phone_id":"one","phone_id":"two"}]}"#, "duplicate field `phone_id`"),
            (r#"{"phones":[{"property":"{}"}]}"#, "missing field `phone_id`"),
        ] {
            let problems = parse(text).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(says), "{text}: {problems:?}");
        }
    }

    #[test]
    fn every_unknown_field_is_named_and_no_value_shown() {
        let problems = parse(
            r#"{"phones":[{"phone_id":"one","name":"x"},{"phone_id":"two","property":13666666666}],"image":"i"}"#,
        )
        .unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].starts_with("the body has the field `image`"), "{problems:?}");
        assert!(problems[1].starts_with("phone 1 has the field `name`"), "{problems:?}");
        assert!(problems[2].starts_with("phone 2: property is no text"), "{problems:?}");
    }

    #[test]
    fn a_body_of_another_form_is_refused_without_its_values() {
        for text in [
            r#"{"phones":["{\"phone_num\":\"13666666666\"}"]}"#,
            r#"{"phones":"13666666666"}"#,
            r#"{"phones":[{"phone_id":13666666666}]}"#,
            r#"{"phones":[{"phone_id":"one"}],"image_id":13666666666}"#,
            r#"{"phones":[{"phone_id":"one","property":"13666666666]}"#,
        ] {
            let problems = parse(text).unwrap_err().join("\n");
            assert!(problems.contains(" at line 1 column "), "{text}: {problems}");
            assert!(!problems.contains("13666666666"), "{text}: {problems}");
        }
    }
}
