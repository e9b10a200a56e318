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
use cph_core::RequestId;
use futures_util::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

use crate::{Result, error::BoxError, sockets::Clients};

/// How long an answer that is already in the socket may take to be handed over once the time-out has struck. A program that
/// held the thread for longer than the time-out finds the answer and the alarm waiting side by side; the answer counts.
const GRACE: Duration = Duration::from_millis(100);

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

impl Failure {
    /// What was seen of the answer.
    pub(crate) fn head(&self) -> Option<&Head> {
        match self {
            Self::NeverSent(_) => None,
            Self::Lost { head, .. } | Self::TimedOut { head, .. } => head.as_ref(),
        }
    }
}

/// With everything behind it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cause: Option<&dyn StdError> = match self {
            Self::NeverSent(source) => {
                f.write_str("never sent")?;
                Some(&**source)
            }
            Self::Lost { source, .. } => {
                f.write_str("sent, and the connection broke before the whole answer was there")?;
                Some(&**source)
            }
            Self::TimedOut { after, .. } => {
                write!(f, "sent, and no whole answer came within {after:?}")?;
                None
            }
        };
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
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

/// The call's id, from the headers of its answer. What is no id is nothing to show.
pub(crate) fn request_id(headers: &http::HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?.trim().parse::<RequestId>().ok()?;
    Some(id.to_string())
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
    clients: Clients,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    response_limit: usize,
}

impl HttpWire {
    pub(crate) fn new(
        clients: Clients,
        connect_timeout: Duration,
        attempt_timeout: Duration,
        response_limit: usize,
    ) -> Self {
        Self { clients, connect_timeout, attempt_timeout, response_limit }
    }
}

impl Wire for HttpWire {
    fn send(&self, request: http::Request<Bytes>, idempotent: bool) -> Exchange<'_> {
        Box::pin(async move {
            let client = self.clients.of(request.uri(), idempotent);
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
                let mut answer =
                    http::Response::new(read_body(response, self.response_limit).await?);
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

async fn read_body(mut response: reqwest::Response, limit: usize) -> Result<Bytes, ExchangeError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(ExchangeError::LargerThan(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

enum ExchangeError {
    Http(reqwest::Error),
    LargerThan(usize),
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
            Self::LargerThan(limit) => format!("the answer is larger than {limit} bytes").into(),
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

pub(crate) type Function = dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, Result<http::Response<Bytes>, BoxError>>
    + Send
    + Sync;

/// A function of the caller's in place of sockets.
pub(crate) struct FunctionWire {
    pub(crate) function: Box<Function>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) response_limit: usize,
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
                Some(Ok(answer)) if answer.body().len() > self.response_limit => {
                    let head = Some(Head::of(answer.status(), answer.headers()));
                    let source = ExchangeError::LargerThan(self.response_limit).into_source();
                    Err(Failure::Lost { head, source })
                }
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
