//! Signatures made by the official signer, and what becomes of them when a request is changed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Request, request::Parts};
use proptest::{prelude::*, sample::Index};
use serde::Deserialize;

use super::{
    canonical::{decoded, query_pairs},
    header,
    signature::{Sent, Wrong, time_of},
};
use crate::refusal::Refusal;

const VECTORS: &str = include_str!("../../../../tests/contract/signatures.json");

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Clone, Deserialize)]
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
    fn named(name: &str) -> Self {
        vectors().into_iter().find(|vector| vector.name == name).unwrap()
    }

    /// `None` where what was changed is no request any more.
    fn request(&self, uri: &str) -> Option<(Parts, Bytes)> {
        let mut request = Request::builder().method(self.method.as_str()).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
        let request = request.header("Authorization", self.authorization.as_bytes());
        Some(request.body(Bytes::from(self.body.clone())).ok()?.into_parts())
    }

    /// `Ok` where the signature is taken.
    fn check(&self, parts: &Parts, body: &Bytes, now: SystemTime) -> Result<(), Refusal> {
        let sent = Sent::read(parts, body, header(parts, "authorization").unwrap())?;
        if sent.access_key != self.access_key {
            return Err(Refusal::new(401, "APIGW.0301", "another key"));
        }
        sent.verify(&self.secret_key, [now, now])
            .map_err(|(Wrong::Signature(refusal) | Wrong::Other(refusal))| refusal)
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str::<Vectors>(VECTORS).unwrap().vectors
}

fn time() -> SystemTime {
    time_of("20260102T030405Z").unwrap()
}

#[test]
fn every_signature_of_the_official_signer_is_taken() {
    for vector in vectors() {
        for uri in [&vector.sent_uri, &vector.uri] {
            let (parts, body) = vector.request(uri).unwrap();
            let checked = vector.check(&parts, &body, time());
            assert!(checked.is_ok(), "{} {uri}: {}", vector.name, checked.unwrap_err().message);
        }
    }
}

#[test]
fn a_refusal_shows_what_was_computed_but_no_security_token() {
    for vector in vectors() {
        let (parts, _) = vector.request(&vector.sent_uri).unwrap();
        let other = Bytes::from_static(b"other");
        let refusal = vector.check(&parts, &other, time()).unwrap_err();
        assert_eq!((refusal.status, refusal.code.as_str()), (401, "APIGW.0301"));
        let shown = format!("canonical request: {}|", vector.method);
        assert!(refusal.message.contains(&shown), "{}: {}", vector.name, refusal.message);
        assert!(!refusal.message.contains("example/token"), "{}", refusal.message);
        let has_token = header(&parts, "x-security-token").is_some();
        assert_eq!(refusal.message.contains("x-security-token:***"), has_token);
    }
}

#[test]
fn clocks_may_be_15_minutes_apart() {
    let vector = Vector::named("host and date alone");
    let (parts, body) = vector.request(&vector.uri).unwrap();
    let code = |now| vector.check(&parts, &body, now).err().map(|refusal| refusal.code);
    let (near, far) = (Duration::from_mins(15), Duration::from_secs(901));
    for (within, beyond) in [(time() + near, time() + far), (time() - near, time() - far)] {
        assert_eq!(code(within), None);
        assert_eq!(code(beyond).as_deref(), Some("APIGW.0303"));
    }
}

/// A part of a request that its signature covers.
#[derive(Debug, Clone, Copy)]
enum Part {
    Uri,
    Body,
    Header(usize),
    AccessKey,
    SecretKey,
    Authorization,
}

impl Part {
    fn all(vector: &Vector) -> Vec<Self> {
        let fixed = [Self::Uri, Self::Body, Self::AccessKey, Self::SecretKey, Self::Authorization];
        // The one header that the signer leaves out.
        let signed = |index: &usize| vector.headers[*index].0 != "X_Project_Id";
        let headers = (0..vector.headers.len()).filter(signed).map(Self::Header);
        fixed.into_iter().chain(headers).collect()
    }

    fn text(self, vector: &mut Vector) -> &mut String {
        match self {
            Self::Uri => &mut vector.sent_uri,
            Self::Body => &mut vector.body,
            Self::Header(index) => &mut vector.headers[index].1,
            Self::AccessKey => &mut vector.access_key,
            Self::SecretKey => &mut vector.secret_key,
            Self::Authorization => &mut vector.authorization,
        }
    }
}

/// What a request says, whichever way it is written.
fn meaning(parts: &Parts) -> impl PartialEq {
    let mut pairs = query_pairs(parts.uri.query().unwrap_or_default());
    pairs.sort();
    let headers = parts.headers.iter().filter(|(name, _)| *name != "authorization");
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.clone(), value.as_bytes().trim_ascii().to_vec()))
        .collect();
    let authorization = header(parts, "authorization").unwrap_or_default();
    let fields: Vec<_> = authorization
        .split([' ', ','])
        // Names of headers are the same in capitals.
        .map(|field| {
            if field.starts_with("SignedHeaders=") {
                field.to_lowercase()
            } else {
                field.to_owned()
            }
        })
        .collect();
    (decoded(parts.uri.path()), pairs, headers, fields)
}

/// Puts another byte in the place of one; whether what comes of it is taken, `None` where it is no other request.
fn is_taken_with(vector: &Vector, part: Part, position: usize, byte: u8) -> Option<bool> {
    let mut changed = vector.clone();
    let text = part.text(&mut changed);
    let mut bytes = std::mem::take(text).into_bytes();
    *bytes.get_mut(position)? = byte;
    *text = String::from_utf8(bytes).ok()?;
    if !changed.sent_uri.starts_with('/') {
        return None;
    }
    let (right, _) = vector.request(&vector.sent_uri)?;
    let (parts, body) = changed.request(&changed.sent_uri)?;
    let is_same = meaning(&right) == meaning(&parts)
        && vector.body == changed.body
        && vector.access_key == changed.access_key
        && vector.secret_key == changed.secret_key;
    (!is_same).then(|| changed.check(&parts, &body, time()).is_ok())
}

#[test]
fn no_byte_of_a_request_can_be_changed() {
    let vector = Vector::named("PUT");
    let mut changes = 0;
    for part in Part::all(&vector) {
        for position in 0..part.text(&mut vector.clone()).len() {
            let old = part.text(&mut vector.clone()).as_bytes()[position];
            for byte in [old ^ 1, old ^ 32, b'/', b'0'] {
                let taken = is_taken_with(&vector, part, position, byte);
                assert_ne!(taken, Some(true), "{part:?} with {byte} at {position}");
                changes += usize::from(taken.is_some());
            }
        }
    }
    assert!(changes > 1000, "only {changes} changes");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_signature_is_taken_for_another_request(
        vector in any::<Index>(), part in any::<Index>(), position in any::<Index>(), byte in any::<u8>(),
    ) {
        let vectors = vectors();
        let vector = vector.get(&vectors);
        let length = |part: &Part| part.text(&mut vector.clone()).len();
        let mut parts = Part::all(vector);
        parts.retain(|part| length(part) > 0);
        let part = *part.get(&parts);
        let taken = is_taken_with(vector, part, position.index(length(&part)), byte);
        prop_assert_ne!(taken, Some(true), "{}: {:?}", vector.name, part);
    }
}
