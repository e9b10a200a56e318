//! What authenticates a request, and the form in which it is signed and sent.

use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderValue;

use super::Caller;
use crate::{
    Credentials, Error, Problem,
    identity::CredentialParts,
    sign::{self, Signed},
};

const AUTHORIZATION: &str = "authorization";
const CONTENT_TYPE: &str = "content-type";
const HOST: &str = "host";
const SDK_DATE: &str = "x-sdk-date";
const PROJECT_ID: &str = "x-project-id";
const SECURITY_TOKEN: &str = "x-security-token";
const AUTH_TOKEN: &str = "x-auth-token";

/// The gateway takes no larger body together with a signature.
const MAX_BODY_BYTES: usize = 12 << 20;

pub(super) fn check_size(request: &http::Request<Bytes>) -> Result<(), Error> {
    let size = request.body().len();
    if size <= MAX_BODY_BYTES {
        return Ok(());
    }
    Err(Error::invalid(format_args!(
        "the request body has {size} bytes; the gateway takes at most {MAX_BODY_BYTES} (12 MB): send fewer targets in a call"
    )))
}

/// Adds what authenticates a request. Few headers are signed, so that nothing on the way can break the signature.
/// Assumed: short-signed-header-list.
pub(super) struct Signer<'a> {
    pub(super) credentials: Option<&'a Credentials>,
    pub(super) caller: Caller<'a>,
}

impl Signer<'_> {
    pub(super) fn signs(&self) -> bool {
        matches!(self.credentials.map(Credentials::parts), Some(CredentialParts::Key { .. }))
    }

    pub(super) fn sign(
        self,
        mut request: http::Request<Bytes>,
        now: SystemTime,
    ) -> Result<http::Request<Bytes>, Error> {
        let mut headers =
            vec![(CONTENT_TYPE, "application/json".to_owned()), (HOST, host(request.uri()))];
        if let Caller::Project(project) = self.caller {
            headers.push((PROJECT_ID, project.to_string()));
        }
        match self.credentials.map(Credentials::parts) {
            None => {}
            Some(CredentialParts::Token(token)) => headers.push((AUTH_TOKEN, token.to_owned())),
            Some(CredentialParts::Key { access_key, secret_key, security_token }) => {
                let date = sdk_date(now)?;
                headers.push((SDK_DATE, date.clone()));
                headers.extend(security_token.map(|token| (SECURITY_TOKEN, token.to_owned())));
                let signed = Signed {
                    method: request.method().as_str(),
                    path: request.uri().path(),
                    query: request.uri().query().unwrap_or_default(),
                    headers: &headers
                        .iter()
                        .map(|(name, value)| (*name, value.as_str()))
                        .collect::<Vec<_>>(),
                    body: request.body(),
                };
                let authorization = sign::authorization(signed, &date, access_key, secret_key);
                headers.push((AUTHORIZATION, authorization));
            }
        }
        for (name, value) in headers {
            let mut value = HeaderValue::try_from(value).map_err(|_| unsendable(name))?;
            value.set_sensitive([AUTH_TOKEN, SECURITY_TOKEN, AUTHORIZATION].contains(&name));
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }
}

fn sdk_date(now: SystemTime) -> Result<String, Error> {
    let now = jiff::Timestamp::try_from(now).map_err(|_| unsendable(SDK_DATE))?;
    Ok(now.strftime("%Y%m%dT%H%M%SZ").to_string())
}

fn unsendable(header: &str) -> Error {
    Error::configuration(vec![Problem::new(format!(
        "the value of the header {header} cannot be sent"
    ))])
}

/// Host and port as the `Host` header names them.
fn host(uri: &http::Uri) -> String {
    let host = uri.host().unwrap_or_default();
    match (uri.port_u16(), uri.scheme_str()) {
        (None, _) | (Some(443), Some("https")) | (Some(80), Some("http")) => host.to_owned(),
        (Some(port), _) => format!("{host}:{port}"),
    }
}

/// The request with its query in canonical form: what is signed is what is sent.
pub(crate) fn canonical(mut request: reqwest::Request) -> http::Request<Bytes> {
    if let Some(query) = request.url().query().map(sign::canonical_query) {
        request.url_mut().set_query((!query.is_empty()).then_some(&query));
    }
    let body = request
        .body()
        .and_then(|body| body.as_bytes())
        .map_or_else(Bytes::new, Bytes::copy_from_slice);
    let mut plain = http::Request::new(body);
    *plain.method_mut() = request.method().clone();
    *plain.uri_mut() = request
        .url()
        .as_str()
        .parse()
        .expect("a URL without spaces or control characters is a URI");
    *plain.headers_mut() = request.headers().clone();
    plain
}
