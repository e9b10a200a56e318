//! A signer that is as plain as can be, and shares nothing with those of client and simulator.

use bytes::Bytes;
use cph_sim::Simulator;
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Request, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::phones;

/// A call that is signed by hand, in the plainest way.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

impl Call {
    pub(crate) fn new(sim: &Simulator, method: Method, path: &str) -> Self {
        let now = jiff::Timestamp::try_from(sim.clock().now()).unwrap();
        Self {
            method,
            uri: path.to_owned(),
            headers: vec![
                ("user-agent", "huaweicloud-usdk-go/3.0".to_owned()),
                ("x-project-id", sim.project().to_owned()),
                ("x-sdk-date", now.strftime("%Y%m%dT%H%M%SZ").to_string()),
            ],
            body: String::new(),
            access_key: sim.access_key().to_owned(),
            secret_key: sim.secret_key().to_owned(),
        }
    }

    pub(crate) fn phones(sim: &Simulator) -> Self {
        Self::new(sim, Method::GET, &format!("/v1/{}/cloud-phone/phones", sim.project()))
    }

    pub(crate) fn restart(sim: &Simulator) -> Self {
        let path = format!("/v1/{}/cloud-phone/phones/batch-restart", sim.project());
        let body = phones(&sim.phones()).to_string() + "\n";
        Self { body, ..Self::new(sim, Method::POST, &path) }
    }

    pub(crate) fn canonical(&self) -> String {
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let lines = self.headers.iter().flat_map(|(name, value)| [name, ":", value, "\n"]);
        let lines: String = lines.collect();
        let hash = hex::encode(Sha256::digest(&self.body));
        format!("{}\n{path}/\n{query}\n{lines}\n{}\n{hash}", self.method, self.names())
    }

    pub(crate) fn names(&self) -> String {
        self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
    }

    pub(crate) async fn send(self, sim: &Simulator) -> (u16, Value) {
        let canonical = self.canonical();
        self.send_signed(sim, &canonical).await
    }

    /// Signs another text in the place of the canonical request.
    pub(crate) async fn send_signed(self, sim: &Simulator, canonical: &str) -> (u16, Value) {
        let date = &self.headers.iter().find(|(name, _)| *name == "x-sdk-date").unwrap().1;
        let hash = hex::encode(Sha256::digest(canonical));
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret_key.as_bytes()).unwrap();
        mac.update(format!("SDK-HMAC-SHA256\n{date}\n{hash}").as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let authorization = format!(
            "SDK-HMAC-SHA256 Access={}, SignedHeaders={}, Signature={signature}",
            self.access_key,
            self.names()
        );
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.uri)
            .header("authorization", authorization);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        read(&sim.call(request.body(self.body.into()).unwrap()).await.unwrap())
    }
}

/// Like the call, with keys that are good for a time.
pub(crate) fn temporary(sim: &Simulator, call: Call) -> Call {
    let keys = sim.temporary_keys();
    let mut call = Call { access_key: keys.access_key, secret_key: keys.secret_key, ..call };
    call.headers.insert(1, ("x-security-token", keys.security_token));
    call
}

pub(crate) fn read(response: &Response<Bytes>) -> (u16, Value) {
    let body = serde_json::from_slice(response.body())
        .unwrap_or_else(|_| Value::String(String::from_utf8(response.body().to_vec()).unwrap()));
    (response.status().as_u16(), body)
}

pub(crate) fn message(answer: &(u16, Value)) -> String {
    let text = answer.1["error_msg"].as_str().unwrap_or_else(|| panic!("no error: {answer:?}"));
    format!("{} {} {text}", answer.0, answer.1["error_code"].as_str().unwrap())
}

pub(crate) fn unauthenticated(problem: &str) -> String {
    format!("401 APIGW.0301 Incorrect IAM authentication information: {problem}")
}
