//! One call: sign, send, judge, and send again where the delivery table allows it. Knows no batches.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, SystemTime},
};

use backon::BackoffBuilder as _;
use bytes::Bytes;
use cph_core::Operation;
use http::HeaderValue;
use tracing::Instrument as _;

use crate::{
    Error, Problem, answer,
    client::Shared,
    clock::after,
    credentials::CredentialParts,
    delivery::Again,
    sign::{self, Signed},
    wire,
};

const AUTHORIZATION: &str = "authorization";
const CONTENT_TYPE: &str = "content-type";
const HOST: &str = "host";
const SDK_DATE: &str = "x-sdk-date";
const PROJECT_ID: &str = "x-project-id";
const SECURITY_TOKEN: &str = "x-security-token";
const AUTH_TOKEN: &str = "x-auth-token";

/// What the generated client sends through: it lives for one call and keeps what the generated types have no room for.
#[derive(Debug)]
pub(crate) struct Call {
    shared: Arc<Shared>,
    operation: &'static Operation,
    end: Mutex<End>,
}

#[derive(Debug, Default)]
struct End {
    request_id: Option<String>,
    error: Option<Error>,
}

impl Call {
    pub(crate) fn new(shared: Arc<Shared>, operation: &'static Operation) -> Self {
        Self { shared, operation, end: Mutex::default() }
    }

    /// The id that the answer's headers carried.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).request_id.clone()
    }

    /// Why there is no answer, once.
    pub(crate) fn take_error(&self) -> Option<Error> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).error.take()
    }

    /// The call in a span of its own. The query must be in canonical form.
    pub(crate) async fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let span = tracing::info_span!(
            "cph",
            operation = self.operation.name,
            status = tracing::field::Empty,
            request_id = tracing::field::Empty
        );
        let work = async {
            let result = self.attempts(request).await;
            let (status, request_id) = match &result {
                Ok(answer) => (Some(answer.status().as_u16()), wire::request_id(answer.headers())),
                Err(error) => (error.status(), error.request_id().map(str::to_owned)),
            };
            let span = tracing::Span::current();
            span.record("status", status);
            span.record("request_id", request_id.as_deref());
            self.end.lock().unwrap_or_else(PoisonError::into_inner).request_id = request_id;
            result
        };
        work.instrument(span).await
    }

    /// Attempts until one ends it. The waits between them grow from one second, which is what a throttled caller is advised to wait.
    async fn attempts(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        let shared = &self.shared;
        let give_up = after(shared.clock.now(), shared.policy.call_timeout);
        let mut waits = backon::ExponentialBuilder::new()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(Duration::from_secs(20))
            .with_max_times(shared.policy.attempts.saturating_sub(1))
            .with_jitter()
            .with_jitter_seed(shared.draw(|random| random.u64(..)))
            .build();
        for attempt in 1.. {
            let signed = self.sign(request.clone(), shared.clock.now())?;
            let result = {
                let _in_flight = InFlight::enter(shared);
                shared.wire.send(signed, self.operation.idempotent).await
            };
            let (error, again) = match answer::read(result) {
                Ok(answer) => return Ok(answer),
                Err(end) => end,
            };
            let error = error.with_operation(self.operation.name);
            let allowed = match again {
                Again::Always => true,
                Again::IfIdempotent => {
                    self.operation.idempotent
                        || error
                            .code()
                            .is_some_and(|code| shared.policy.resend_after.contains(&code))
                }
                Again::Never => false,
            };
            match waits.next() {
                Some(wait) if allowed && shared.clock.now() + wait < give_up => {
                    tracing::debug!(attempt, ?wait, %error, "sending again");
                    shared.clock.sleep(wait).await;
                }
                _ => return Err(error),
            }
        }
        unreachable!("attempts end by returning")
    }

    /// Adds what authenticates the request. Few headers are signed, so that nothing on the way can break the signature.
    /// Assumed: short-signed-header-list.
    fn sign(
        &self,
        mut request: http::Request<Bytes>,
        now: SystemTime,
    ) -> Result<http::Request<Bytes>, Error> {
        let mut headers = vec![
            (CONTENT_TYPE, "application/json".to_owned()),
            (HOST, host(request.uri())),
            (PROJECT_ID, self.shared.project.to_string()),
        ];
        match self.shared.credentials.parts() {
            CredentialParts::Token(token) => headers.push((AUTH_TOKEN, token.to_owned())),
            CredentialParts::Key { access_key, secret_key, security_token } => {
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
                headers.push((
                    AUTHORIZATION,
                    sign::authorization(signed, &date, access_key, secret_key),
                ));
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

/// Counts a request as on the wire for as long as it lives.
struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    fn enter(shared: &'a Shared) -> Self {
        shared.in_flight.fetch_add(1, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl cph_raw::Transport for Call {
    fn send<'a>(
        &'a self,
        _: &'a reqwest::Client,
        _: &'static str,
        request: reqwest::Request,
    ) -> Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>> {
        Box::pin(async move {
            Ok(match self.exchange(canonical(request)).await {
                Ok(answer) => documented_status(answer).into(),
                // The generated client has no way to carry our error: it is left in `end`, and this answer is never looked at.
                Err(error) => {
                    self.end.lock().unwrap_or_else(PoisonError::into_inner).error = Some(error);
                    let mut nothing = http::Response::new(Bytes::new());
                    *nothing.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
                    nothing.into()
                }
            })
        })
    }
}

/// The request with its query in canonical form: what is signed is what is sent.
fn canonical(mut request: reqwest::Request) -> http::Request<Bytes> {
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

/// Pages say 200 where the chapter on returned values says 201 for POST: both are the same success.
fn documented_status(mut answer: http::Response<Bytes>) -> http::Response<Bytes> {
    if matches!(answer.status().as_u16(), 201 | 202) {
        *answer.status_mut() = http::StatusCode::OK;
    }
    answer
}
