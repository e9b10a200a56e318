//! The request in the form that is signed.

use bytes::Bytes;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::header;

/// Everything but the characters that RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Headers whose values are never repeated to the caller.
const SECRET_HEADERS: [&str; 2] = ["x-auth-token", "x-security-token"];

/// The parts of a canonical request, each as it is signed.
#[derive(Clone)]
pub(super) struct Canonical {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// The signed headers: names and values.
    pub(super) headers: Vec<(String, String)>,
    /// What stands between the headers and the list of their names.
    pub(super) gap: &'static str,
    pub(super) names: String,
    pub(super) body_hash: String,
    /// What stands behind the hash.
    pub(super) end: &'static str,
}

impl Canonical {
    /// Headers come in the order in which the caller lists them. Assumed: signed-headers-as-listed.
    pub(super) fn new(parts: &Parts, body: &Bytes, signed_headers: &[&str]) -> Self {
        let headers: Vec<(String, String)> = signed_headers
            .iter()
            .map(|name| (name.to_ascii_lowercase(), value(parts, name).trim().to_owned()))
            .collect();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut pairs = query_pairs(parts.uri.query().unwrap_or_default());
        pairs.sort();
        Self {
            method: parts.method.to_string(),
            path: with_slash(encoded_segments(&decoded(parts.uri.path()))),
            query: encoded_pairs(&pairs),
            gap: "\n",
            names: names.join(";"),
            // A hash that is not the body's would let the body be changed; this word says that it is not signed at all.
            body_hash: header(parts, "x-sdk-content-sha256")
                .filter(|value| *value == "UNSIGNED-PAYLOAD")
                .map_or_else(|| hash(body), str::to_owned),
            end: "",
            headers,
        }
    }

    pub(super) fn text(&self) -> String {
        let Self { method, path, query, headers, gap, names, body_hash, end } = self;
        let mut text = format!("{method}\n{path}\n{query}\n");
        for (name, value) in headers {
            text.extend([name, ":", value, "\n"]);
        }
        text + gap + names + "\n" + body_hash + end
    }

    /// As the gateway shows it: on one line, without secrets.
    pub(super) fn shown(&self) -> String {
        let mut shown = self.clone();
        for (name, value) in &mut shown.headers {
            if SECRET_HEADERS.contains(&name.as_str()) {
                "***".clone_into(value);
            }
        }
        shown.text().replace('\n', "|")
    }
}

/// The value of a header as it was sent.
pub(super) fn value<'a>(parts: &'a Parts, name: &str) -> &'a str {
    header(parts, name).unwrap_or_else(|| match &parts.uri {
        // A request that has not been through a connection names its host in the address.
        uri if name.eq_ignore_ascii_case("host") => {
            uri.authority().map_or("", http::uri::Authority::as_str)
        }
        _ => "",
    })
}

pub(super) fn with_slash(path: String) -> String {
    if path.ends_with('/') { path } else { path + "/" }
}

/// The signer decodes a path before it encodes each segment: an escaped slash becomes a real one.
pub(super) fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

pub(super) fn encoded_segments(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

pub(super) fn encoded_pairs(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The names and values of a query, decoded.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| decoded(&text.replace('+', " "));
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

pub(super) fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}
