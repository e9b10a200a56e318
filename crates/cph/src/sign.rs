//! AK/SK request signing, `SDK-HMAC-SHA256`.
//!
//! Source: the signing chapter of the vendor's API gateway guide and the signer shipped with its SDKs; equal to the latter
//! on the vectors in `tests/contract/signatures.json`.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// The scheme's name, as it stands in the `Authorization` header.
const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Everything but `A-Za-z0-9-_.~` is escaped.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What is signed: the parts of a request that the gateway will see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// Path as it stands on the wire.
    pub(crate) path: &'a str,
    /// Query as it stands on the wire, without the question mark: in canonical form, see [`canonical_query`].
    pub(crate) query: &'a str,
    /// The headers to sign; `x-sdk-date` must be among them.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
}

/// The value of the `Authorization` header.
pub(crate) fn authorization(
    request: Signed<'_>,
    date: &str,
    access_key: &str,
    secret_key: &str,
) -> String {
    let (canonical, names) = canonical_request(request);
    let text = format!("{ALGORITHM}\n{date}\n{}", hex::encode(Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret_key.as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!("{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}")
}

/// The canonical request, and the names of the signed headers joined by `;`.
fn canonical_request(request: Signed<'_>) -> (String, String) {
    let mut headers: Vec<(String, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    headers.sort();
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines = headers
        .iter()
        .fold(String::new(), |lines, (name, value)| format!("{lines}{name}:{value}\n"));
    debug_assert_eq!(canonical_query(request.query), request.query);
    let canonical = format!(
        "{}\n{}\n{}\n{lines}\n{names}\n{}",
        request.method.to_ascii_uppercase(),
        canonical_path(request.path),
        request.query,
        hex::encode(Sha256::digest(request.body)),
    );
    (canonical, names)
}

/// Decoded, then every segment escaped anew; always ends with a slash.
fn canonical_path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut canonical =
        decoded.split('/').map(|segment| encode(segment).to_string()).collect::<Vec<_>>().join("/");
    if !canonical.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

/// The pairs decoded, sorted and escaped anew. The wire carries this very text, so that both sides read the same.
pub(crate) fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        url::form_urlencoded::parse(query.as_bytes()).collect();
    pairs.sort();
    pairs
        .iter()
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// As a query has it.
pub(crate) fn encode(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }

    #[derive(serde::Deserialize)]
    struct Vector {
        name: String,
        access_key: String,
        secret_key: String,
        method: String,
        uri: String,
        headers: Vec<(String, String)>,
        body: String,
        canonical_request: String,
        authorization: String,
    }

    #[test]
    fn signs_as_the_official_signer_does() {
        let Vectors { vectors } =
            serde_json::from_str(include_str!("../../../tests/contract/signatures.json")).unwrap();
        assert!(vectors.len() >= 20);
        for vector in vectors {
            let (path, query) = vector.uri.split_once('?').unwrap_or((&vector.uri, ""));
            let query = &canonical_query(query);
            // The official signer leaves out names with an underscore; so does whoever chooses what we sign.
            let headers: Vec<(&str, &str)> = vector
                .headers
                .iter()
                .filter(|(name, _)| !name.contains('_'))
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let date = headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("x-sdk-date"))
                .map(|(_, value)| *value)
                .unwrap();
            let body = vector.body.as_bytes();
            let signed = Signed { method: &vector.method, path, query, headers: &headers, body };
            assert_eq!(canonical_request(signed).0, vector.canonical_request, "{}", vector.name);
            assert_eq!(
                authorization(signed, date.trim(), &vector.access_key, &vector.secret_key),
                vector.authorization,
                "{}",
                vector.name
            );
        }
    }
}
