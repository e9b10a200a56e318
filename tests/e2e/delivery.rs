//! The delivery table, row by row, over real sockets: what a call's end says about its effect, and whether the call is
//! sent again.

use std::{
    fmt,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, SystemTime},
};

use cph::{
    Client, ClientBuilder, Clock, Credentials, Delivery, Error, ErrorKind, Fate, NotSentReason,
    Observer, Part, PartAnswer, UnconfirmedReason,
};
use cph_sim::{Fault, SimClock};
use cph_tests::{over_socket, start_of_time, stepped};
use futures_util::{TryStreamExt as _, future::join_all};
use http::Method;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use cph_tests::scripted::{Reply, Scripted};

const PHONE: &str = "1234567b8bab40ffb711234cb80d0234";
const REQUEST_ID: &str = "6837531fd3f54550927b930180a706bf";

/// Connecting may take far longer than an answer, so an attempt that counted from too early would show.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(200);
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(50);

/// When the table lets a call be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Always,
    Reads,
    Never,
}

/// What a call's error says.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    kind: ErrorKind,
    delivery: Delivery,
    status: Option<u16>,
    request_id: Option<String>,
}

impl From<&Error> for Seen {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            delivery: error.delivery(),
            status: error.status(),
            request_id: error.request_id().map(str::to_owned),
        }
    }
}

/// A row for calls that reached the server: every request of the call gets this reply.
struct Row {
    seen: &'static str,
    reply: Reply,
    kind: ErrorKind,
    delivery: Delivery,
    /// Status and request id are kept from every answer that began.
    status: Option<u16>,
    again: Again,
}

fn json(status: u16, body: &str) -> Reply {
    Reply::answer(
        status,
        &[("x-request-id", REQUEST_ID), ("content-type", "application/json")],
        body,
    )
}

fn html(status: u16) -> Reply {
    let body = "<html><body>The gateway has something to say.</body></html>";
    Reply::answer(status, &[("x-request-id", REQUEST_ID), ("content-type", "text/html")], body)
}

