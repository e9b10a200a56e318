//! What each setting of a client does on the wire; [`SHOWN_BY`] says where each is shown.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use cph::{
    Client, ClientBuilder, Credentials, Delivery, Environment, Error, ErrorKind,
    MetadataCredentials, Setting,
};
use cph_sim::{Fault, SimClock};
use cph_tests::{
    SharedClock, in_process,
    scripted::{Reply, Scripted},
    start_of_time,
};
use http::{Request, Response};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::simulated::fleet;

const PROJECT: &str = "0123456789abcdef0123456789abcdef";

/// The tests that show what a setting does on the wire: its name, a file beside this one, a test in it.
const SHOWN_BY: &[(&str, &str, &str)] = &[
    ("region", "settings", "where_calls_go"),
    ("endpoint", "settings", "where_calls_go"),
    ("endpoint", "settings", "a_profile_says_where_calls_go"),
    ("identity service", "settings", "where_calls_go"),
    ("metadata service", "settings", "keys_of_an_agency_are_asked_for_where_one_says"),
    ("project", "settings", "where_calls_go"),
    ("access key", "settings", "where_calls_go"),
    ("access key", "identity", "the_first_source_that_is_there_is_taken"),
    ("user with a password", "identity", "the_first_source_that_is_there_is_taken"),
    ("credentials file", "settings", "a_profile_says_where_calls_go"),
    ("profile", "identity", "a_named_profile_comes_before_the_variables"),
    ("connect timeout", "settings", "a_connection_that_does_not_stand_in_time_sends_nothing"),
    ("attempt timeout", "settings", "an_answer_that_does_not_come_in_time_is_not_waited_for"),
    ("call timeout", "settings", "attempts_end_with_their_number_or_with_the_calls_time"),
    ("call timeout", "limits", "a_calls_time_counts_the_waits_for_turns_where_it_is_set"),
    ("turn timeout", "limits", "who_does_not_want_to_wait_is_told_how_long_it_would_take"),
    ("attempts", "settings", "attempts_end_with_their_number_or_with_the_calls_time"),
    ("retry budget", "limits", "all_clones_share_what_may_be_sent_again"),
    (
        "codes to resend after",
        "runs",
        "a_code_is_sent_again_after_only_where_the_caller_asks_for_it",
    ),
    ("rate limit", "limits", "limits_can_be_set_for_one_operation_and_for_all"),
    ("gateway limit", "limits", "limits_can_be_set_for_one_operation_and_for_all"),
    ("response limit", "settings", "an_answer_beyond_the_limit_counts_as_lost"),
    ("proxy", "settings", "a_proxy_is_for_other_machines"),
    ("proxy", "settings", "the_environments_proxy_is_taken_and_a_netrc_is_not"),
    ("certificates", "settings", "a_server_is_known_by_the_certificates_of_the_ca_file_alone"),
    ("certificates", "settings", "the_environments_certificates_replace_those_of_the_system"),
    ("plain http", "settings", "plain_http_to_another_machine_goes_out_only_if_it_is_allowed"),
    ("transport", "settings", "where_calls_go"),
    ("clock", "settings", "calls_are_signed_by_the_clients_clock"),
    ("seed", "settings", "attempts_end_with_their_number_or_with_the_calls_time"),
    ("wire log", "wire_log", "every_attempt_of_every_call_is_shown"),
];

#[test]
fn every_setting_is_shown_by_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e");
    for setting in Setting::all() {
        let is_shown = SHOWN_BY.iter().any(|(name, ..)| *name == setting.name);
        assert!(is_shown, "no test shows what {} does", setting.name);
    }
    for (name, file, test) in SHOWN_BY {
        assert!(Setting::all().iter().any(|setting| setting.name == *name), "{name} is no setting");
        let source = std::fs::read_to_string(folder.join(file).with_extension("rs")).unwrap();
        assert!(source.contains(&format!("\nasync fn {test}() {{")), "{file}.rs has no {test}");
    }
}

/// Keeps what is sent, and answers as the identity service does.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Request<Bytes>>>>);

impl Recorder {
    fn attach(&self, builder: ClientBuilder) -> ClientBuilder {
        let requests = self.0.clone();
        builder.transport(move |request| {
            requests.lock().unwrap().push(request);
            let body = format!(r#"{{"projects":[{{"id":"{PROJECT}"}}]}}"#);
            async move { Ok::<_, io::Error>(Response::new(Bytes::from(body))) }
        })
    }

    fn uris(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|request| request.uri().to_string()).collect()
    }

