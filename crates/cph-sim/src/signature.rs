//! Checks who calls: a signature with an access key, or a token.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use jiff::{civil::DateTime, tz::TimeZone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

/// How far the clocks of client and gateway may be apart.
const MAX_SKEW: Duration = Duration::from_mins(15);

const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Everything but the characters that RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Headers whose values are never repeated to the caller.
const SECRET_HEADERS: [&str; 2] = ["x-auth-token", "x-security-token"];

/// What the gateway knows of its one user.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) token: String,
}

impl Credentials {
    pub(crate) fn check(
        &self,
        parts: &Parts,
        body: &Bytes,
        now: SystemTime,
    ) -> Result<(), Refusal> {
        let Some(authorization) = header(parts, "authorization") else {
            return match header(parts, "x-auth-token") {
                Some(token) if token == self.token => Ok(()),
                Some(_) => Err(unauthenticated("decrypt token fail")),
                None => Err(unauthenticated("x-auth-token not found")),
            };
        };
        let authorization = Authorization::parse(authorization).ok_or_else(|| {
            unauthenticated(&format!("the header Authorization is no {ALGORITHM} signature"))
        })?;
        if authorization.access_key != self.access_key {
            return Err(unauthenticated("Get secretKey failed"));
        }
        if !authorization.signed_headers.contains(&"x-sdk-date") {
            return Err(unauthenticated("x-sdk-date is not among the signed headers"));
        }
        let date = header(parts, "x-sdk-date").unwrap_or_default();
        let sent = time_of(date)
            .ok_or_else(|| unauthenticated("x-sdk-date is not of the form YYYYMMDDTHHMMSSZ"))?;
        let canonical = canonical_request(parts, body, &authorization.signed_headers, false);
        if signature(&self.secret_key, date, &canonical) != authorization.signature {
            let shown = canonical_request(parts, body, &authorization.signed_headers, true)
                .replace('\n', "|");
            return Err(unauthenticated(&format!(
                "verify aksk signature fail, canonical request: {shown}"
            )));
        }
        if distance(sent, now) > MAX_SKEW {
            let text = format!(
                "Incorrect IAM authentication information: x-sdk-date {date} is more than 15 minutes from the time of the gateway."
            );
            return Err(Refusal::new(401, "APIGW.0303", text));
        }
        Ok(())
    }
}

fn unauthenticated(problem: &str) -> Refusal {
    Refusal::new(401, "APIGW.0301", format!("Incorrect IAM authentication information: {problem}"))
}

/// The parts of the header `Authorization`.
struct Authorization<'a> {
    access_key: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let fields = text.strip_prefix(ALGORITHM)?;
        let field = |name| {
            fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
        };
        Some(Self {
            access_key: field("Access")?,
            signed_headers: field("SignedHeaders")?.split(';').collect(),
            signature: field("Signature")?,
        })
    }
}

/// The request in the form that is signed; `masked` leaves secrets out, to show it.
fn canonical_request(parts: &Parts, body: &Bytes, signed_headers: &[&str], masked: bool) -> String {
    let mut canonical = format!(
        "{}\n{}\n{}\n",
        parts.method,
        canonical_path(parts.uri.path()),
        canonical_query(parts)
    );
    for name in signed_headers {
        let value = match header(parts, name) {
            Some(_) if masked && SECRET_HEADERS.contains(name) => "***",
            Some(value) => value,
            // A request that has not been through a connection names its host in the address.
            None if *name == "host" => {
                parts.uri.authority().map_or("", http::uri::Authority::as_str)
            }
            None => "",
        };
        canonical.extend([name, ":", value.trim(), "\n"]);
    }
    let hash = match header(parts, "x-sdk-content-sha256") {
        Some(hash) => hash.to_owned(),
        None => hex::encode(Sha256::digest(body)),
    };
    canonical.extend(["\n", &signed_headers.join(";"), "\n", &hash]);
    canonical
}