fn coded(status: u16, code: &str) -> Reply {
    json(status, &format!(r#"{{"error_code":"{code}","error_msg":"No."}}"#))
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Again::{Always, Never, Reads};
    use Delivery::{Refused, Unknown};
    use ErrorKind::{Lost, Service, Timeout, UnreadableAnswer};
    let row = |seen, reply, kind, delivery, status, again| Row { seen, reply, kind, delivery, status, again };
    let moved = Reply::answer(302, &[("x-request-id", REQUEST_ID), ("location", "/elsewhere")], "");
    let broken = r#"{"jobs":[{"phone_id":"#;
    vec![
        row("429 with the gateway's code",  coded(429, "APIG.0308"),                   Service, Refused, Some(429), Always),
        row("429 in HTML",                  html(429),                                 Service, Refused, Some(429), Always),
        row("400 with the throttling code", coded(400, "APIGW.0308"),                  Service, Refused, Some(400), Always),
        row("500 with a code of no effect", coded(500, "CPS.0004"),                    Service, Refused, Some(500), Never),
        row("400 with a code of no effect", coded(400, "CPS.0004"),                    Service, Refused, Some(400), Never),
        row("200 with a code of no effect", coded(200, "CPS.0004"),                    Service, Refused, Some(200), Never),
        row("a redirect",                   moved,                                     Service, Refused, Some(302), Never),
        row("404 in HTML",                  html(404),                                 Service, Refused, Some(404), Never),
        row("400 from inside the service",  coded(400, "CPS.0003"),                    Service, Unknown, Some(400), Reads),
        row("400 with an unlisted code",    coded(400, "CPS.9999"),                    Service, Unknown, Some(400), Reads),
        row("408",                          html(408),                                 Service, Unknown, Some(408), Reads),
        row("500 without a code",           json(500, "{}"),                           Service, Unknown, Some(500), Reads),
        row("503 in HTML",                  html(503),                                 Service, Unknown, Some(503), Reads),
        row("200 with broken JSON",         json(200, broken),                UnreadableAnswer, Unknown, Some(200), Reads),
        row("200 with nothing",             json(200, ""),                    UnreadableAnswer, Unknown, Some(200), Reads),
        row("a body cut off by the end",    json(200, broken).without_last(1).then_end(), Lost, Unknown, Some(200), Reads),
        row("a body cut off by a reset",    json(200, broken).without_last(1).then_reset(), Lost, Unknown, Some(200), Reads),
        row("a body that stops",            json(200, broken).without_last(1).then_stay_silent(), Timeout, Unknown, Some(200), Reads),
        row("a head cut off",               json(200, "").without_last(2).then_end(),     Lost, Unknown, None,      Reads),
        row("closed after the request",     Reply::nothing().then_end(),                  Lost, Unknown, None,      Reads),
        row("reset after the request",      Reply::nothing().then_reset(),                Lost, Unknown, None,      Reads),
        row("silence after the request",    Reply::nothing(),                          Timeout, Unknown, None,      Reads),
    ]
}

#[tokio::test]
async fn what_an_answer_or_its_lack_says_about_a_restart() {
    join_all(rows().into_iter().map(check_restart)).await;
}

async fn check_restart(row: Row) {
    let reply = row.reply.clone();
    let server = Scripted::start(move |request| {
        // Later looks for the phone's job find none.
        let look = request.method() == Method::GET;
        std::future::ready(if look { json(200, r#"{"jobs":[]}"#) } else { reply.clone() })
    });
    let (seen, fate) = restart(&row.client(&server)).await;
    assert_eq!(seen.as_slice(), [row.error()], "{}", row.seen);
    let sent = server.count(&Method::POST);
    // Throttled attempts are not counted against those that a call may make.
    assert!(if row.again == Again::Always { sent > 2 } else { sent == 1 }, "{}: {sent}", row.seen);
    let expected = match row.delivery {
        Delivery::NotSent => matches!(fate, Fate::NotSent(_)),
        Delivery::Refused => matches!(fate, Fate::Refused(_)),
        Delivery::Unknown => matches!(fate, Fate::Unconfirmed(UnconfirmedReason::AnswerLost(_))),
    };
    assert!(expected, "{}: {fate}", row.seen);
}

#[tokio::test]
async fn a_success_of_another_shape_says_as_little_as_broken_json() {
    let row = rows().into_iter().find(|row| row.seen == "200 with broken JSON").unwrap();
    let server = Scripted::start(|_| std::future::ready(json(200, r#"{"jobs":"started"}"#)));
    let (seen, fate) = restart(&row.client(&server)).await;
    assert_eq!((seen.as_slice(), fate.word()), ([row.error()].as_slice(), "unconfirmed"));
    assert_eq!(server.count(&Method::POST), 1);
}

#[tokio::test]
async fn what_an_answer_or_its_lack_says_about_a_query() {
    join_all(rows().into_iter().map(check_query)).await;
}

async fn check_query(row: Row) {
    let reply = row.reply.clone();
    let server = Scripted::start(move |_| std::future::ready(reply.clone()));
    let error = list_jobs(&row.client(&server)).await;
    assert_eq!(error, row.error(), "{}", row.seen);
    row.check_sent(&server);
}

#[tokio::test]
async fn a_query_for_phones_is_sent_again_as_one_for_jobs_is() {
    for row in rows().into_iter().filter(|row| row.kind != ErrorKind::Timeout) {
        let reply = row.reply.clone();
        let server = Scripted::start(move |_| std::future::ready(reply.clone()));
        let client = row.client(&server);
        let phones: Result<Vec<_>, _> = client.phones().list().stream().try_collect().await;
        assert_eq!(Seen::from(&phones.unwrap_err()), row.error(), "{}", row.seen);
        row.check_sent(&server);
    }
}

impl Row {
    /// In haste only where the server lets it wait.
    fn client(&self, server: &Scripted) -> Client {
        let builder = builder(&server.endpoint(), &JumpingClock::default());
        let builder = if self.kind == ErrorKind::Timeout { hasty(builder) } else { builder };
        builder.build().unwrap()
    }

    /// Throttled attempts are not counted against the two that a query may make.
    fn check_sent(&self, server: &Scripted) {
        let sent = server.requests().len();
        let expected = match self.again {
            Again::Always => sent > 2,
            Again::Reads => sent == 2,
            Again::Never => sent == 1,
        };
        assert!(expected, "{}: {sent}", self.seen);
    }

    fn error(&self) -> Seen {
        Seen {
            kind: self.kind,
            delivery: self.delivery,
            status: self.status,
            request_id: self.status.map(|_| REQUEST_ID.to_owned()),
        }
    }
}

#[tokio::test]
async fn a_throttled_restart_is_sent_once_more_and_done() {
    let simulator = stepped(1);
    simulator.inject(Fault::throttle().on("RestartCloudPhone")).unwrap();
    let server = Scripted::in_front_of(&simulator, |_, answer| answer);
    let client = over_socket(&simulator, server.endpoint(), |builder| builder);
    let report = client.phones().restart(simulator.phones()).start().unwrap().await;
    assert_eq!(report.to_string(), "1 done");
    assert_eq!(server.count(&Method::POST), 2);
    assert_eq!(simulator.ledger().of(&simulator.phones()[0]).len(), 1);
}

#[tokio::test]
async fn a_query_is_sent_once_more_and_answered() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = Scripted::start(move |_| {
        let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
        std::future::ready(if first { html(503) } else { json(200, r#"{"jobs":[]}"#) })
    });
    let client = builder(&server.endpoint(), &JumpingClock::default()).build().unwrap();
    assert_eq!(client.jobs().list([REQUEST_ID]).await.unwrap(), []);
    assert_eq!(server.requests().len(), 2);
}

// --- where no connection comes about

/// Nothing leaves, and every call is tried as often as the client may.
async fn check_never_sent(endpoint: &str) {
    let clock = JumpingClock::default();
    let client = hasty(builder(endpoint, &clock)).build().unwrap();
    let nothing_left = || Seen {
        kind: ErrorKind::Connect,
        delivery: Delivery::NotSent,
        status: None,
        request_id: None,
    };
    let ((seen, fate), listed) = tokio::join!(restart(&client), list_jobs(&client));
    assert_eq!((seen.as_slice(), listed), ([nothing_left()].as_slice(), nothing_left()));
    assert!(matches!(fate, Fate::NotSent(NotSentReason::NoConnection(_))), "{fate}");
    assert_eq!(clock.waits(), 2, "each call was tried a second time");
}

/// A port that is taken, where nobody listens.
fn refusing() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[tokio::test]
async fn a_refused_port() {
    let (_socket, address) = refusing();
    check_never_sent(&format!("http://{address}")).await;
}

#[tokio::test]
async fn a_full_accept_backlog() {
    let (socket, address) = refusing();
    let _listener = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    while let Ok(connected) =
        tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await
    {
        waiting.push(connected.unwrap());
        assert!(waiting.len() < 100, "the backlog takes no end of connections");
    }
    check_never_sent(&format!("http://{address}")).await;
}

#[tokio::test]
async fn a_server_that_never_shakes_hands() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    check_never_sent_tls(listener.local_addr().unwrap()).await;
}

#[tokio::test]
async fn a_server_that_speaks_no_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut stream, refusal).await.unwrap();
        }
    });
    check_never_sent_tls(address).await;
}

/// Where the machine has no CA bundle, no client for https can be built in the first place.
async fn check_never_sent_tls(address: SocketAddr) {
    let endpoint = format!("https://{address}");
    match builder(&endpoint, &JumpingClock::default()).build() {
        Ok(_) => check_never_sent(&endpoint).await,
        Err(error) => assert!(error.to_string().contains("ca-certificates"), "{error}"),
    }
}

#[tokio::test]
async fn a_host_that_has_no_address() {
    // A label of more than 63 characters is no name to look up, so nobody is asked.
    check_never_sent(&format!("http://{}.invalid", "x".repeat(64))).await;
}

#[tokio::test]
async fn a_restart_that_found_no_connection_is_sent_again_and_done() {
    let (socket, address) = refusing();
    let simulator = stepped(1);
    let (service, closed) = (simulator.clone(), Mutex::new(Some(socket)));
    let serving = Mutex::new(None);
    // The port opens while the client waits to try again.
    let clock = JumpingClock::new(simulator.clock().clone(), move || {
        if let Some(socket) = closed.lock().unwrap().take() {
            *serving.lock().unwrap() = Some(service.serve(socket.listen(16).unwrap()).unwrap());
        }
    });
    let settings = |builder: ClientBuilder| builder.clock(clock.clone());
    let client = over_socket(&simulator, format!("http://{address}"), settings);
    let report = client.phones().restart(simulator.phones()).start().unwrap().await;
    assert_eq!(report.to_string(), "1 done");
}

// --- idle connections

#[tokio::test]
async fn a_connection_that_ends_after_every_answer_loses_nothing() {
    let simulator = stepped(5);
    let server = Scripted::in_front_of(&simulator, |_, answer| answer.then_end());
    let client = over_socket(&simulator, server.endpoint(), |builder| builder);
    let run = client.phones().restart(simulator.phones()).batch(1).in_flight(1);
    assert_eq!(run.start().unwrap().await.to_string(), "5 done");
    assert_eq!(server.count(&Method::POST), 5);
}

#[tokio::test]
async fn an_idle_connection_that_closes_just_as_the_next_call_arrives_loses_nothing() {
    struct HangUp(Arc<Scripted>);

    impl Observer for HangUp {
        /// The run's task goes from here to the call without a pause in which it could notice.
        fn before(&mut self, part: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            if part.number > 1 {
                self.0.hang_up();
            }
            Ok(())
        }

        fn after(&mut self, _: &Part, _: PartAnswer<'_>) {}
    }

    let simulator = stepped(5);
    let server = Arc::new(Scripted::in_front_of(&simulator, |_, answer| answer));
    let client = over_socket(&simulator, server.endpoint(), |builder| builder);
    let run = client.phones().restart(simulator.phones()).batch(1).in_flight(1);
    let report = run.observer(HangUp(Arc::clone(&server))).start().unwrap().await;
    assert_eq!(report.to_string(), "5 done");
    assert_eq!(server.count(&Method::POST), 5);
}

// --- the client and its clock

fn builder(endpoint: &str, clock: &JumpingClock) -> ClientBuilder {
    Client::builder()
        .endpoint(endpoint)
        .allow_http(true)
        .project("0123456789abcdef0123456789abcdef")
        .credentials(Credentials::access_key("AK", "SK"))
        .clock(clock.clone())
        .attempts(2)
}

fn hasty(builder: ClientBuilder) -> ClientBuilder {
    builder.connect_timeout(CONNECT_TIMEOUT).attempt_timeout(ATTEMPT_TIMEOUT)
}

/// The errors that calls to restart one phone ended with, and what became of the phone.
async fn restart(client: &Client) -> (Vec<Seen>, Fate) {
    struct Errors(mpsc::Sender<Seen>);

    impl Observer for Errors {
        fn before(&mut self, _: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            Ok(())
        }

        fn after(&mut self, _: &Part, answer: PartAnswer<'_>) {
            if let Some(error) = answer.error {
                self.0.send(error.into()).unwrap();
            }
        }
    }

    let (errors, seen) = mpsc::channel();
    let report = client.phones().restart([PHONE]).observer(Errors(errors)).start().unwrap().await;
    (seen.try_iter().collect(), report.outcomes()[0].fate.clone())
}

/// The error that a query for jobs ended with.
async fn list_jobs(client: &Client) -> Seen {
    Seen::from(&client.jobs().list([REQUEST_ID]).await.unwrap_err())
}

/// A clock that jumps over every wait, and counts them.
#[derive(Clone)]
struct JumpingClock {
    clock: SimClock,
    waits: Arc<AtomicUsize>,
    on_wait: Arc<dyn Fn() + Send + Sync>,
}

impl JumpingClock {
    fn new(clock: SimClock, on_wait: impl Fn() + Send + Sync + 'static) -> Self {
        Self { clock, waits: Arc::default(), on_wait: Arc::new(on_wait) }
    }

    fn waits(&self) -> usize {
        self.waits.load(Ordering::SeqCst)
    }
}

impl Default for JumpingClock {
    fn default() -> Self {
        Self::new(SimClock::stepped(start_of_time()), || {})
    }
}

impl fmt::Debug for JumpingClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clock.fmt(f)
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let this = self.clone();
        Box::pin(async move {
            this.waits.fetch_add(1, Ordering::SeqCst);
            (this.on_wait)();
            this.clock.advance(duration);
        })
    }
}
