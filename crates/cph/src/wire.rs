//! One HTTP exchange: a signed request goes out, an answer or a failure comes back. Knows no signature, no retry.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

use crate::{Error, Problem, Result, endpoint::Endpoint, error::BoxError};

/// Idle connections are closed after this, well before a server would.
const POOL_IDLE: Duration = Duration::from_secs(5);

/// How long an answer that is already in the socket may take to be handed over once the time-out has struck. A program that
/// held the thread for longer than the time-out finds the answer and the alarm waiting side by side; the answer counts.
const GRACE: Duration = Duration::from_millis(100);

/// Answers larger than this are cut off; the largest documented page is below 1 MiB.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Header in which the service and its gateway name a call.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Why no whole answer came.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request never left.
    NeverSent(BoxError),
    /// It left, and then the connection broke.
    Lost { head: Option<Head>, source: BoxError },
    /// It left, and no whole answer came in time.
    TimedOut { head: Option<Head>, after: Duration },
}

/// What was seen of an answer that broke off.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
}

impl Head {
    fn of(status: http::StatusCode, headers: &http::HeaderMap) -> Self {
        Self { status: status.as_u16(), request_id: request_id(headers) }
    }
}

/// The call's id, from the headers of its answer.
pub(crate) fn request_id(headers: &http::HeaderMap) -> Option<String> {
    let value = headers.get(REQUEST_ID)?.to_str().ok()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

pub(crate) type Exchange<'a> = BoxFuture<'a, Result<http::Response<Bytes>, Failure>>;

/// Carries one request.
pub(crate) trait Wire: fmt::Debug + Send + Sync {
    /// A request that is not `idempotent` must not be lost for a reason that could have been avoided.
    fn send(&self, request: http::Request<Bytes>, idempotent: bool) -> Exchange<'_>;
}

/// HTTP/1.1 over sockets.
#[derive(Debug)]
pub(crate) struct HttpWire {
    /// Keeps connections. One that the server closes just as a request goes out loses the request.
    pooled: reqwest::Client,
    /// Connects anew for every request, for those whose loss could not be made good by sending them again.
    fresh: reqwest::Client,
    connect_timeout: Duration,
    attempt_timeout: Duration,
}

impl HttpWire {
    pub(crate) fn new(
        endpoint: &Endpoint,
        connect_timeout: Duration,
        attempt_timeout: Duration,
    ) -> Result<Self> {
        let tls = tls(endpoint)?;
        let client = |idle_connections| {
            // No redirects, no retries of its own.
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .http1_only()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(connect_timeout)
                .pool_idle_timeout(POOL_IDLE)
                .pool_max_idle_per_host(idle_connections)
                .referer(false)
                .user_agent(concat!("cph/", env!("CARGO_PKG_VERSION")));
            // A proxy from the environment is for other machines.
            let builder = if endpoint.is_loopback() { builder.no_proxy() } else { builder };
            builder.build().map_err(|error| {
                Error::configuration(vec![Problem::new("no HTTP client can be set up")])
                    .caused_by(error)
            })
        };
        Ok(Self {
            pooled: client(usize::MAX)?,
            fresh: client(0)?,
            connect_timeout,
            attempt_timeout,
        })
    }

    /// For whoever builds requests that this sends.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.pooled
    }
}

/// The certificates of the system, or none where there is no TLS: then a machine without them will do.
fn tls(endpoint: &Endpoint) -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = if endpoint.is_tls() {
        tls.and_then(rustls_platform_verifier::BuilderVerifierExt::with_platform_verifier)
    } else {
        tls.map(|tls| tls.with_root_certificates(rustls::RootCertStore::empty()))
    };
    let no_roots = |error| {
        Error::configuration(vec![Problem::new(
            "the system has no usable CA certificates to check the service with; install the package ca-certificates",
        )])
        .caused_by(error)
    };
    Ok(tls.map_err(no_roots)?.with_no_client_auth())
}