    fn header(&self, name: &str) -> Option<String> {
        let requests = self.0.lock().unwrap();
        Some(requests.last()?.headers().get(name)?.to_str().unwrap().to_owned())
    }
}

fn keys() -> Credentials {
    Credentials::access_key("AK", "SK").security_token("ST")
}

/// A call whose answer cannot be read, but was made.
async fn call(client: &Client) {
    client.phones().get("phone").await.unwrap_err();
}

fn environment(variables: &'static [(&str, &str)]) -> Environment {
    Environment::new(|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.into())
    })
}

#[tokio::test(start_paused = true)]
async fn where_calls_go() {
    let phone = format!("/v1/{PROJECT}/cloud-phone/phones/phone");
    let projects = "/v3/projects?name=cn-north-4";
    let new = || Client::builder().credentials(keys());
    let variables = &[
        ("HUAWEICLOUD_SDK_REGION_CPH_CN_NORTH_4", "https://cph.example.com,https://b.example.com"),
        ("HUAWEICLOUD_SDK_IAM_ENDPOINT", "https://iam.example.com"),
    ];
    let project = &[("HUAWEICLOUD_SDK_PROJECT_ID", PROJECT)];
    for (builder, expected) in [
        (
            new().region("cn-north-4"),
            vec![
                format!("https://iam.cn-north-4.myhuaweicloud.com{projects}"),
                format!("https://cph.cn-north-4.myhuaweicloud.com{phone}"),
            ],
        ),
        (
            new().region("cn-north-4").project(PROJECT).endpoint("https://other.example.com"),
            vec![format!("https://other.example.com{phone}")],
        ),
        (
            new().region("cn-north-4").endpoint("http://localhost:8080"),
            vec![
                format!("http://localhost:8080{projects}"),
                format!("http://localhost:8080{phone}"),
            ],
        ),
        (
            new().region("cn-north-4").iam_endpoint("https://iam.example.com"),
            vec![
                format!("https://iam.example.com{projects}"),
                format!("https://cph.cn-north-4.myhuaweicloud.com{phone}"),
            ],
        ),
        (
            new().region("cn-north-4").environment(environment(variables)),
            vec![
                format!("https://iam.example.com{projects}"),
                format!("https://cph.example.com{phone}"),
            ],
        ),
        (
            new().region("cn-north-4").environment(environment(project)),
            vec![format!("https://cph.cn-north-4.myhuaweicloud.com{phone}")],
        ),
    ] {
        let recorder = Recorder::default();
        let client = recorder.attach(builder).connect().await.unwrap();
        call(&client).await;
        let mut uris = recorder.uris();
        uris.dedup();
        assert_eq!(uris, expected);
        assert_eq!(recorder.header("x-project-id").as_deref(), Some(PROJECT));
        assert_eq!(recorder.header("x-security-token").as_deref(), Some("ST"));
        assert!(recorder.header("authorization").unwrap().contains("Access=AK,"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_says_where_calls_go() {
    let file = NamedTempFile::new().unwrap();
    let text = "[p]\nak=AK\nsk=SK\nregion=cn-east-3\nendpoint=https://cph.example.com\niam_endpoint=https://iam.example.com\n";
    std::fs::write(&file, text).unwrap();
    let path = file.path().to_owned();
    let environment = Environment::new(move |name| {
        (name == "HUAWEICLOUD_SDK_CREDENTIALS_FILE").then(|| path.clone().into())
    });
    let recorder = Recorder::default();
    let builder = Client::builder().environment(environment).profile("p");
    let client = recorder.attach(builder).connect().await.unwrap();
    call(&client).await;
    assert_eq!(client.region(), Some("cn-east-3"));
    let uris = recorder.uris();
    assert_eq!(uris[0], "https://iam.example.com/v3/projects?name=cn-east-3");
    assert!(uris[1].starts_with("https://cph.example.com/v1/"), "{uris:?}");
}

#[tokio::test(start_paused = true)]
async fn keys_of_an_agency_are_asked_for_where_one_says() {
    for (source, address) in [
        (MetadataCredentials::new(), "http://169.254.169.254"),
        (MetadataCredentials::new().address("http://localhost:9"), "http://localhost:9"),
    ] {
        let recorder = Recorder::default();
        let builder = Client::builder().region("cn-north-4").project(PROJECT).credentials(source);
        call(&recorder.attach(builder).build().unwrap()).await;
        assert_eq!(recorder.uris()[0], format!("{address}/meta-data/latest/api/token"));
    }
}

#[tokio::test(start_paused = true)]
async fn plain_http_to_another_machine_goes_out_only_if_it_is_allowed() {
    let recorder = Recorder::default();
    let builder = |allow| {
        let builder = Client::builder().endpoint("http://cph.example.com").allow_http(allow);
        recorder.attach(builder.project(PROJECT).credentials(keys())).build()
    };
    let error = builder(false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("plain http to another machine"), "{error}");
    call(&builder(true).unwrap()).await;
    assert!(recorder.uris()[0].starts_with("http://cph.example.com/v1/"));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_region_lists_near_ones() {
    let error = Client::builder().region("cn-nort-4").project(PROJECT).credentials(keys());
    let error = error.build().unwrap_err().to_string();
    assert!(error.contains("cn-north-4"), "{error}");
}

#[tokio::test]
async fn calls_are_signed_by_the_clients_clock() {
    let recorder = Recorder::default();
    let builder = Client::builder().endpoint("http://localhost").project(PROJECT);
    let builder = builder.credentials(keys()).attempts(1);
    let clock = SharedClock(SimClock::stepped(start_of_time()));
    call(&recorder.attach(builder.clock(clock)).build().unwrap()).await;
    assert_eq!(recorder.header("x-sdk-date").as_deref(), Some("20270115T080000Z"));
}

#[tokio::test(start_paused = true)]
async fn attempts_end_with_their_number_or_with_the_calls_time() {
    let sent = async |set: fn(ClientBuilder) -> ClientBuilder| {
        let (simulator, _) = fleet(1);
        simulator.inject(Fault::html(503).always()).unwrap();
        let client = set(in_process(&simulator)).build().unwrap();
        client.phones().get(&simulator.phones()[0]).await.unwrap_err();
        let journal = simulator.journal();
        let times = journal.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).unwrap());
        (journal.len(), times.collect::<Vec<_>>())
    };
    assert_eq!(sent(|builder| builder).await.0, 5);
    assert_eq!(sent(|builder| builder.attempts(3)).await.0, 3);
    assert_eq!(sent(|builder| builder.call_timeout(Duration::from_millis(900))).await.0, 1);
    let waits = async |seed: fn(ClientBuilder) -> ClientBuilder| sent(seed).await.1;
    assert_eq!(waits(|builder| builder.seed(1)).await, waits(|builder| builder.seed(1)).await);
    assert_ne!(waits(|builder| builder.seed(1)).await, waits(|builder| builder.seed(2)).await);
}

#[tokio::test]
async fn a_connection_that_does_not_stand_in_time_sends_nothing() {
    // Nobody shakes hands.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let (_, certificate, _) = tls_server();
    let client = Client::builder()
        .endpoint(endpoint)
        .project(PROJECT)
        .credentials(keys())
        .attempts(1)
        .ca_file(certificate.path())
        .connect_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let error = client.jobs().list(["request"]).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_in_time_is_not_waited_for() {
    let began = tokio::time::Instant::now();
    let client = Client::builder()
        .endpoint("http://localhost")
        .project(PROJECT)
        .credentials(keys())
        .attempts(1)
        .attempt_timeout(Duration::from_secs(7))
        .transport(|_| std::future::pending::<io::Result<_>>())
        .build()
        .unwrap();
    let error = client.jobs().list(["request"]).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::Unknown));
    assert_eq!(began.elapsed().as_secs(), 7);
}

#[tokio::test]
async fn an_answer_beyond_the_limit_counts_as_lost() {
    const ANSWER: &str = r#"{"jobs":[]}"#;
    let server = Scripted::start(|_| std::future::ready(Reply::answer(200, &[], ANSWER)));
    let over_socket = || Client::builder().endpoint(server.endpoint());
    let in_process = || {
        Client::builder()
            .endpoint("http://localhost")
            .transport(|_| async { Ok::<_, io::Error>(Response::new(Bytes::from(ANSWER))) })
    };
    for (builder, fits) in [
        (over_socket().response_limit(ANSWER.len()), true),
        (over_socket().response_limit(ANSWER.len() - 1), false),
        (in_process().response_limit(ANSWER.len()), true),
        (in_process().response_limit(ANSWER.len() - 1), false),
    ] {
        let client = builder.project(PROJECT).credentials(keys()).attempts(1).build().unwrap();
        match client.jobs().list(["request"]).await {
            Ok(jobs) => assert!(fits && jobs.is_empty()),
            Err(error) => {
                assert!(!fits, "{error:#}");
                assert_eq!(
                    (error.kind(), error.delivery(), error.status()),
                    (ErrorKind::Lost, Delivery::Unknown, Some(200))
                );
                assert!(format!("{error:#}").ends_with("larger than 10 bytes"), "{error:#}");
            }
        }
    }
}

// --- proxy

#[tokio::test]
async fn a_proxy_is_for_other_machines() {
    let answer = || std::future::ready(Reply::answer(200, &[], r#"{"jobs":[]}"#));
    let (proxy, server) = (Scripted::start(move |_| answer()), Scripted::start(move |_| answer()));
    let builder = |endpoint: &str| {
        let builder = Client::builder().endpoint(endpoint).allow_http(true).project(PROJECT);
        builder.credentials(keys()).attempts(1).connect_timeout(Duration::from_millis(200))
    };
    let with_user = proxy.endpoint().replace("//", "//me:hush@");
    let client = builder("http://cph.example.invalid").proxy(&with_user).build().unwrap();
    client.jobs().list(["request"]).await.unwrap();
    let requests = proxy.requests();
    assert!(requests[0].uri().to_string().starts_with("http://cph.example.invalid/v1/"));
    assert_eq!(requests[0].headers()["proxy-authorization"], "Basic bWU6aHVzaA==");
    assert!(!format!("{client:?}").contains("hush"));
    assert_eq!(client.proxy(), Some(proxy.endpoint().as_str()));

    let client = builder(&server.endpoint()).proxy(&with_user).build().unwrap();
    client.jobs().list(["request"]).await.unwrap();
    assert_eq!((proxy.requests().len(), server.requests().len()), (1, 1));
    assert_eq!(client.proxy(), None);
    assert!(!server.requests()[0].headers().contains_key("proxy-authorization"));

    let client = builder("http://cph.example.invalid").proxy(&with_user).no_proxy();
    let error = client.build().unwrap().jobs().list(["request"]).await.unwrap_err();
    assert_eq!((error.kind(), proxy.requests().len()), (ErrorKind::Connect, 1));

    for bad in ["", "proxy:3128", "socks5://me:hush@proxy", "http://"] {
        let error = builder("http://localhost").proxy(bad).build().unwrap_err().to_string();
        assert!(error.contains("the proxy is no URL") && !error.contains("hush"), "{error}");
    }
}

/// Set in the process that a test starts to have an environment of its own: it makes the call,
/// and knows by which proxy.
const CHILD: &str = "CPH_TEST_MAKES_ONE_CALL";

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "this very test tells its child what to do")]
async fn the_environments_proxy_is_taken_and_a_netrc_is_not() {
    if let Some(proxy) = std::env::var_os(CHILD) {
        let builder = Client::builder().endpoint("http://cph.example.invalid").allow_http(true);
        let client = builder.project(PROJECT).credentials(keys()).attempts(1).build().unwrap();
        assert_eq!(client.proxy().unwrap_or_default(), proxy);
        let _ = client.jobs().list(["request"]).await;
        return;
    }
    let proxy = Scripted::start(|_| std::future::ready(Reply::answer(200, &[], r#"{"jobs":[]}"#)));
    let home = tempfile::tempdir().unwrap();
    let netrc = home.path().join(".netrc");
    std::fs::write(&netrc, "machine cph.example.invalid login me password hush\n").unwrap();
    let run = async |no_proxy: &str, expected: &str| {
        let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "settings::the_environments_proxy_is_taken_and_a_netrc_is_not"]);
        child
            .env(CHILD, expected)
            .env("HOME", home.path())
            .env("NETRC", &netrc)
            .env("NO_PROXY", no_proxy);
        child.env("HTTP_PROXY", proxy.endpoint()).env("http_proxy", proxy.endpoint());
        assert!(child.output().await.unwrap().status.success());
    };
    run("", &proxy.endpoint()).await;
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1);
    let authorization = requests[0].headers()["authorization"].to_str().unwrap();
    assert!(authorization.starts_with("SDK-HMAC-SHA256 Access=AK,"), "{authorization}");
    run("cph.example.invalid", "").await;
    assert_eq!(proxy.requests().len(), 1);
}

// --- connections

#[tokio::test]
async fn clients_for_other_projects_share_connections() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let accepted = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            accepted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"jobs\":[]}";
                    stream.write_all(answer).await.unwrap();
                }
            });
        }
    });
    let builder = Client::builder().endpoint(endpoint).project(PROJECT).credentials(keys());
    let client = builder.build().unwrap();
    let other = client.for_project("fedcba9876543210fedcba9876543210", keys()).unwrap();
    for client in [&client, &other, &client.clone(), &other] {
        client.jobs().list(["request"]).await.unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

// --- certificates

/// A server with a certificate of its own for `localhost`, as a PEM file; it answers one call.
fn tls_server() -> (String, NamedTempFile, std::thread::JoinHandle<bool>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(cert.pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], signing_key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let served = std::thread::spawn(move || serve(&listener, config).is_ok());
    (endpoint, file, served)
}

/// Reads one request and answers it.
fn serve(listener: &TcpListener, config: rustls::ServerConfig) -> io::Result<()> {
    let (mut socket, _) = listener.accept()?;
    let mut connection =
        rustls::ServerConnection::new(Arc::new(config)).map_err(io::Error::other)?;
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut bytes = [0; 1024];
        match stream.read(&mut bytes)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => request.extend_from_slice(&bytes[..read]),
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"jobs\":[]}")
}

