//! What a record of the wire does not show.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};
use bytes::Bytes;
use cph_core::{is_personal, mask_json};
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::sign;

const MASK: &str = "***";

/// A body beyond this is cut.
const MOST_SHOWN: usize = 64 << 10;

/// What is shorter stands in a text by chance.
const SHORTEST_KNOWN: usize = 6;

/// Headers whose values give nothing away. Any other may be somebody's way to pass a key.
const HARMLESS_HEADERS: [&str; 21] = [
    "accept",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "host",
    "keep-alive",
    "location",
    "retry-after",
    "server",
    "transfer-encoding",
    "user-agent",
    "via",
    "www-authenticate",
    "x-metadata-token-ttl-seconds",
    "x-project-id",
    "x-request-id",
    "x-sdk-date",
];

/// Names of fields and parameters that hold what opens a door.
const SECRET: [&str; 12] = [
    "access",
    "access_key",
    "authorization",
    "password",
    "secret",
    "secret_access_key",
    "secret_key",
    "security_token",
    "securitytoken",
    "session_id",
    "ticket",
    "token",
];

/// Where credentials are handed out, only these are shown.
const HARMLESS_FIELDS: [&str; 11] = [
    "code",
    "error_code",
    "error_msg",
    "errorcode",
    "errormsg",
    "expiration",
    "expires_at",
    "issued_at",
    "message",
    "methods",
    "title",
];

/// What one record hides: by name where it first stands, by value wherever else it stands.
pub(super) struct Redaction {
    for_credentials: bool,
    known: BTreeSet<String>,
}

impl Redaction {
    pub(super) fn new(for_credentials: bool) -> Self {
        Self { for_credentials, known: BTreeSet::new() }
    }

    /// The same, knowing nothing yet.
    pub(super) fn anew(&self) -> Self {
        Self::new(self.for_credentials)
    }

    /// The address without a user, and with the query's values hidden where their names ask for it.
    pub(super) fn url(&mut self, uri: &http::Uri) -> String {
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let mut url = format!("{}://{host}{}", uri.scheme_str().unwrap_or_default(), uri.path());
        for (place, pair) in uri.query().into_iter().flat_map(|query| query.split('&')).enumerate()
        {
            url.push(if place == 0 { '?' } else { '&' });
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = percent_decode_str(name).decode_utf8_lossy();
            if self.for_credentials || is_secret(&decoded) || is_personal(&decoded) {
                self.learn(&percent_decode_str(value).decode_utf8_lossy());
                url.extend([name, "=", MASK]);
            } else {
                url.push_str(pair);
            }
        }
        url
    }

    pub(super) fn headers(&mut self, headers: &HeaderMap) -> BTreeMap<String, String> {
        let mut shown = BTreeMap::<String, String>::new();
        for (name, value) in headers {
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = if HARMLESS_HEADERS.contains(&name.as_str()) && !value.is_sensitive() {
                without_secrets_of_urls(&text)
            } else {
                self.learn(&text);
                MASK.to_owned()
            };
            let all = shown.entry(name.to_string()).or_default();
            if !all.is_empty() {
                all.push_str(", ");
            }
            all.push_str(&text);
        }
        shown
    }

    pub(super) fn body(&mut self, body: &Bytes) -> Value {
        if body.is_empty() {
            return Value::Null;
        }
        if let Ok(json) = serde_json::from_slice(body) {
            let masked =
                if self.for_credentials { masked_whole(&json) } else { masked(&mask_json(&json)) };
            self.learn_what_differs(&json, &masked);
            return masked;
        }
        match str::from_utf8(body) {
            // A page or a sentence of something on the way.
            Ok(text)
                if !self.for_credentials && !text.trim_start().starts_with(['{', '[', '"']) =>
            {
                without_secrets_of_urls(text).into()
            }
            _ => format!("{MASK} ({} bytes that are no JSON)", body.len()).into(),
        }
    }

    fn learn(&mut self, secret: &str) {
        if secret.len() >= SHORTEST_KNOWN {
            self.known.extend([secret.to_owned(), sign::encode(secret).to_string()]);
        }
    }

