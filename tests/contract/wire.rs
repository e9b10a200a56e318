//! What the raw client sends, held against what the official SDK sends for the same call (`openapi/wire.json`).

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, Mutex},
};

use cph_tests::evidence::{Column, arguments_of, passed};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    bundle::{Operation, operations},
    raw,
};

pub(crate) const PROJECT: &str = "0123456789abcdef0123456789abcdef";

#[derive(Deserialize)]
struct Recordings {
    requests: Vec<Recording>,
}

/// One call of the official SDK: what it was given, and what it sent.
#[derive(Deserialize)]
pub(crate) struct Recording {
    pub(crate) operation: String,
    pub(crate) case: String,
    pub(crate) arguments: Value,
    pub(crate) request: Sent,
}

/// A request as it leaves, ids and texts decoded.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

pub(crate) fn recordings() -> Vec<Recording> {
    let recordings: Recordings =
        serde_json::from_str(include_str!("../../openapi/wire.json")).unwrap();
    recordings.requests
}

/// The recorded requests: operation, name and what was sent.
pub(crate) fn recorded_requests() -> impl Iterator<Item = (&'static str, String, Sent)> {
    recordings()
        .into_iter()
        .map(|recording| (recording.operation().name, recording.to_string(), recording.request))
}

impl std::fmt::Display for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.operation, self.case)
    }
}

impl Recording {
    pub(crate) fn operation(&self) -> Operation {
        let operation = operations().into_iter().find(|operation| operation.name == self.operation);
        operation.unwrap_or_else(|| panic!("{self}: the bundle has no such operation"))
    }
}

impl Sent {
    pub(crate) fn new(
        method: &http::Method,
        url: &str,
        headers: &http::HeaderMap,
        body: &[u8],
    ) -> Self {
        let url = reqwest::Url::parse(url).unwrap();
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        Self {
            method: method.to_string(),
            path: url.path().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers: headers.iter().map(header).collect(),
            body: if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap() },
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The operation that it calls, and the arguments that it has.
    fn arguments(&self) -> (&'static str, Vec<String>) {
        let query = self.query.iter().map(|(name, _)| name.as_str());
        let found = arguments_of(&self.method, &self.path, query, &self.body);
        let (operation, arguments) = found.unwrap_or_else(|| panic!("{self:?} calls nothing"));
        (operation.name, arguments)
    }

    /// The headers that the signature covers.
    pub(crate) fn signed_headers(&self) -> BTreeSet<&str> {
        let authorization = self.header("authorization").unwrap();
        let (_, signed) = authorization.split_once("SignedHeaders=").unwrap();
        signed.split(',').next().unwrap().split(';').collect()
    }

    pub(crate) fn assert_line_and_body_equal(&self, recorded: &Self, what: &str) {
        assert_eq!(self.method, recorded.method, "{what}");
        assert_eq!(self.path, recorded.path, "{what}");
        assert_eq!(self.query, recorded.query, "{what}");
        assert_eq!(self.body, recorded.body, "{what}");
        assert_eq!(self.header("api-version"), None, "{what}");
    }
}

#[derive(Debug, Default)]
struct Capture(Mutex<Vec<Sent>>);

impl cph_raw::Transport for Capture {
    fn send<'a>(
        &'a self,
        _: &'a reqwest::Client,
        operation: &'static str,
        request: reqwest::Request,
    ) -> Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>> {
        let body = request.body().map_or(&[][..], |body| body.as_bytes().unwrap());
        let sent = Sent::new(request.method(), request.url().as_str(), request.headers(), body);
        self.0.lock().unwrap().push(sent);
        let operation = operations().into_iter().find(|known| known.raw_name == operation);
        let status = operation.unwrap().success_status();
        let answer = http::Response::builder().status(status).body("{}").unwrap();
        Box::pin(ready(Ok(answer.into())))
    }
}

/// An HTTP client that needs no certificates of the machine, since it only builds requests.
fn http_client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls =
        tls.unwrap().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

#[tokio::test]
async fn the_raw_client_sends_what_the_official_sdk_sends() {
    for recording in recordings() {
        let transport = Arc::<Capture>::default();
        let client = cph_raw::client("http://localhost", http_client(), transport.clone());
        let operation = recording.operation().raw_name;
        raw::call(&client, PROJECT, operation, &recording.arguments).await.unwrap();

        let sent = transport.0.lock().unwrap();
        assert_eq!(sent.len(), 1, "{recording}");
        sent[0].assert_line_and_body_equal(&recording.request, &recording.to_string());
        // Headers of the caller and his credentials are the transport's business; the type of a body is not.
        if !sent[0].body.is_null() {
            assert_eq!(sent[0].header("content-type"), Some("application/json"), "{recording}");
        }
        let (called, arguments) = sent[0].arguments();
        assert_eq!(called, recording.operation, "{recording}");
        for column in [Column::Raw, Column::Wire] {
            passed(column, called, arguments.clone());
        }
    }
}

#[test]
fn every_operation_is_recorded() {
    let recorded: BTreeSet<_> =
        recordings().into_iter().map(|recording| recording.operation).collect();
    let documented: BTreeSet<_> =
        operations().iter().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(recorded, documented);
}

/// The SDK does not know `vpc_id`, which the page's example sends: `openapi/corrections.toml` has a row on
/// `CreateCloudPhoneSingleServer` at `/schemas/NicForSingleServer/properties`.
#[test]
fn whatever_a_page_documents_or_shows_is_recorded() {
    let mut missing = Vec::new();
    let recordings = recordings();
    for operation in operations() {
        let mine = || recordings.iter().filter(|recording| recording.operation == operation.name);
        for argument in operation.arguments() {
            if !mine().any(|recording| recording.arguments.pointer(&argument).is_some()) {
                missing.push(format!("{} {argument}", operation.name));
            }
        }
        for (name, example) in operation.request_examples() {
            if !mine().any(|recording| recording.request.body == *example) {
                missing.push(format!("{} {name}", operation.name));
            }
        }
    }
    assert_eq!(
        missing,
        [
            "CreateCloudPhoneSingleServer /body/nics/0/vpc_id",
            "CreateCloudPhoneSingleServer example",
        ]
    );
}
