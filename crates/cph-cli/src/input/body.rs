//! The body of the vendor's own restart request.

use std::collections::BTreeMap;

use cph::RestartTarget;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::Input;

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

pub(super) fn body(text: &str) -> Result<Input, Vec<String>> {
    let body: Body = serde_json::from_str(text).map_err(|error| {
        let mut objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        let is_followed = matches!(objects.next(), Some(Ok(_)))
            && !text[objects.byte_offset()..].trim_start().is_empty();
        vec![if is_followed {
            "there is text after the body".to_owned()
        } else {
            unreadable(&error)
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
    if problems.is_empty() {
        Ok(Input { targets, image: body.image_id, ..Input::default() })
    } else {
        Err(problems)
    }
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
            ..Input::default()
        };
        assert_eq!(body(&text), Ok(expected));
    }

    #[test]
    fn every_unknown_field_is_named_and_no_value_shown() {
        let problems = body(
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
            let problems = body(text).unwrap_err().join("\n");
            assert!(problems.contains(" at line 1 column "), "{text}: {problems}");
            assert!(!problems.contains("13666666666"), "{text}: {problems}");
        }
    }
}
