//! Statuses: numbers on the wire, words here.

use std::{fmt, str::FromStr};

/// A text that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {kind} status; known are {known}, or a number")]
pub struct UnknownStatus {
    kind: &'static str,
    text: String,
    known: String,
}

macro_rules! status {
    (
        $(#[$doc:meta])* $type:ident, $kind:literal;
        $($(#[$variant_doc:meta])* $variant:ident = $code:literal $(| $other:literal)*, $words:literal;)+
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)+
            /// A code that no page lists.
            Other(i64),
        }

        impl $type {
            /// Every listed status, in the vendor's order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The status that the wire's number stands for.
            pub fn from_code(code: i64) -> Self {
                match code {
                    $($code $(| $other)* => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// The number on the wire.
            pub fn code(self) -> i64 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(code) => code,
                }
            }
        }

        /// The vendor's words.
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.pad($words),)+
                    Self::Other(code) => f.pad(&format!("other {code}")),
                }
            }
        }

        /// Reads the words, with spaces, dashes or underscores between them, or the number.
        impl FromStr for $type {
            type Err = UnknownStatus;

            fn from_str(text: &str) -> Result<Self, UnknownStatus> {
                let words = text.trim().to_ascii_lowercase().replace(['-', '_'], " ");
                if let Some(status) = Self::ALL.iter().find(|status| status.to_string() == words) {
                    return Ok(*status);
                }
                let number = text.trim();
                let number = number.strip_prefix("other-").or_else(|| number.strip_prefix("other ")).unwrap_or(number);
                number.parse().map(Self::from_code).map_err(|_| UnknownStatus {
                    kind: $kind,
                    text: text.to_owned(),
                    known: Self::ALL.iter().map(|status| kebab(status)).collect::<Vec<_>>().join(", "),
                })
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&kebab(self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": concat!("A ", $kind, " status; a code that no page lists is `other-` and its number."),
                    "anyOf": [
                        { "type": "string", "enum": Self::ALL.iter().map(|status| kebab(status)).collect::<Vec<_>>() },
                        { "type": "string", "pattern": "^other--?[0-9]+$" },
                    ],
                })
            }
        }
    };
}

/// `shut down` as `shut-down`: one word for JSON and for command lines.
fn kebab(status: &impl fmt::Display) -> String {
    status.to_string().replacen(' ', "-", 1)
}

status! {
    /// What a phone is doing.
    ///
    /// A stopped phone is started by the restart call; no status of its own says "starting".
    ///
    /// ```
    /// use cph_core::PhoneStatus;
    ///
    /// assert_eq!(PhoneStatus::from_code(8), PhoneStatus::ShutDown);
    /// assert_eq!("shut-down".parse(), Ok(PhoneStatus::ShutDown));
    /// assert_eq!(PhoneStatus::from_code(5), PhoneStatus::Other(5));
    /// ```
    PhoneStatus, "phone";
    /// Being made. The pages of 2019 and 2021 also list 0, which is read as this; newer ones list 1 alone.
    Creating = 1 | 0, "creating";
    /// Up.
    Running = 2, "running";
    /// Being wiped.
    Resetting = 3, "resetting";
    /// Being restarted.
    Restarting = 4, "restarting";
    /// Locked by the vendor, for instance after arrears.
    Frozen = 6, "frozen";
    /// On its way down.
    ShuttingDown = 7, "shutting down";
    /// Off.
    ShutDown = 8, "shut down";
    /// Its last reset failed.
    ResetFailed = -5, "reset failed";
    /// Its last restart failed.
    RestartFailed = -6, "restart failed";
    /// Not working as it should.
    Abnormal = -7, "abnormal";
    /// It could not be made.
    CreationFailed = -8, "creation failed";
    /// It could not be shut down.
    ShutdownFailed = -9, "shutdown failed";
}

status! {
    /// How far a job is.
    ///
    /// ```
    /// use cph_core::JobStatus;
    ///
    /// assert_eq!(JobStatus::from_code(-1).to_string(), "failed");
    /// ```
    JobStatus, "job";
    /// Not ended yet.
    Running = 1, "running";
    /// Ended as asked.
    Success = 2, "success";
    /// Ended with an error; the job says which.
    Failed = -1, "failed";
}

status! {
    /// What a server is doing.
    ///
    /// ```
    /// use cph_core::ServerStatus;
    ///
    /// assert_eq!(ServerStatus::from_code(5), ServerStatus::Normal);
    /// assert_eq!(ServerStatus::from_code(4), ServerStatus::Creating);
    /// ```
    ServerStatus, "server";
    /// Being made. The pages list 0, 1, 3 and 4 as this, and do not say how they differ.
    Creating = 0 | 1 | 3 | 4, "creating";
    /// Not working as it should.
    Abnormal = 2, "abnormal";
    /// Up.
    Normal = 5, "normal";
    /// Locked by the vendor, for instance after arrears.
    Frozen = 8, "frozen";
    /// Off.
    ShutDown = 10, "shut down";
    /// On its way down.
    ShuttingDown = 11, "shutting down";
    /// It could not be shut down.
    ShutdownFailed = 12, "shutdown failed";
    /// On its way up.
    Starting = 13, "starting";
}

