//! The simulator behind a socket.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::CONTENT_LENGTH};
use http_body_util::BodyExt;
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

use crate::{Simulator, gateway::Reply};

/// A simulator that listens; it ends, with every open connection, when this is dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    task: JoinHandle<Infallible>,
}

impl Serving {
    /// The base URL, such as `http://127.0.0.1:40125`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn serve(sim: Simulator, listener: TcpListener) -> io::Result<Serving> {
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let sim = sim.clone();
                        let service = service_fn(move |request| respond(sim.clone(), request));
                        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                    }
                    // Too many open files, say: those that end make room.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    });
    Ok(Serving { address, task })
}

/// An `Err` makes hyper end the connection without an answer.
async fn respond(sim: Simulator, request: Request<Incoming>) -> io::Result<Response<Sent>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    match sim.reply(Request::from_parts(parts, body)).await {
        Reply::Whole(response) => Ok(response.map(Sent::Whole)),
        Reply::CutOff(mut response) => {
            let length = HeaderValue::from(response.body().len());
            response.headers_mut().insert(CONTENT_LENGTH, length);
            Ok(response.map(|whole| Sent::Half(whole.slice(..whole.len() / 2))))
        }
        Reply::Nothing(kind) => Err(kind.into()),
    }
}

/// A body on its way, whole or cut off.
enum Sent {
    Whole(Bytes),
    Half(Bytes),
    /// Half of it is written; the connection ends once it has left.
    Leaving,
    CutOff,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Half(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Leaving;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Leaving => {
                *self = Self::CutOff;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::CutOff => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}
