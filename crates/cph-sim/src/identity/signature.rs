//! Checks signatures, and says of one that does not fit what it was made over.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use jiff::{civil::DateTime, tz::TimeZone};
use sha2::{Digest, Sha256};

use super::{
    canonical::{Canonical, value},
    mistakes, unauthenticated,
};
use crate::refusal::Refusal;

/// How far the clocks of client and gateway may be apart.
const MAX_SKEW: Duration = Duration::from_mins(15);

const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// A signed request.
pub(super) struct Sent<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a Bytes,
    pub(super) access_key: &'a str,
    /// Their names as the caller wrote them.
    pub(super) signed_headers: Vec<&'a str>,
    pub(super) signature: &'a str,
}

/// Everything that goes into a signature.
#[derive(Clone)]
pub(super) struct Signing {
    pub(super) secret_key: String,
    pub(super) date: String,
    pub(super) canonical: Canonical,
}

/// What is wrong with a signed request.
pub(super) enum Wrong {
    /// The signature does not fit: this is what counts towards a lock.
    Signature(Refusal),
    Other(Refusal),
}

impl<'a> Sent<'a> {
    pub(super) fn read(
        parts: &'a Parts,
        body: &'a Bytes,
        authorization: &'a str,
    ) -> Result<Self, Refusal> {
        let field = |name| {
            let mut fields = authorization.strip_prefix(ALGORITHM)?.split(',');
            fields.find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
        };
        match (field("Access"), field("SignedHeaders"), field("Signature")) {
            (Some(access_key), Some(names), Some(signature)) => Ok(Self {
                parts,
                body,
                access_key,
                signed_headers: names.split(';').collect(),
                signature,
            }),
            _ => Err(unauthenticated(&format!(
                "the header Authorization is no {ALGORITHM} signature"
            ))),
        }
    }

    /// Holds the signature against the secret key, and the time against that of the gateway.
    pub(super) fn verify(&self, secret_key: &str, clocks: [SystemTime; 2]) -> Result<(), Wrong> {
        let wrong = |problem: &str| Wrong::Other(unauthenticated(problem));
        if !self.signed_headers.iter().any(|name| name.eq_ignore_ascii_case("x-sdk-date")) {
            return Err(wrong("x-sdk-date is not among the signed headers"));
        }
        let date = value(self.parts, "x-sdk-date");
        let time =
            time_of(date).ok_or_else(|| wrong("x-sdk-date is not of the form YYYYMMDDTHHMMSSZ"))?;
        let signing = Signing::new(self, secret_key, date);
        if signing.signature() != self.signature {
            return Err(Wrong::Signature(unauthenticated(&format!(
                "verify aksk signature fail, canonical request: {}; {}",
                signing.canonical.shown(),
                mistakes::explain(&signing, self),
            ))));
        }
        if clocks.iter().all(|now| distance(time, *now) > MAX_SKEW) {
            let text = format!(
                "Incorrect IAM authentication information: x-sdk-date {date} is more than 15 minutes from the time of the gateway."
            );
            return Err(Wrong::Other(Refusal::new(401, "APIGW.0303", text)));
        }
        Ok(())
    }
}

impl Signing {
    pub(super) fn new(sent: &Sent<'_>, secret_key: &str, date: &str) -> Self {
        Self {
            secret_key: secret_key.to_owned(),
            date: date.to_owned(),
            canonical: Canonical::new(sent.parts, sent.body, &sent.signed_headers),
        }
    }

    pub(super) fn signature(&self) -> String {
        let hash = hex::encode(Sha256::digest(self.canonical.text()));
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret_key.as_bytes())
            .expect("a key of any length");
        mac.update(format!("{ALGORITHM}\n{}\n{hash}", self.date).as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

pub(super) fn time_of(date: &str) -> Option<SystemTime> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?;
    TimeZone::UTC.to_timestamp(date).ok()?.try_into().ok()
}

fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}
