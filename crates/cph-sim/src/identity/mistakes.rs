//! Known mistakes of signers: which of them explains a signature that does not fit.

use http::request::Parts;

use super::{
    canonical::{decoded, encoded_pairs, encoded_segments, hash, query_pairs, value, with_slash},
    signature::{Sent, Signing, time_of},
};

/// Does to what is signed what a mistaken signer does to it.
type Mistake = fn(&mut Signing, &Sent<'_>);

/// Each as what stands after "a request with".
const MISTAKES: &[(&str, Mistake)] = &[
    ("a method in lower case", |signing, _| signing.canonical.method.make_ascii_lowercase()),
    ("no slash at the end of the path", |signing, _| {
        signing.canonical.path.pop();
    }),
    ("a path that is not encoded", |signing, sent| {
        signing.canonical.path = with_slash(decoded(sent.parts.uri.path()));
    }),
    ("a path that is encoded twice", |signing, _| {
        signing.canonical.path = encoded_segments(&signing.canonical.path);
    }),
    ("no query", |signing, _| signing.canonical.query.clear()),
    ("a query that is not sorted", |signing, sent| {
        signing.canonical.query = encoded_pairs(&query_pairs(query(sent.parts)));
    }),
    ("a query that is not encoded", |signing, _| {
        signing.canonical.query = decoded(&signing.canonical.query);
    }),
    ("a query as it was sent", |signing, sent| {
        query(sent.parts).clone_into(&mut signing.canonical.query);
    }),
    ("a query with + for blanks", |signing, _| {
        signing.canonical.query = signing.canonical.query.replace("%20", "+");
    }),
    ("header values that are not trimmed", |signing, sent| {
        for (name, text) in &mut signing.canonical.headers {
            value(sent.parts, name).clone_into(text);
        }
    }),
    ("a blank after the colon of each header", |signing, _| {
        for (_, text) in &mut signing.canonical.headers {
            text.insert(0, ' ');
        }
    }),
    ("header names that are not in lower case", |signing, sent| {
        for ((name, _), written) in signing.canonical.headers.iter_mut().zip(&sent.signed_headers) {
            (*written).clone_into(name);
        }
        signing.canonical.names = sent.signed_headers.join(";");
    }),
    ("header names that are not in lower case", |signing, _| {
        for (name, _) in &mut signing.canonical.headers {
            *name = name.split('-').map(capitalized).collect::<Vec<_>>().join("-");
        }
    }),
    ("a host without its port", |signing, _| {
        change_host(signing, |host| host.split_once(':').map(|(name, _)| name.to_owned()));
    }),
    ("a host with the port 443", |signing, _| {
        change_host(signing, |host| Some(format!("{host}:443")));
    }),
    ("a host with the port 80", |signing, _| {
        change_host(signing, |host| Some(format!("{host}:80")));
    }),
    ("no empty line after the headers", |signing, _| signing.canonical.gap = ""),
    ("an empty body", |signing, _| signing.canonical.body_hash = hash(b"")),
    ("a body without its last newline", |signing, sent| {
        if let Some(rest) = sent.body.strip_suffix(b"\n") {
            signing.canonical.body_hash = hash(rest);
        }
    }),
    ("a newline behind the body", |signing, sent| {
        signing.canonical.body_hash = hash(&[sent.body, &b"\n"[..]].concat());
    }),
    ("UNSIGNED-PAYLOAD for the body, without the header X-Sdk-Content-Sha256", |signing, _| {
        "UNSIGNED-PAYLOAD".clone_into(&mut signing.canonical.body_hash);
    }),
    ("what X-Sdk-Content-Sha256 says, which is not the hash of the body", |signing, sent| {
        let said = super::header(sent.parts, "x-sdk-content-sha256");
        said.unwrap_or_default().clone_into(&mut signing.canonical.body_hash);
    }),
    ("the hash of the body in capitals", |signing, _| {
        signing.canonical.body_hash.make_ascii_uppercase();
    }),
    ("a newline at the end of the canonical request", |signing, _| signing.canonical.end = "\n"),
    ("the time of another header than X-Sdk-Date", |signing, sent| {
        let others = sent.parts.headers.iter().filter(|(name, _)| *name != "x-sdk-date");
        let mut others = others.filter_map(|(_, value)| value.to_str().ok());
        if let Some(other) = others.find(|value| time_of(value).is_some()) {
            other.clone_into(&mut signing.date);
        }
    }),
    ("the day alone for the time", |signing, _| signing.date.truncate(8)),
    ("a secret key that begins with a blank", |signing, _| signing.secret_key.insert(0, ' ')),
    ("a secret key that ends in a blank", |signing, _| signing.secret_key.push(' ')),
    ("a secret key that ends in a newline", |signing, _| signing.secret_key.push('\n')),
    ("a secret key that ends in a newline", |signing, _| signing.secret_key.push_str("\r\n")),
    ("the access key in place of the secret key", |signing, sent| {
        sent.access_key.clone_into(&mut signing.secret_key);
    }),
];

/// Says what was signed instead of `signing`, where one known mistake leads to the caller's signature.
pub(super) fn explain(signing: &Signing, sent: &Sent<'_>) -> String {
    let explains = |mistake: &Mistake| {
        let mut mistaken = signing.clone();
        mistake(&mut mistaken, sent);
        mistaken.signature() == sent.signature
    };
    match MISTAKES.iter().find(|(_, mistake)| explains(mistake)) {
        Some((name, _)) => format!("the signature is that of a request with {name}"),
        None => "no known mistake explains it: the secret key, or something on the way that changes requests".to_owned(),
    }
}

fn query(parts: &Parts) -> &str {
    parts.uri.query().unwrap_or_default()
}

fn change_host(signing: &mut Signing, change: impl Fn(&str) -> Option<String>) {
    for (_, host) in signing.canonical.headers.iter_mut().filter(|(name, _)| name == "host") {
        if let Some(changed) = change(host) {
            *host = changed;
        }
    }
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
    first.to_ascii_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;

    #[test]
    fn every_known_mistake_is_found_under_its_name() {
        let request = Request::post("/v1/a%20b/c?b=1%2F+2&a=3&c")
            .header("Host", "localhost:8080")
            .header("X-Sdk-Date", "20260102T030405Z")
            .header("X-Date", "20260101T000000Z")
            .header("X-Note", "  two  ")
            .header("X-Sdk-Content-Sha256", "0123abc");
        let (parts, body) = request.body(Bytes::from("{}\n")).unwrap().into_parts();
        let names = "Host;X-Sdk-Date;x-note";
        let authorization = |signature: &str| {
            format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders={names}, Signature={signature}")
        };
        let right = authorization("");
        let right = Sent::read(&parts, &body, &right).unwrap();
        let signing = Signing::new(&right, "SK", "20260102T030405Z");
        for (name, mistake) in MISTAKES {
            let mut mistaken = signing.clone();
            mistake(&mut mistaken, &right);
            let authorization = authorization(&mistaken.signature());
            let sent = Sent::read(&parts, &body, &authorization).unwrap();
            let expected = format!("the signature is that of a request with {name}");
            assert_eq!(explain(&signing, &sent), expected);
            assert_ne!(mistaken.signature(), signing.signature(), "{name}");
        }
        assert!(explain(&signing, &right).starts_with("no known mistake explains it"));
    }
}
