//! What can get in the way of a call, and clients that run into it.

use std::{any::Any, io::Write as _, net::SocketAddr, time::Duration};

use cph::{ClientBuilder, Credentials, Http, Provide, ProvideCredentials, Provided, RateLimit};
use cph_tests::scripted::{Reply, Scripted};
use http::Method;
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
};

const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// Connecting may take longer than an answer, so an attempt that counted from too early would show.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(150);
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(50);

/// What gets in the way of a call.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// No source of credentials has any.
    NoCredentials,
    /// The calls before this one have used up what the rate limits allow.
    NoTurn,
    /// The host has no address.
    NoHost,
    /// Nobody listens at the port.
    RefusedPort,
    /// The server's backlog is full, so connecting takes for ever.
    FullBacklog,
    /// The server never shakes hands for TLS.
    SilentHandshake,
    /// The server speaks no TLS.
    NoTls,
    /// The proxy refuses to open a tunnel.
    NoTunnel,
    /// The connection is reset once so many bytes of the request's body were read.
    ResetAfter(usize),
    /// Every request gets this.
    Reply(Reply),
    /// The same, to credentials that can be renewed.
    ReplyToEnding(Reply),
}

/// The other end of a call, for as long as it lives.
pub(crate) struct Met {
    trouble: Trouble,
    endpoint: String,
    proxy: Option<String>,
    certificates: Option<NamedTempFile>,
    server: Option<Scripted>,
    open: Vec<Box<dyn Any>>,
}

impl Trouble {
    /// Sets it up. Only calls with this method run into it where there is a server that tells methods apart: the jobs that a
    /// restart may have started are looked for, and not found.
    pub(crate) async fn meet(&self, method: Method) -> Met {
        let at = |address: SocketAddr| format!("http://{address}");
        let mut met = Met {
            trouble: self.clone(),
            // A label of more than 63 characters is no name to look up, so nobody is asked.
            endpoint: format!("http://{}.invalid", "x".repeat(64)),
            proxy: None,
            certificates: None,
            server: None,
            open: Vec::new(),
        };
        match self {
            Self::NoCredentials | Self::NoHost => {}
            Self::NoTurn => met.answers(method, no_jobs()),
            Self::Reply(reply) | Self::ReplyToEnding(reply) => met.answers(method, reply.clone()),
            Self::RefusedPort => {
                let (socket, address) = bound();
                met.endpoint = at(address);
                met.open.push(Box::new(socket));
            }
            Self::FullBacklog => {
                let (socket, address) = bound();
                met.endpoint = at(address);
                met.open.push(Box::new(socket.listen(1).unwrap()));
                met.open.push(Box::new(fill(address).await));
            }
            Self::SilentHandshake => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                met.wants_tls(format!("https://{}", listener.local_addr().unwrap()));
                met.open.push(Box::new(listener));
            }
            Self::NoTls => met.wants_tls(format!("https://{}", refuses("400 Bad Request").await)),
            Self::NoTunnel => {
                let address = refuses("407 Proxy Authentication Required").await;
                met.wants_tls("https://cph.example.com".to_owned());
                met.proxy = Some(at(address));
            }
            Self::ResetAfter(bytes) => met.endpoint = at(resets_after(*bytes)),
        }
        met
    }

    /// Whether it shows only in time.
    pub(crate) fn takes_time(&self) -> bool {
        match self {
            Self::FullBacklog | Self::SilentHandshake => true,
            Self::Reply(reply) => reply.is_unfinished(),
            _ => false,
        }
    }
}

impl Met {
    fn answers(&mut self, method: Method, reply: Reply) {
        let server = Scripted::start(move |request| {
            let meets = request.method() == method;
            std::future::ready(if meets { reply.clone() } else { no_jobs() })
        });
        self.endpoint = server.endpoint();
        self.server = Some(server);
    }

    /// With certificates of its own, so that the machine needs none.
    fn wants_tls(&mut self, endpoint: String) {
        let name = "cph.example.com".to_owned();
        let certificate = rcgen::generate_simple_self_signed([name]).unwrap().cert;
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        self.certificates = Some(file);
        self.endpoint = endpoint;
    }

    /// The server, where one reads requests and answers them.
    pub(crate) fn server(&self) -> Option<&Scripted> {
        self.server.as_ref()
    }

    /// For clients that run into it.
    pub(crate) fn aim(&self, builder: ClientBuilder) -> ClientBuilder {
        let mut builder = builder.endpoint(&self.endpoint).allow_http(true);
        if let Some(file) = &self.certificates {
            builder = builder.ca_file(file.path());
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy);
        }
        if self.trouble.takes_time() {
            builder = builder.connect_timeout(CONNECT_TIMEOUT).attempt_timeout(ATTEMPT_TIMEOUT);
        }
        match self.trouble {
            Trouble::NoCredentials => builder.credentials(Absent),
            Trouble::ReplyToEnding(_) => builder.credentials(Ending),
            Trouble::NoTurn => {
                let once = RateLimit { calls: 1, seconds: 1_000_000_000 };
                builder.gateway_limit(once).turn_timeout(Duration::from_secs(1))
            }
            _ => builder,
        }
    }
}

fn no_jobs() -> Reply {
    Reply::answer(200, &[], r#"{"jobs":[]}"#)
}

/// A source that has none.
#[derive(Debug)]
struct Absent;

impl ProvideCredentials for Absent {
    fn name(&self) -> &'static str {
        "an empty vault"
    }

    fn provide<'a>(&'a self, _: &'a Http<'a>) -> Provide<'a> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// A source of keys that end in an hour.
#[derive(Debug)]
struct Ending;

impl ProvideCredentials for Ending {
    fn name(&self) -> &'static str {
        "a vault"
    }

    fn provide<'a>(&'a self, http: &'a Http<'a>) -> Provide<'a> {
        let end = http.now() + Duration::from_hours(1);
        let provided = Provided::new(Credentials::access_key("AK", "SK"), "a vault").expiring(end);
        Box::pin(std::future::ready(Ok(Some(provided))))
    }
}

/// A port that is taken, where nobody listens.
pub(crate) fn bound() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(LOOPBACK.into()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Connections until no more are taken.
async fn fill(address: SocketAddr) -> Vec<TcpStream> {
    let mut waiting = Vec::new();
    let connect = || tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address));
    while let Ok(connected) = connect().await {
        waiting.push(connected.unwrap());
        assert!(waiting.len() < 100, "the backlog takes no end of connections");
    }
    waiting
}

/// A server that answers whatever it reads first with this status, in plain text.
async fn refuses(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

/// A server that resets the connection once it has read a request's head and so many bytes of its body, if it has one.
fn resets_after(body: usize) -> SocketAddr {
    const END: &[u8] = b"\r\n\r\n";
    let (socket, address) = bound();
    // What it does not read stays with the client.
    socket.set_recv_buffer_size(4096).unwrap();
    let listener = socket.listen(16).unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let is_enough = |bytes: &[u8]| {
                let end = bytes.windows(END.len()).position(|window| window == END);
                end.is_some_and(|end| {
                    bytes.starts_with(b"GET") || bytes.len() >= end + END.len() + body
                })
            };
            while !is_enough(&bytes) {
                assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
            }
            stream.set_zero_linger().unwrap();
        }
    });
    address
}