    /// What finds, in any text, what was hidden by its name so far.
    pub(super) fn known(&self) -> Known {
        // One may begin like another.
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::LeftmostLongest);
        let known = builder.build(&self.known);
        Known(known.unwrap_or_else(|error| unreachable!("a request is not that large: {error}")))
    }

    fn learn_what_differs(&mut self, original: &Value, masked: &Value) {
        match (original, masked) {
            (Value::Object(fields), Value::Object(others)) => {
                for (name, value) in fields {
                    self.learn_what_differs(value, others.get(name).unwrap_or(&Value::Null));
                }
            }
            (Value::Array(items), Value::Array(others)) => {
                for (item, other) in items.iter().zip(others) {
                    self.learn_what_differs(item, other);
                }
            }
            (_, masked) if original == masked => {}
            (Value::Object(fields), _) => {
                fields.values().for_each(|value| self.learn_what_differs(value, masked));
            }
            (Value::Array(items), _) => {
                for item in items {
                    self.learn_what_differs(item, masked);
                }
            }
            (Value::String(text), Value::String(other)) => {
                match (serde_json::from_str(text), serde_json::from_str(other)) {
                    (Ok(text @ Value::Object(_)), Ok(other @ Value::Object(_))) => {
                        self.learn_what_differs(&text, &other);
                    }
                    _ if other == MASK => self.learn(text),
                    _ => {}
                }
            }
            (other, _) => self.learn(&other.to_string()),
        }
    }
}

/// What must not stand in a text, whatever it stands for there.
pub(super) struct Known(AhoCorasick);

impl Known {
    pub(super) fn hide(&self, text: &mut String) {
        if self.0.is_match(text.as_str()) {
            let mut shown = String::new();
            self.0.replace_all_with(text, &mut shown, |_, _, shown| {
                shown.push_str(MASK);
                true
            });
            *text = shown;
        }
    }

    /// Hides it in a body, and cuts that.
    pub(super) fn finish(&self, body: &mut Value, bytes: usize) {
        self.hide_in(body);
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        if text.len() > MOST_SHOWN {
            let start = &text[..text.floor_char_boundary(MOST_SHOWN)];
            *body = format!("{start}… (cut; it has {bytes} bytes)").into();
        }
    }

    fn hide_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.hide(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in(item)),
            Value::Object(fields) => fields.values_mut().for_each(|item| self.hide_in(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(&name.replace('-', "_")))
}

/// Without what opens a door, by the names of the fields.
fn masked(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let is_hidden = is_secret(name) && !(value.is_object() || value.is_null());
                (name.clone(), if is_hidden { MASK.into() } else { masked(value) })
            });
            fields.collect()
        }
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::String(text) => without_secrets_of_urls(text).into(),
        _ => value.clone(),
    }
}

/// The shape of an answer that may be nothing but secrets.
fn masked_whole(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let is_shown = HARMLESS_FIELDS.contains(&name.to_ascii_lowercase().as_str());
                (name.clone(), if is_shown { masked(value) } else { masked_whole(value) })
            });
            fields.collect()
        }
        Value::Array(items) => items.iter().map(masked_whole).collect(),
        Value::Null => Value::Null,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => MASK.into(),
    }
}