/// Each segment encoded anew, with a slash at the end. The signer decodes first: an escaped slash becomes a real one.
fn canonical_path(path: &str) -> String {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let mut canonical = path.split('/').map(encoded).collect::<Vec<_>>().join("/");
    if !canonical.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

fn canonical_query(parts: &Parts) -> String {
    let mut pairs = query_pairs(parts.uri.query().unwrap_or_default());
    pairs.sort();
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The names and values of a query, decoded.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    let decoded =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn signature(secret_key: &str, date: &str, canonical_request: &str) -> String {
    let hash = hex::encode(Sha256::digest(canonical_request));
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()).expect("a key of any length");
    mac.update(format!("{ALGORITHM}\n{date}\n{hash}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    std::str::from_utf8(parts.headers.get(name)?.as_bytes()).ok()
}

fn time_of(date: &str) -> Option<SystemTime> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?;
    TimeZone::UTC.to_timestamp(date).ok()?.try_into().ok()
}

fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}

#[cfg(test)]
mod tests {
    use http::Request;
    use serde::Deserialize;

    use super::*;

    /// Signatures made by the official signer.
    const VECTORS: &str = include_str!("../../../tests/contract/signatures.json");

    #[derive(Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        access_key: String,
        secret_key: String,
        method: String,
        /// As it was given to the signer, which sorts the query before it is sent.
        uri: String,
        sent_uri: String,
        headers: Vec<(String, String)>,
        body: String,
        authorization: String,
    }

    impl Vector {
        fn credentials(&self) -> Credentials {
            let Self { access_key, secret_key, .. } = self;
            Credentials {
                access_key: access_key.clone(),
                secret_key: secret_key.clone(),
                token: "token".to_owned(),
            }
        }

        fn request(&self) -> (Parts, Bytes) {
            self.request_to(&self.sent_uri)
        }

        fn request_to(&self, uri: &str) -> (Parts, Bytes) {
            let mut request = Request::builder().method(self.method.as_str()).uri(uri);
            for (name, value) in &self.headers {
                request = request.header(name, value.as_bytes());
            }
            let request = request.header("Authorization", &self.authorization);
            request.body(Bytes::from(self.body.clone())).unwrap().into_parts()
        }
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str::<Vectors>(VECTORS).unwrap().vectors
    }

    fn time() -> SystemTime {
        time_of("20260102T030405Z").unwrap()
    }

    #[test]
    fn takes_every_signature_of_the_official_signer() {
        for vector in vectors() {
            for uri in [&vector.sent_uri, &vector.uri] {
                let (parts, body) = vector.request_to(uri);
                let checked = vector.credentials().check(&parts, &body, time());
                assert!(checked.is_ok(), "{} {uri}: {}", vector.name, checked.unwrap_err().message);
            }
        }
    }

    #[test]
    fn refuses_what_was_changed_after_signing_and_shows_what_it_computed() {
        for vector in vectors() {
            let (parts, body) = vector.request();
            let changed = Bytes::from([&body[..], b" "].concat());
            let refusal = vector.credentials().check(&parts, &changed, time()).unwrap_err();
            assert_eq!(
                (refusal.status, refusal.code.as_str()),
                (401, "APIGW.0301"),
                "{}",
                vector.name
            );
            let shown = format!("canonical request: {}|", vector.method);
            assert!(refusal.message.contains(&shown), "{}: {}", vector.name, refusal.message);
        }
    }

    #[test]
    fn shows_no_security_token() {
        let vector = vectors().into_iter().find(|vector| vector.name == "temporary keys").unwrap();
        let (_, token) = vector
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("x-security-token"))
            .unwrap();
        let (parts, _) = vector.request();
        let refusal =
            vector.credentials().check(&parts, &Bytes::from_static(b"other"), time()).unwrap_err();
        assert!(!refusal.message.contains(token), "{}", refusal.message);
        assert!(refusal.message.contains("x-security-token:***"), "{}", refusal.message);
    }

    #[test]
    fn refuses_clocks_more_than_15_minutes_apart() {
        let vector = vectors().remove(0);
        let (parts, body) = vector.request();
        let code =
            |now| vector.credentials().check(&parts, &body, now).err().map(|refusal| refusal.code);
        for sign in [1, 0] {
            let at = |seconds| {
                let distance = Duration::from_secs(seconds);
                if sign == 1 { time() + distance } else { time() - distance }
            };
            assert_eq!(code(at(900)), None);
            assert_eq!(code(at(901)).as_deref(), Some("APIGW.0303"));
        }
    }

    #[test]
    fn names_what_is_wrong_with_a_header() {
        let check = |name: &str, value: &str| {
            let request = Request::get("/v1/p/x")
                .header("x-sdk-date", "20260102T030405Z")
                .header(name, value);
            let (parts, body) = request.body(Bytes::new()).unwrap().into_parts();
            vectors()[0]
                .credentials()
                .check(&parts, &body, time())
                .err()
                .map(|refusal| refusal.message)
        };
        let refused =
            |text: &str| Some(format!("Incorrect IAM authentication information: {text}"));
        assert_eq!(check("x-auth-token", "token"), None);
        assert_eq!(check("x-auth-token", "other"), refused("decrypt token fail"));
        assert_eq!(check("accept", "*/*"), refused("x-auth-token not found"));
        assert_eq!(
            check("authorization", "Bearer x"),
            refused("the header Authorization is no SDK-HMAC-SHA256 signature")
        );
        assert_eq!(
            check(
                "authorization",
                "SDK-HMAC-SHA256 Access=who, SignedHeaders=x-sdk-date, Signature=00"
            ),
            refused("Get secretKey failed")
        );
        assert_eq!(
            check(
                "authorization",
                "SDK-HMAC-SHA256 Access=EXAMPLEACCESSKEY, SignedHeaders=host, Signature=00"
            ),
            refused("x-sdk-date is not among the signed headers")
        );
    }
}
