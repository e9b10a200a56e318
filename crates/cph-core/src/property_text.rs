//! The `property` field as it stands on the wire.

use std::{collections::HashSet, fmt, sync::Arc};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::{
    Properties, PropertyKey, is_personal,
    properties::json,
    redact::{MASK, mask_under},
};

/// A `property` text: JSON in a string, kept byte for byte.
///
/// `Debug` tells the size only, `Display` and [`masked`](Self::masked) hide [personal](crate::is_personal) values;
/// [`as_str`](Self::as_str) and serialising give the text itself.
///
/// ```
/// use cph_core::PropertyText;
///
/// let text = PropertyText::new(r#"{"sys.prop.writeimsi":"460021624617113","my.key":"blue"}"#);
/// assert_eq!(text.parse()?.get("my.key"), Some("blue"));
/// assert_eq!(text.to_string(), r#"{"sys.prop.writeimsi":"***","my.key":"blue"}"#);
/// assert_eq!(format!("{text:?}"), "PropertyText(2 keys, 56 bytes)");
/// # Ok::<(), cph_core::PropertyError>(())
/// ```
#[derive(
    Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[schemars(description = "A JSON object as text.", extend("contentMediaType" = "application/json"))]
#[serde(transparent)]
pub struct PropertyText(Arc<str>);

impl PropertyText {
    /// Takes the text as it is; [`check`](Self::check) says what is wrong with it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The text, byte for byte.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its length in bytes: of the text itself, before the quotes in it are escaped for the body of a request.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no text at all, as in the answer for a phone without properties.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys and values. An empty text has none; of a key that stands twice the last value counts.
    pub fn parse(&self) -> Result<Properties, PropertyError> {
        if self.is_empty() {
            return Ok(Properties::new());
        }
        Ok(self.entries()?.0.into_iter().collect())
    }

    /// Holds the text against the rules, and names every problem: no JSON object (nothing at all is none), more than `max_bytes` (counted as
    /// [`len`](Self::len) does), a key twice, a value that breaks the rule of its key.
    pub fn check(&self, max_bytes: usize) -> Result<(), Vec<PropertyProblem>> {
        let mut problems = Vec::new();
        if self.len() > max_bytes {
            problems.push(PropertyProblem::TooLong { bytes: self.len(), max_bytes });
        }
        match self.entries() {
            Err(error) => problems.push(PropertyProblem::Malformed(error)),
            Ok(Entries(entries)) => {
                let mut seen = HashSet::new();
                for (key, value) in &entries {
                    if !seen.insert(key) {
                        problems.push(PropertyProblem::DuplicateKey { key: key.clone() });
                    }
                    problems.extend(PropertyProblem::of_value(key, value));
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The text with `***` in place of every personal value, and in place of the whole where it is no JSON object.
    pub fn masked(&self) -> String {
        match self.entries() {
            _ if self.is_empty() => String::new(),
            Ok(entries) => json(&entries),
            Err(_) => MASK.to_owned(),
        }
    }

    fn entries(&self) -> Result<Entries, PropertyError> {
        serde_json::from_str(&self.0).map_err(|error| PropertyError {
            is_json: error.is_data(),
            line: error.line(),
            column: error.column(),
        })
    }
}

/// The members of a JSON object as they stand, doubled keys included; written with personal values masked.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl serde::Serialize for Entries {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, mask_under(key, value))))
    }
}

impl fmt::Debug for PropertyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entries() {
            Ok(Entries(entries)) => {
                write!(f, "PropertyText({} keys, {} bytes)", entries.len(), self.len())
            }
            Err(_) => write!(f, "PropertyText(no JSON object, {} bytes)", self.len()),
        }
    }
}

impl fmt::Display for PropertyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl From<&Properties> for PropertyText {
    fn from(properties: &Properties) -> Self {
        properties.to_text()
    }
}

impl From<Properties> for PropertyText {
    fn from(properties: Properties) -> Self {
        properties.to_text()
    }
}

/// A property text that is no JSON object. It tells the place and never the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the property text is no JSON{} at line {line} column {column}", if *is_json { " object" } else { "" })]
pub struct PropertyError {
    is_json: bool,
    line: usize,
    column: usize,
}

impl PropertyError {
    /// Line of the text where reading stopped, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Column of that line, in bytes.
    pub fn column(&self) -> usize {
        self.column
    }
}

/// One thing wrong with properties. It never holds a personal value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertyProblem {
    /// The text is no JSON object.
    #[error(transparent)]
    Malformed(PropertyError),
    /// The text is too long for the call.
    #[error("the property text has {bytes} bytes, at most {max_bytes} are allowed")]
    TooLong {
        /// What it has.
        bytes: usize,
        /// What is allowed.
        max_bytes: usize,
    },
    /// A key stands twice, and nobody documents which one counts.
    #[error("property {key:?} is set twice")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A value breaks the rule of its key.
    #[error("property {key:?} takes {expects}, not {}", found.as_deref().unwrap_or("the value given (personal, so not shown)"))]
    Value {
        /// The key.
        key: &'static str,
        /// What the rule asks for, such as `at most 15 decimal digits`.
        expects: &'static str,
        /// The start of the refused value as JSON; `None` for a personal one.
        found: Option<String>,
    },
}