impl Wire for HttpWire {
    fn send(&self, request: http::Request<Bytes>, idempotent: bool) -> Exchange<'_> {
        Box::pin(async move {
            let client = if idempotent { &self.pooled } else { &self.fresh };
            let (parts, bytes) = request.into_parts();
            let bodiless = bytes.is_empty();
            let started = Arc::new(Started::default());
            let body =
                reqwest::Body::wrap(Watched { bytes: Some(bytes), started: started.clone() });
            let request = reqwest::Request::try_from(http::Request::from_parts(parts, body))
                .map_err(|error| Failure::NeverSent(error.into()))?;

            let head = OnceLock::new();
            let exchange = async {
                let response = client.execute(request).await?;
                let (status, headers) = (response.status(), response.headers().clone());
                head.get_or_init(|| Head::of(status, &headers));
                let mut answer = http::Response::new(read_body(response).await?);
                *answer.status_mut() = status;
                *answer.headers_mut() = headers;
                Ok(answer)
            };
            // Without a body nothing tells when the connection stands; then connecting gets its own time on top.
            let patience = if bodiless {
                self.connect_timeout + self.attempt_timeout
            } else {
                self.attempt_timeout
            };
            let alarm = async {
                if !bodiless {
                    started.wait().await;
                }
                tokio::time::sleep(patience).await;
            };
            match within(exchange, alarm).await {
                Some(Ok(answer)) => Ok(answer),
                Some(Err(ExchangeError::Http(error)))
                    if error.is_connect() || !(bodiless || started.is_set()) =>
                {
                    Err(Failure::NeverSent(error.without_url().into()))
                }
                Some(Err(error)) => {
                    Err(Failure::Lost { head: head.get().cloned(), source: error.into_source() })
                }
                None => Err(Failure::TimedOut { head: head.get().cloned(), after: patience }),
            }
        })
    }
}

/// The answer if it comes before the alarm, or lies ready when the alarm strikes.
async fn within<T>(
    exchange: impl Future<Output = T>,
    alarm: impl Future<Output = ()>,
) -> Option<T> {
    let mut exchange = pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => Some(answer),
        () = alarm => tokio::time::timeout(GRACE, exchange).await.ok(),
    }
}

async fn read_body(mut response: reqwest::Response) -> Result<Bytes, ExchangeError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(ExchangeError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

enum ExchangeError {
    Http(reqwest::Error),
    TooLarge,
}

impl From<reqwest::Error> for ExchangeError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

impl ExchangeError {
    fn into_source(self) -> BoxError {
        match self {
            Self::Http(error) => error.without_url().into(),
            Self::TooLarge => format!("the answer is larger than {MAX_ANSWER_BYTES} bytes").into(),
        }
    }
}

/// Set when a request's body is first asked for, which is when its connection stands and its head is being written.
#[derive(Debug, Default)]
struct Started {
    set: OnceLock<()>,
    notify: Notify,
}

impl Started {
    fn is_set(&self) -> bool {
        self.set.get().is_some()
    }

    fn set(&self) {
        if self.set.set(()).is_ok() {
            self.notify.notify_one();
        }
    }

    async fn wait(&self) {
        self.notify.notified().await;
    }
}

/// A body that tells when it is asked for.
struct Watched {
    bytes: Option<Bytes>,
    started: Arc<Started>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.started.set();
        Poll::Ready(
            self.bytes.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

type Function = dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, Result<http::Response<Bytes>, BoxError>>
    + Send
    + Sync;

/// A function of the caller's in place of sockets.
pub(crate) struct FunctionWire {
    pub(crate) function: Box<Function>,
    pub(crate) attempt_timeout: Duration,
}

impl fmt::Debug for FunctionWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FunctionWire")
    }
}

impl Wire for FunctionWire {
    fn send(&self, request: http::Request<Bytes>, _: bool) -> Exchange<'_> {
        Box::pin(async move {
            match within((self.function)(request), tokio::time::sleep(self.attempt_timeout)).await {
                Some(Ok(answer)) => Ok(answer),
                Some(Err(error)) if never_connected(&*error) => Err(Failure::NeverSent(error)),
                Some(Err(source)) => Err(Failure::Lost { head: None, source }),
                None => Err(Failure::TimedOut { head: None, after: self.attempt_timeout }),
            }
        })
    }
}

/// Whether an error, or one behind it, says that no connection came about.
fn never_connected(error: &(dyn StdError + 'static)) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable,
    };
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(
        kind,
        Some(
            AddrNotAvailable
                | ConnectionRefused
                | HostUnreachable
                | NetworkDown
                | NetworkUnreachable
        )
    ) || error.source().is_some_and(never_connected)
}