async fn list_jobs(endpoint: &str, ca_file: &Path) -> Result<(), Error> {
    let builder = Client::builder().endpoint(endpoint).project(PROJECT).credentials(keys());
    let client = builder.attempts(1).ca_file(ca_file).build()?;
    client.jobs().list(["request"]).await.map(drop)
}

#[tokio::test]
async fn a_server_is_known_by_the_certificates_of_the_ca_file_alone() {
    let (endpoint, certificate, served) = tls_server();
    list_jobs(&endpoint, certificate.path()).await.unwrap();
    assert!(served.join().unwrap());

    let (endpoint, _, served) = tls_server();
    let error = list_jobs(&endpoint, certificate.path()).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent));
    assert!(!served.join().unwrap(), "no request was read");
}

#[tokio::test]
async fn a_ca_file_that_cannot_be_used_is_told_at_once() {
    let empty = NamedTempFile::new().unwrap();
    let mut broken = NamedTempFile::new().unwrap();
    broken.write_all(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for path in [Path::new("/nonexistent.pem"), empty.path(), broken.path()] {
        let error = list_jobs("https://localhost:1", path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let text = format!("the CA file {} cannot be used: ", path.display());
        assert!(error.to_string().starts_with(&text), "{error}");
    }
}

/// Names the server that a child of the next test calls.
#[cfg(target_os = "linux")]
const CALLS: &str = "CPH_TEST_CALLS";

#[cfg(target_os = "linux")]
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "this very test tells its child what to do")]
async fn the_environments_certificates_replace_those_of_the_system() {
    if let Some(endpoint) = std::env::var_os(CALLS) {
        let builder = Client::builder().endpoint(endpoint.to_str().unwrap()).project(PROJECT);
        let client = builder.credentials(keys()).attempts(1).build().unwrap();
        let _ = client.jobs().list(["request"]).await;
        return;
    }
    let (_, other, _) = tls_server();
    let (endpoint, certificate, served) = tls_server();
    let run = async |endpoint: &str, certificate: &Path| {
        let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
        let test = "settings::the_environments_certificates_replace_those_of_the_system";
        child.args(["--exact", test]).env(CALLS, endpoint).env("SSL_CERT_FILE", certificate);
        assert!(child.output().await.unwrap().status.success());
    };
    run(&endpoint, certificate.path()).await;
    assert!(served.join().unwrap());
    let (endpoint, _, served) = tls_server();
    run(&endpoint, other.path()).await;
    assert!(!served.join().unwrap(), "no request was read");
}
