//! A server that does with each request what the test says. It has a thread of its own, so that it goes on while the
//! client's is blocked.

use std::{
    future::Future,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use bytes::Bytes;
use cph_sim::Simulator;
use http::{Request, Response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// What the server writes once it has read a request whole, and what it does then.
#[derive(Debug, Clone)]
#[must_use]
pub struct Reply {
    wait: Duration,
    head: String,
    body: String,
    kept_back: usize,
    then: Then,
}

#[derive(Debug, Clone, Copy)]
enum Then {
    ReadOn,
    End,
    Reset,
    StaySilent,
}

impl Reply {
    /// An answer with this head and body; its length is added to the head.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers: String =
            headers.iter().map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect();
        Self {
            head: format!("HTTP/1.1 {status} Told\r\n{headers}"),
            body: body.to_owned(),
            then: Then::ReadOn,
            ..Self::nothing()
        }
    }

    /// Nothing is answered.
    pub fn nothing() -> Self {
        Self {
            wait: Duration::ZERO,
            head: String::new(),
            body: String::new(),
            kept_back: 0,
            then: Then::StaySilent,
        }
    }

    /// It comes later by so much.
    pub fn late(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// So much white space follows the body.
    pub fn padded(mut self, bytes: usize) -> Self {
        self.body.push_str(&" ".repeat(bytes));
        self
    }

    /// The last bytes are kept back.
    pub fn without_last(self, bytes: usize) -> Self {
        Self { kept_back: bytes, ..self }
    }

    /// Then the connection is closed.
    pub fn then_end(self) -> Self {
        Self { then: Then::End, ..self }
    }

    /// Then the connection is reset.
    pub fn then_reset(self) -> Self {
        Self { then: Then::Reset, ..self }
    }

    /// Then nothing happens any more.
    pub fn then_stay_silent(self) -> Self {
        Self { then: Then::StaySilent, ..self }
    }

    /// Whether whoever reads it waits for something that never comes.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.then, Then::StaySilent)
    }

    fn into_bytes(self) -> Vec<u8> {
        let Self { head, body, kept_back, .. } = self;
        if head.is_empty() {
            return Vec::new();
        }
        let mut bytes = format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes();
        bytes.truncate(bytes.len() - kept_back);
        bytes
    }
}

impl From<Response<Bytes>> for Reply {
    fn from(response: Response<Bytes>) -> Self {
        let headers: Vec<_> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        let body = str::from_utf8(response.body()).unwrap();
        Self::answer(response.status().as_u16(), &headers, body)
    }
}

/// The server; it ends when this is dropped.
#[derive(Debug)]
pub struct Scripted {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
    hang_up: tokio::sync::mpsc::UnboundedSender<mpsc::Sender<()>>,
}

impl Scripted {
    /// Starts it: the script makes a reply of each request.
    pub fn start<Fut>(script: impl Fn(Request<Bytes>) -> Fut + Clone + Send + 'static) -> Self
    where
        Fut: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::default();
        let seen = Arc::clone(&requests);
        let (hang_up, mut told) = tokio::sync::mpsc::unbounded_channel::<mpsc::Sender<()>>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let mut connections = JoinSet::new();
                loop {
                    tokio::select! {
                        accepted = listener.accept() => {
                            let (stream, _) = accepted.unwrap();
                            connections.spawn(converse(stream, script.clone(), Arc::clone(&seen)));
                        }
                        told = told.recv() => {
                            let Some(done) = told else { return };
                            connections.shutdown().await;
                            done.send(()).unwrap();
                        }
                    }
                }
            });
        });
        Self { address, requests, hang_up }
    }

    /// The simulator as the service; its answers, counted from 1, are sent as `change` has them.
    pub fn in_front_of(simulator: &Simulator, change: fn(usize, Reply) -> Reply) -> Self {
        let (simulator, calls) = (simulator.clone(), Arc::new(AtomicUsize::new(0)));
        Self::start(move |request| {
            let call = 1 + calls.fetch_add(1, Ordering::SeqCst);
            let answer = simulator.call(request);
            async move { change(call, answer.await.unwrap().into()) }
        })
    }

    /// Where it is, as a base URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that arrived whole, the oldest first.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.requests.lock().unwrap().clone()
    }

    /// How many requests with this method arrived whole.
    pub fn count(&self, method: &http::Method) -> usize {
        self.requests().iter().filter(|request| request.method() == method).count()
    }

    /// Closes every connection; blocks until that is done.
    pub fn hang_up(&self) {
        let (done, closed) = mpsc::channel();
        self.hang_up.send(done).unwrap();
        closed.recv().unwrap();
    }
}

async fn converse<Fut: Future<Output = Reply>>(
    mut stream: TcpStream,
    script: impl Fn(Request<Bytes>) -> Fut,
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().unwrap().push(request.clone());
        let reply = script(request).await;
        tokio::time::sleep(reply.wait).await;
        let then = reply.then;
        if stream.write_all(&reply.into_bytes()).await.is_err() {
            return;
        }
        match then {
            Then::ReadOn => {}
            Then::End => return,
            Then::Reset => return stream.set_zero_linger().unwrap(),
            Then::StaySilent => std::future::pending().await,
        }
    }
}

/// One request, or `None` where the connection ends first.
async fn read(stream: &mut TcpStream) -> Option<Request<Bytes>> {
    const END: &[u8] = b"\r\n\r\n";
    let mut bytes = Vec::new();
    let mut more = async |bytes: &mut Vec<u8>| stream.read_buf(bytes).await.ok().filter(|n| *n > 0);
    let body = loop {
        if let Some(end) = bytes.windows(END.len()).position(|window| window == END) {
            break end + END.len();
        }
        more(&mut bytes).await?;
    };
    let head = String::from_utf8(bytes[..body].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let mut request = Request::builder().method(words.next()?).uri(words.next()?);
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
        request = request.header(name, value);
    }
    while bytes.len() < body + length {
        more(&mut bytes).await?;
    }
    Some(request.body(Bytes::from(bytes.split_off(body))).unwrap())
}