status! {
    /// What an encoding service is doing, as answers say it.
    ///
    /// The numbers of [`EncodeServerFilter`], by which a list is narrowed, mean other things: the page has two lists, and they
    /// clash for 4 and 5.
    ///
    /// ```
    /// use cph_core::{EncodeServerFilter, EncodeServerStatus};
    ///
    /// assert_eq!(EncodeServerStatus::from_code(4), EncodeServerStatus::Creating);
    /// assert_eq!(EncodeServerFilter::from_code(4), EncodeServerFilter::Frozen);
    /// ```
    EncodeServerStatus, "encoding service";
    /// Up.
    Running = 1, "running";
    /// Not working as it should.
    Abnormal = 2, "abnormal";
    /// Being restarted.
    Restarting = 3, "restarting";
    /// Being made.
    Creating = 0 | 4 | 5, "creating";
}

status! {
    /// Which encoding services a list is to show; see [`EncodeServerStatus`] for what answers say.
    EncodeServerFilter, "encoding service";
    /// Up.
    Running = 1, "running";
    /// Not working as it should.
    Abnormal = 2, "abnormal";
    /// Being restarted.
    Restarting = 3, "restarting";
    /// Locked by the vendor, for instance after arrears.
    Frozen = 4, "frozen";
    /// Off.
    ShutDown = 5, "shut down";
    /// Being made. The page lists 100, 1014 and 0 as this.
    Creating = 100 | 1014 | 0, "creating";
}

status! {
    /// Whether an image can be used.
    ///
    /// ```
    /// use cph_core::ImageStatus;
    ///
    /// assert_eq!(ImageStatus::from_code(1), ImageStatus::Production);
    /// ```
    ImageStatus, "image";
    /// Being made.
    Creating = 0, "creating";
    /// Usable.
    Production = 1, "production";
    /// It could not be made.
    CreateFailed = 2, "create failed";
}

status! {
    /// What the receiving account made of an image that was shared with it.
    ///
    /// ```
    /// use cph_core::ReceiveStatus;
    ///
    /// assert_eq!(ReceiveStatus::from_code(0), ReceiveStatus::Pending);
    /// ```
    ReceiveStatus, "receive";
    /// Neither accepted nor rejected yet.
    Pending = 0, "pending";
    /// Accepted: the image can be used.
    Accepted = 1, "accepted";
    /// Rejected.
    Rejected = 2, "rejected";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn phone_statuses_are_the_vendors() {
        let table: Vec<_> =
            PhoneStatus::ALL.iter().map(|status| (status.code(), status.to_string())).collect();
        let listed = [
            (1, "creating"),
            (2, "running"),
            (3, "resetting"),
            (4, "restarting"),
            (6, "frozen"),
            (7, "shutting down"),
            (8, "shut down"),
            (-5, "reset failed"),
            (-6, "restart failed"),
            (-7, "abnormal"),
            (-8, "creation failed"),
            (-9, "shutdown failed"),
        ];
        assert_eq!(table, listed.map(|(code, words)| (code, words.to_owned())));
        assert_eq!(PhoneStatus::from_code(0), PhoneStatus::Creating);
    }

    #[test]
    fn the_two_lists_of_encoding_services_clash_where_the_page_says() {
        let clash = (0..6).filter(|code| {
            let answer = EncodeServerStatus::from_code(*code).to_string();
            answer != EncodeServerFilter::from_code(*code).to_string()
        });
        assert_eq!(clash.collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn words_are_read_however_they_are_joined() {
        for text in ["shut down", "shut-down", "Shut_Down", " 8 "] {
            assert_eq!(text.parse(), Ok(PhoneStatus::ShutDown), "{text}");
        }
        assert_eq!(serde_json::to_value(PhoneStatus::ShutDown).unwrap(), "shut-down");
        assert_eq!(serde_json::to_value(JobStatus::Other(-42)).unwrap(), "other--42");
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_known_ones() {
        let error = "stopped".parse::<PhoneStatus>().unwrap_err().to_string();
        assert!(
            error.starts_with(r#""stopped" is no phone status; known are creating, running, "#),
            "{error}"
        );
        assert!(error.ends_with("shut-down, reset-failed, restart-failed, abnormal, creation-failed, shutdown-failed, or a number"));
        assert!("".parse::<JobStatus>().is_err());
    }

    proptest! {
        #[test]
        fn every_code_survives(code in prop_oneof![-20_i64..20, any::<i64>()]) {
            let phone = PhoneStatus::from_code(code);
            prop_assert_eq!(phone.code(), if code == 0 { 1 } else { code });
            prop_assert_eq!(phone.to_string().parse(), Ok(phone));
            prop_assert_eq!(serde_json::from_value::<PhoneStatus>(serde_json::to_value(phone).unwrap()).unwrap(), phone);
            let job = JobStatus::from_code(code);
            prop_assert_eq!(job.code(), code);
            prop_assert_eq!(job.to_string().parse(), Ok(job));
            prop_assert_eq!(serde_json::from_value::<JobStatus>(serde_json::to_value(job).unwrap()).unwrap(), job);
        }
    }
}
