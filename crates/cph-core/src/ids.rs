//! Ids: checked text, so that none of them can change the path of a request.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

const MAX_CHARS: usize = 64;

/// A text that cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{kind} `{}` {problem}; allowed are 1 to {MAX_CHARS} ASCII letters, digits, `-`, `_` and `.`",
    start_of(text)
)]
pub struct InvalidId {
    kind: &'static str,
    text: String,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    Empty,
    Long(usize),
    Dots,
    Char(char),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::Long(chars) => write!(f, "has {chars} characters"),
            Self::Dots => f.write_str("is a relative path"),
            Self::Char(char) => write!(f, "contains {char:?}"),
        }
    }
}

/// As much of a refused text as an error message shows.
fn start_of(text: &str) -> String {
    let mut start: String = text.chars().take(MAX_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        start.push('…');
    }
    start
}

fn problem_of(text: &str) -> Option<Problem> {
    let chars = text.chars().count();
    match text {
        "" => Some(Problem::Empty),
        "." | ".." => Some(Problem::Dots),
        _ if chars > MAX_CHARS => Some(Problem::Long(chars)),
        _ => text
            .chars()
            .find(|&char| !char.is_ascii_alphanumeric() && !matches!(char, '-' | '_' | '.'))
            .map(Problem::Char),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $type:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// The vendor prints 32 hexadecimal digits; its own answers break that, so any 1 to 64 ASCII letters, digits,
        /// `-`, `_` and `.` are taken, but neither `.` nor `..`.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Arc<str>);

        impl $type {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                match problem_of(&text) {
                    None => Ok(Self(text.into())),
                    Some(problem) => Err(InvalidId { kind: $kind, text, problem }),
                }
            }
        }

        impl TryFrom<&str> for $type {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                text.to_owned().try_into()
            }
        }

        impl FromStr for $type {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.try_into()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        text_form!($type, {
            "type": "string",
            "description": concat!("A ", $kind, "."),
            "pattern": r"^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,64}$",
        });
    };
}

id!(
    /// Id of a cloud phone.
    ///
    /// ```
    /// use cph_core::PhoneId;
    ///
    /// let phone: PhoneId = "1678567b8bab40f93711234cb80d0764".parse()?;
    /// assert_eq!(phone.as_str(), "1678567b8bab40f93711234cb80d0764");
    /// assert_eq!(
    ///     PhoneId::try_from("a/b").unwrap_err().to_string(),
    ///     "phone id `a/b` contains '/'; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`",
    /// );
    /// # Ok::<(), cph_core::InvalidId>(())
    /// ```
    PhoneId, "phone id"
);
id!(
    /// Id of a cloud phone server.
    ServerId, "server id"
);
id!(
    /// Id of a phone image.
    ImageId, "image id"
);
id!(
    /// Id of one job: the work on one phone or server that a call started.
    JobId, "job id"
);
id!(
    /// Id of a call; the jobs that it started are found by it.
    RequestId, "request id"
);
id!(
    /// Id of a project, the tenant's share of one region.
    ProjectId, "project id"
);
id!(
    /// Id of an encoding service.
    EncodeServerId, "encoding service id"
);
id!(
    /// Id of a bandwidth.
    BandWidthId, "bandwidth id"
);
id!(
    /// Id of a scheduled event.
    EventId, "event id"
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_would_change_a_path() {
        let long = "a".repeat(65);
        for (text, wrong) in [
            ("", "is empty"),
            (".", "is a relative path"),
            ("..", "is a relative path"),
            ("a/b", "contains '/'"),
            ("a b", "contains ' '"),
            ("a%2e", "contains '%'"),
            ("a\nb", r"contains '\n'"),
            ("ä", "contains 'ä'"),
            (long.as_str(), "has 65 characters"),
        ] {
            let error = PhoneId::try_from(text).unwrap_err().to_string();
            assert!(error.starts_with("phone id `") && error.contains(wrong), "{text:?}: {error}");
            assert!(error.lines().count() == 1, "{error}");
            assert!(serde_json::from_value::<PhoneId>(text.into()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_the_kind_and_cuts_a_long_text() {
        let error = ImageId::try_from("x".repeat(500)).unwrap_err().to_string();
        assert!(
            error.starts_with("image id `xxx") && error.contains("…` has 500 characters"),
            "{error}"
        );
        assert!(error.len() < 200, "{error}");
    }

    proptest! {
        #[test]
        fn keeps_every_valid_id(text in "[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}") {
            let id: JobId = text.parse().unwrap();
            prop_assert_eq!(id.as_str(), &text);
            prop_assert_eq!(id.to_string(), text.clone());
            let json = serde_json::to_value(&id).unwrap();
            prop_assert_eq!(&json, &serde_json::Value::from(text));
            prop_assert_eq!(serde_json::from_value::<JobId>(json).unwrap(), id);
        }
    }
}
