//! Large request bodies: types with a setter for each field, which read and write the vendor's own JSON.

use cph_core::{ImageId, PropertyText, limits};
use serde::de::DeserializeOwned;

use crate::{
    Error, Problem, Result,
    text::{NAME, shown},
};

/// A part of a request body that can be wrong.
pub(crate) trait Check {
    /// Adds whatever is wrong with what stands at this place of the body.
    fn problems(&self, _at: &str, _problems: &mut Vec<Problem>) {}
}

impl Check for String {}
impl Check for i64 {}
impl Check for bool {}
impl Check for PropertyText {}

impl<T: Check> Check for Vec<T> {
    fn problems(&self, at: &str, problems: &mut Vec<Problem>) {
        for (place, item) in self.iter().enumerate() {
            item.problems(&format!("{at}[{place}]"), problems);
        }
    }
}

/// An error that names everything that is wrong with a body.
pub(crate) fn check(body: &impl Check) -> Result<()> {
    let mut problems = Vec::new();
    body.problems("", &mut problems);
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid_input(problems)) }
}

/// The generated type of a checked body; the two have the same fields.
pub(crate) fn raw<Raw: DeserializeOwned>(body: &(impl Check + serde::Serialize)) -> Result<Raw> {
    check(body)?;
    serde_json::to_value(body).and_then(serde_json::from_value).map_err(Error::invalid)
}

/// The name of a field inside of what stands at `at`.
pub(crate) fn inside(at: &str, field: &str) -> String {
    if at.is_empty() { field.to_owned() } else { format!("{at}.{field}") }
}

/// Declares parts of a request body. A field is `required` or `optional`, has a setter, and may have a rule, which says what
/// is wrong with a value; `together` names a check over several fields. `kind as "type"` is for a field that is called
/// otherwise here.
macro_rules! request {
    ($(
        $(#[doc = $doc:expr])*
        $(#[expect($($expect:tt)+)])?
        pub struct $name:ident $(together $together:path)? {
            $(
                $(#[doc = $field_doc:expr])*
                $(#[serde($($serde:tt)+)])?
                $need:ident $field:ident $(as $wire:literal)?: $type:ty $(=> $rule:expr)?,
            )+
        }
    )+) => {$(
        $(#[doc = $doc])*
        $(#[expect($($expect)+)])?
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $(
                $(#[serde($($serde)+)])?
                $(#[serde(rename = $wire)])?
                #[serde(skip_serializing_if = "Option::is_none")]
                $field: Option<$type>,
            )+
        }

        impl $name {
            $(
                $(#[doc = $field_doc])*
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = Some($field.into());
                    self
                }
            )+
        }

        impl $crate::servers::request::Check for $name {
            fn problems(&self, at: &str, problems: &mut Vec<$crate::Problem>) {
                $({
                    let at = $crate::servers::request::inside(at, $crate::servers::request::request!(@wire $field $($wire)?));
                    match &self.$field {
                        Some(value) => {
                            value.problems(&at, problems);
                            $(if let Some(problem) = ($rule)(value) {
                                problems.push($crate::Problem::new(format!("{at}: {problem}")));
                            })?
                        }
                        None => $crate::servers::request::request!(@missing $need at problems),
                    }
                })+
                $($together(self, at, problems);)?
            }
        }
    )+};
    (@wire $field:ident) => { stringify!($field) };
    (@wire $field:ident $wire:literal) => { $wire };
    (@missing required $at:ident $problems:ident) => {
        $problems.push($crate::Problem::new(format!("{}: missing", $at)))
    };
    (@missing optional $at:ident $problems:ident) => {{}};
}

pub(crate) use request;

/// What is wrong with a text that may hold only some characters, but for these to be told apart by `allowed`.
pub(crate) fn charset(text: &str, allowed: impl Fn(char) -> bool, words: &str) -> Option<String> {
    let wrong = text.chars().find(|&char| !allowed(char))?;
    Some(format!("{} contains {wrong:?}; allowed are {words}", shown(text)))
}

/// The name of a server.
pub(crate) fn server_name(name: &str) -> Option<String> {
    let problems = NAME.problems("the name", name);
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// A text of 1 to `max` bytes.
pub(crate) fn bytes(max: usize) -> impl Fn(&str) -> Option<String> {
    move |text| {
        let bytes = text.len();
        (bytes == 0 || bytes > max)
            .then(|| format!("{} has {bytes} bytes; allowed are 1 to {max}", shown(text)))
    }
}

/// A text that is there.
pub(crate) fn filled(text: &str) -> Option<String> {
    text.is_empty().then(|| "empty".to_owned())
}

/// A list that is not empty.
pub(crate) fn some<T>(items: &[T]) -> Option<String> {
    items.is_empty().then(|| "empty; at least one is needed".to_owned())
}

/// A list with at most one item.
pub(crate) fn at_most_one<T>(items: &[T]) -> Option<String> {
    let count = items.len();
    (count > 1).then(|| format!("{count} are given; at most 1 is allowed"))
}

/// A number in a range.
pub(crate) fn within(range: std::ops::RangeInclusive<i64>) -> impl Fn(&i64) -> Option<String> {
    move |number| {
        let (first, last) = (range.start(), range.end());
        (!range.contains(number)).then(|| match *last {
            i64::MAX => format!("{number} is less than {first}"),
            _ => format!("{number} is not in {first} to {last}"),
        })
    }
}

/// An image of phones.
pub(crate) fn image(image_id: &str) -> Option<String> {
    image_id.parse::<ImageId>().err().map(|error| error.to_string())
}

/// Properties of new phones; the pages count characters here, not bytes.
pub(crate) fn property(text: &PropertyText) -> Option<String> {
    const MAX_CHARS: usize = limits::CREATE_NET2_CLOUD_PHONE_SERVER_PROPERTY_CHARACTERS;
    let chars = text.as_str().chars().count();
    let long = (chars > MAX_CHARS).then(|| {
        format!("the property text has {chars} characters, at most {MAX_CHARS} are allowed")
    });
    let rest =
        text.check(usize::MAX).err().into_iter().flatten().map(|problem| problem.to_string());
    let problems: Vec<String> = long.into_iter().chain(rest).collect();
    (!problems.is_empty()).then(|| problems.join(", "))
}

/// A yes or no that is 1 or 0 on the wire.
pub(crate) mod number {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn serialize<S: Serializer>(flag: &Option<bool>, to: S) -> Result<S::Ok, S::Error> {
        match flag {
            Some(flag) => to.serialize_i64((*flag).into()),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<bool>, D::Error> {
        match Option::deserialize(from)? {
            None => Ok(None),
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(other) => Err(de::Error::invalid_value(de::Unexpected::Signed(other), &"0 or 1")),
        }
    }
}

/// A yes or no that is the text `true` or `false` on the wire.
pub(crate) mod text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn serialize<S: Serializer>(flag: &Option<bool>, to: S) -> Result<S::Ok, S::Error> {
        match flag {
            Some(flag) => to.serialize_str(if *flag { "true" } else { "false" }),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<bool>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(de::Error::invalid_value(
                de::Unexpected::Str(&text),
                &"the text `true` or `false`",
            )),
        }
    }
}
