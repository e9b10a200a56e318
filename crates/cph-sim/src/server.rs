//! The simulator behind a socket.

use std::{
    convert::Infallible,
    error::Error,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::CONTENT_LENGTH};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};

use crate::{Simulator, reply::Reply};

/// A simulator that listens; it ends, with every open connection, when this is dropped.
///
/// It serves 1,024 connections at once, and lets more wait. A body of more than 16 MiB is answered with 413 and not
/// read; a connection on which no whole head of a request arrives for 30 seconds is closed.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    task: JoinHandle<Infallible>,
}

impl Serving {
    /// The base URL, such as `http://127.0.0.1:40125`; on this machine, if it listens on every address.
    pub fn endpoint(&self) -> String {
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}")
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

/// What a listening simulator puts up with.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    connections: usize,
    body_bytes: usize,
    /// How long the head of a request may take, counted from when the last answer left.
    head: Duration,
    /// How long its body may take.
    body: Duration,
}

const BOUNDS: Bounds = Bounds {
    connections: 1024,
    body_bytes: 16 * 1024 * 1024,
    head: Duration::from_secs(30),
    body: Duration::from_mins(1),
};

pub(crate) fn serve(sim: Simulator, listener: TcpListener) -> io::Result<Serving> {
    serve_within(BOUNDS, sim, listener)
}

fn serve_within(bounds: Bounds, sim: Simulator, listener: TcpListener) -> io::Result<Serving> {
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept(), if connections.len() < bounds.connections => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(converse(bounds, sim.clone(), stream))),
                    // Too many open files, say: those that end make room.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    });
    Ok(Serving { address, task })
}

/// Answers the requests of one connection until it ends.
async fn converse(bounds: Bounds, sim: Simulator, stream: TcpStream) {
    let service = service_fn(move |request| respond(bounds, sim.clone(), request));
    let mut builder = http1::Builder::new();
    // The simulator tells the time of its own clock.
    builder.auto_date_header(false);
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head);
    let mut connection = builder.serve_connection(TokioIo::new(stream), service);
    let ended = (&mut connection).await;
    let cut = |error: &hyper::Error| error.source().is_some_and(<dyn Error>::is::<Cut>);
    if ended.as_ref().is_err_and(cut) {
        // Whoever has reset the connection first needs no reset of ours.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

/// Lets hyper end a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault")]
struct Cut;

async fn respond(
    bounds: Bounds,
    sim: Simulator,
    request: Request<Incoming>,
) -> Result<Response<Sent>, Box<dyn Error + Send + Sync>> {
    let (parts, body) = request.into_parts();
    let limit = bounds.body_bytes;
    let announced = body.size_hint().lower();
    let reply = if announced > limit as u64 {
        sim.refuse_body(&parts)
    } else {
        match tokio::time::timeout(bounds.body, Limited::new(body, limit).collect()).await? {
            Ok(body) => sim.reply(Request::from_parts(parts, body.to_bytes())).await,
            Err(error) if error.is::<LengthLimitError>() => sim.refuse_body(&parts),
            Err(error) => return Err(error),
        }
    };
    match reply {
        Reply::Whole(response) => Ok(response.map(Sent::Whole)),
        Reply::CutOff(response) => Ok(in_halves(response, |_| Sent::Leaving)),
        Reply::Stalled(response, silence) => {
            let clock = sim.clock().clone();
            let silent = Box::pin(async move { clock.sleep(silence).await });
            Ok(in_halves(response, |rest| Sent::Silent(silent, rest)))
        }
        Reply::Nothing(_) => Err(Cut.into()),
        Reply::Events(response) => Ok(response.map(|events| Sent::Events(events.stream()))),
    }
}

/// The first half of an answer whose whole length is announced, and what comes after it.
fn in_halves(mut response: Response<Bytes>, then: impl FnOnce(Bytes) -> Sent) -> Response<Sent> {
    let length = HeaderValue::from(response.body().len());
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response.map(|mut whole| {
        let rest = whole.split_off(whole.len() / 2);
        Sent::Half(whole, Box::new(then(rest)))
    })
}

/// A body on its way.
enum Sent {
    Whole(Bytes),
    Half(Bytes, Box<Self>),
    /// Nothing comes for a while, then the rest.
    Silent(Pin<Box<dyn Future<Output = ()> + Send>>, Bytes),
    /// Half of it is written; the connection ends once it has left.
    Leaving,
    CutOff,
    /// What happens, until the connection ends.
    Events(mpsc::Receiver<Bytes>),
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
            Self::Half(bytes, then) => {
                let bytes = std::mem::take(bytes);
                *self = std::mem::replace(&mut **then, Self::CutOff);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Silent(silence, rest) => {
                ready!(silence.as_mut().poll(context));
                let rest = std::mem::take(rest);
                *self = Self::Whole(Bytes::new());
                Poll::Ready(Some(Ok(Frame::data(rest))))
            }
            Self::Leaving => {
                *self = Self::CutOff;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Events(events) => {
                events.poll_recv(context).map(|event| event.map(|event| Ok(Frame::data(event))))
            }
            Self::CutOff => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::SimClock;

    const SOON: Duration = Duration::from_millis(50);
    const FEW: Bounds = Bounds { connections: 2, body_bytes: 10, head: SOON, body: SOON };

    async fn serve_few(bounds: Bounds) -> Serving {
        let clock = SimClock::stepped(std::time::SystemTime::UNIX_EPOCH);
        let sim = Simulator::builder().clock(clock).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        serve_within(bounds, sim, listener).unwrap()
    }

    async fn ask(serving: &Serving, request: &str) -> TcpStream {
        let mut connection = TcpStream::connect(serving.address()).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        connection
    }

    async fn first_line(connection: &mut TcpStream) -> String {
        let mut line = Vec::new();
        while line.last() != Some(&b'\r') {
            line.push(connection.read_u8().await.unwrap());
        }
        String::from_utf8(line).unwrap()
    }

    #[tokio::test]
    async fn more_connections_wait_until_one_ends() {
        let long = Bounds { head: Duration::from_mins(1), ..FEW };
        let serving = serve_few(long).await;
        let request = "GET /_sim/ledger HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut open = Vec::new();
        for _ in 0..long.connections {
            let mut connection = ask(&serving, request).await;
            assert_eq!(first_line(&mut connection).await, "HTTP/1.1 200 OK\r");
            open.push(connection);
        }
        let mut waiting = ask(&serving, request).await;
        let answer = first_line(&mut waiting);
        let early = tokio::time::timeout(Duration::from_millis(50), answer).await;
        assert!(early.is_err(), "served beyond the bound");
        open.pop();
        assert_eq!(first_line(&mut waiting).await, "HTTP/1.1 200 OK\r");
    }

    #[tokio::test]
    async fn a_head_or_body_that_does_not_come_ends_the_connection() {
        let serving = serve_few(FEW).await;
        let body = "POST /_sim/faults HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n[";
        for begun in ["", "GET /_sim/ledger HTTP/1.1\r\nHo", body] {
            let mut connection = ask(&serving, begun).await;
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            assert!(!answer.contains("200"), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_body_whose_length_nobody_announced_is_bounded_too() {
        let serving = serve_few(FEW).await;
        for (body, status) in [("0123456789", "400"), ("0123456789a", "413")] {
            let request = format!(
                "POST /_sim/faults HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            );
            let mut connection = ask(&serving, &request).await;
            let line = first_line(&mut connection).await;
            assert!(line.starts_with(&format!("HTTP/1.1 {status} ")), "{line}");
        }
    }
}