/// A signed URL opens what it names, by its query; others hold a user with a password.
fn without_secrets_of_urls(text: &str) -> String {
    let is_end = |char: char| char.is_whitespace() || "\"'<>".contains(char);
    let mut shown = String::new();
    for word in text.split_inclusive(is_end) {
        let Some((scheme, rest)) = word.split_once("://") else {
            shown.push_str(word);
            continue;
        };
        let (address, end) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
        let (address, query) = match address.split_once('?') {
            Some((address, _)) => (address, "?***"),
            None => (address, ""),
        };
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        let (user, host) = match host.rsplit_once('@') {
            Some((_, host)) => ("***@", host),
            None => ("", host),
        };
        shown.extend([scheme, "://", user, host, path, query, end]);
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(for_credentials: bool, body: &str) -> Value {
        let mut redaction = Redaction::new(for_credentials);
        let mut shown = redaction.body(&Bytes::from(body.to_owned()));
        redaction.known().finish(&mut shown, body.len());
        shown
    }

    #[test]
    fn what_is_hidden_by_name_is_hidden_wherever_it_stands() {
        let sent = json!({
            "phones": [{"phone_id": "a7f3", "property": r#"{"imsi":"460021624617113"}"#}],
            "content": "echo 460021624617113",
            "access_info": {"session_id": "4711-4711", "ticket": ["t-1"], "access_port": 14308},
        });
        assert_eq!(
            body(false, &sent.to_string()),
            json!({
                "phones": [{"phone_id": "a7f3", "property": r#"{"imsi":"***"}"#}],
                "content": "echo ***",
                "access_info": {"session_id": "***", "ticket": "***", "access_port": 14308},
            })
        );
    }

    #[test]
    fn an_answer_with_credentials_shows_its_shape_and_what_went_wrong() {
        let answer = r#"{"credential":{"access":"AK","expires_at":"2027-01-15"},"n":[7,null]}"#;
        assert_eq!(
            body(true, answer),
            json!({"credential": {"access": "***", "expires_at": "2027-01-15"}, "n": ["***", null]})
        );
        let refusal = r#"{"error":{"code":401,"message":"The password is wrong."}}"#;
        assert_eq!(body(true, refusal), serde_json::from_str::<Value>(refusal).unwrap());
        assert_eq!(body(true, "a-token"), "*** (7 bytes that are no JSON)");
    }

    #[test]
    fn a_page_is_shown_and_broken_json_is_not() {
        let page = "<a href=\"https://me:hush@obs/x?Signature=y\">busy</a>";
        assert_eq!(body(false, page), "<a href=\"https://***@obs/x?***\">busy</a>");
        assert_eq!(body(false, "no healthy upstream"), "no healthy upstream");
        let broken = r#" {"imei":"356938035643809","#;
        assert_eq!(body(false, broken), "*** (27 bytes that are no JSON)");
        assert_eq!(body(false, ""), Value::Null);
    }

    #[test]
    fn a_large_body_is_cut_and_says_so() {
        let text = format!("\"{}\"", "ü".repeat(40_000));
        let Value::String(shown) = body(false, &text) else { panic!("it is a text") };
        assert_eq!(shown.len(), MOST_SHOWN + "… (cut; it has 80002 bytes)".len());
        assert!(shown.ends_with("ü… (cut; it has 80002 bytes)"));
    }

    #[test]
    fn of_headers_only_the_harmless_are_shown() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "cph.example.com"),
            ("x-vault-token", "hush-hush"),
            ("set-cookie", "a=hush-hush"),
            ("location", "https://obs/x?Signature=hush-hush"),
            ("via", "a"),
            ("via", "b"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let mut redaction = Redaction::new(false);
        let shown = redaction.headers(&headers);
        let shown: Vec<_> = shown.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        host: cph.example.com
        location: https://obs/x?***
        set-cookie: ***
        via: a, b
        x-vault-token: ***
        ");
        let mut said = "x-vault-token:hush-hush".to_owned();
        redaction.known().hide(&mut said);
        assert_eq!(said, "x-vault-token:***");
    }

    #[test]
    fn a_query_is_hidden_by_its_names() {
        let uri =
            "http://me:hush@a:1/b?limit=1&imei=356938035643809&Security-Token=a%2Fb%2Fc%2Fd&x"
                .parse();
        let uri = uri.unwrap();
        let mut redaction = Redaction::new(false);
        assert_eq!(redaction.url(&uri), "http://a:1/b?limit=1&imei=***&Security-Token=***&x");
        let mut said = "a/b/c/d or a%2Fb%2Fc%2Fd".to_owned();
        redaction.known().hide(&mut said);
        assert_eq!(said, "*** or ***");
        let shown = Redaction::new(true).url(&uri);
        assert_eq!(shown, "http://a:1/b?limit=***&imei=***&Security-Token=***&x=***");
    }
}