impl PropertyProblem {
    /// The key it is about, if it is about one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::DuplicateKey { key } => Some(key),
            Self::Value { key, .. } => Some(key),
            Self::Malformed(_) | Self::TooLong { .. } => None,
        }
    }

    pub(crate) fn of_value(key: &str, value: &Value) -> Option<Self> {
        const SHOWN_CHARS: usize = 60;

        let property = PropertyKey::find(key)?;
        let (passes, expects) = match value {
            Value::String(text) => (property.matches(text), property.expects),
            Value::Number(number) => (property.matches(&number.to_string()), property.expects),
            _ => (false, "a JSON string"),
        };
        (!passes).then(|| Self::Value {
            key: property.key,
            expects,
            found: (!is_personal(key)).then(|| json(value).chars().take(SHOWN_CHARS).collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX_BYTES: usize = 7800;

    /// The examples of the restart page, 2019 and since 2021.
    const EXAMPLES: [&str; 2] = [
        r#"{"phone_num":"13666666666","imsi":"460021624617113","iccid":"42947a38410b137c","wifi_name":"test_wifi"}"#,
        r#"{"sys.prop.writephonenum":"13666666666","sys.prop.writeimsi":"460021624617113","sys.prop.writewifissid":"test_wifi"}"#,
    ];

    /// The examples of the detail and update pages, which are no JSON.
    const BROKEN: [&str; 2] = [
        r#"{"sys.prop.writephonenum":"13666666666","sys.prop.writeimsi":"460021624617113","sys.prop.writewifissid":"test_wifi",}"#,
        r#"{"sys.prop.writephonenum":"13666666666","sys.prop.writeimsi":"460021624617113,"sys.prop.writewifissid":"test_wifi"}"#,
    ];

    #[test]
    fn the_vendors_examples_pass() {
        for example in EXAMPLES {
            let text = PropertyText::new(example);
            assert_eq!(text.check(MAX_BYTES), Ok(()));
            assert_eq!(text.parse().unwrap().to_text(), text);
        }
    }

    #[test]
    fn personal_values_of_the_examples_are_masked_and_the_rest_is_not() {
        let masked = EXAMPLES.map(|example| PropertyText::new(example).masked());
        assert_eq!(
            masked,
            [
                r#"{"phone_num":"***","imsi":"***","iccid":"***","wifi_name":"test_wifi"}"#,
                r#"{"sys.prop.writephonenum":"***","sys.prop.writeimsi":"***","sys.prop.writewifissid":"test_wifi"}"#,
            ]
        );
    }

    #[test]
    fn a_broken_text_tells_the_place_and_hides_the_content() {
        let errors = BROKEN.map(|text| PropertyText::new(text).parse().unwrap_err());
        assert_eq!(errors[0].to_string(), "the property text is no JSON at line 1 column 117");
        assert_eq!(errors[1].to_string(), "the property text is no JSON at line 1 column 80");
        for example in BROKEN {
            let text = PropertyText::new(example);
            assert_eq!(text.as_str(), example);
            assert_eq!(text.masked(), "***");
            let shown = format!("{text:?} {text} {:?} {:?}", text.parse(), text.check(MAX_BYTES));
            assert!(
                !shown.contains("13666666666") && !shown.contains("460021624617113"),
                "{shown}"
            );
        }
    }

    #[test]
    fn json_that_is_no_object_is_refused_and_hidden() {
        for text in [r#""13666666666""#, "13666666666", r#"["13666666666"]"#, "null"] {
            let text = PropertyText::new(text);
            let error = text.parse().unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("the property text is no JSON object at line 1 column"),
                "{error}"
            );
            assert_eq!(text.masked(), "***");
            assert_eq!(text.check(MAX_BYTES), Err(vec![PropertyProblem::Malformed(error)]));
        }
    }

    #[test]
    fn no_text_at_all_reads_as_nothing_and_cannot_be_sent() {
        let text = PropertyText::default();
        assert_eq!(text.parse(), Ok(Properties::new()));
        assert_eq!(text.masked(), "");
        assert_eq!(text.check(0).unwrap_err().len(), 1);
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let text = PropertyText::new(r#"{"a":"1","com.cph.mainkeys":"2","imsi":"12x","a":"2"}"#);
        let problems = text.check(20).unwrap_err().into_iter().map(|problem| problem.to_string());
        let imsi = PropertyKey::find("imsi").unwrap().expects;
        let main_keys = PropertyKey::find("com.cph.mainkeys").unwrap().expects;
        assert!(problems.eq([
            "the property text has 53 bytes, at most 20 are allowed".to_owned(),
            format!(r#"property "com.cph.mainkeys" takes {main_keys}, not "2""#),
            format!(
                r#"property "imsi" takes {imsi}, not the value given (personal, so not shown)"#
            ),
            r#"property "a" is set twice"#.to_owned(),
        ]));
        assert_eq!(text.parse().unwrap().get("a"), Some("2"));
    }

    #[test]
    fn size_is_counted_before_the_quotes_are_escaped_again() {
        let text = PropertyText::new(r#"{"k":"é"}"#);
        assert_eq!(text.len(), 10);
        assert_eq!(text.check(10), Ok(()));
        assert!(text.check(9).is_err());
        assert_eq!(serde_json::to_string(&text).unwrap(), r#""{\"k\":\"é\"}""#);
    }

    proptest! {
        #[test]
        fn any_text_is_kept_byte_for_byte(raw: String) {
            let text = PropertyText::new(raw.clone());
            prop_assert_eq!(text.as_str(), &raw);
            let json = serde_json::to_value(&text).unwrap();
            prop_assert_eq!(serde_json::from_value::<PropertyText>(json).unwrap(), text);
        }
    }
}
