//! Times as text: UTC, RFC 3339.

use std::time::SystemTime;

use http::HeaderValue;
use jiff::Timestamp;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// To the second, as jobs and phones print it: `2025-10-28T12:00:00Z`.
pub(crate) fn to_second(time: SystemTime) -> String {
    timestamp(time).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// As the header `Date` has it: `Tue, 28 Oct 2025 12:00:00 GMT`.
pub(crate) fn in_header(time: SystemTime) -> HeaderValue {
    let date = timestamp(time).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::try_from(date).expect("letters, digits and signs")
}

/// To the microsecond, as IAM prints it: `2020-01-08T03:50:07.574000Z`.
pub(crate) fn to_microsecond(time: SystemTime) -> String {
    timestamp(time).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// As lists of files print it: `Apr 15 09:49`.
pub(crate) fn in_listing(time: SystemTime) -> String {
    timestamp(time).strftime("%b %e %H:%M").to_string()
}

/// Since 1970, as the members of an image print it.
pub(crate) fn milliseconds(time: SystemTime) -> i64 {
    timestamp(time).as_millisecond()
}

/// The time that a text names; `None` if it names none.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok()?.try_into().ok()
}

fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).expect("a time within the years -9999 to 9999")
}

pub(crate) fn serialize<S: Serializer>(
    time: &SystemTime,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&timestamp(*time))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let timestamp: Timestamp = text.parse().map_err(D::Error::custom)?;
    timestamp.try_into().map_err(D::Error::custom)
}

/// What stands in a document about such a time.
pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time" })
}
