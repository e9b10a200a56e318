//! Nothing that is logged at any level, and nothing that an error or outcome shows, holds a secret: not when calls go wrong, and
//! not when the other end quotes what it was sent. `contract/no_secrets.rs` has what goes well.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cph::{
    Client, ClientBuilder, Credentials, Environment, MetadataCredentials, OutcomeRecord,
    PasswordCredentials, ProvideCredentials, RestartTarget,
};
use cph_tests::{
    leaks::{Log, Secrets, Shown, assert_hidden, find, forms},
    scripted::{Reply, Scripted},
};
use futures_util::future::join_all;
use http::{Method, Request, header};
use serde_json::json;

use crate::delivery::{JumpingClock, Trouble, sections};

const SECRET_KEY: &str = "h/s+SecretKey=of~Nobody!Q7";
const SECURITY_TOKEN: &str = "gQpjbi1ub3J0aC00+security/token==";
const TOKEN: &str = "MIIDkgYJKoZIhvcNAQcC+iam/token==";
const PASSWORD: &str = r#"pass "word"/of+nobody"#;
const METADATA_TOKEN: &str = "metadata+token/of-nobody==";
const PROXY_PASSWORD: &str = "proxy-password-of-nobody";
const PHONE_NUMBER: &str = "13666666666";
const IMSI: &str = "460021624617113";
const ICCID: &str = "42947a38410b137c";
const IMEI: &str = "356938035643809";

const PHONE: &str = "1234567b8bab40ffb711234cb80d0234";
const REQUEST_ID: &str = "6837531fd3f54550927b930180a706bf";
const PROJECT: &str = "0123456789abcdef0123456789abcdef";

/// What goes wrong again and again says nothing new.
const PATIENCE: Duration = Duration::from_secs(10);

fn secrets() -> Secrets {
    let known = [
        ("secret key", SECRET_KEY),
        ("security token", SECURITY_TOKEN),
        ("token", TOKEN),
        ("password", PASSWORD),
        ("token of the metadata service", METADATA_TOKEN),
        ("password of the proxy", PROXY_PASSWORD),
        ("phone number", PHONE_NUMBER),
        ("IMSI", IMSI),
        ("ICCID", ICCID),
        ("IMEI", IMEI),
    ];
    known.map(|(what, secret)| (what, secret.to_owned())).into()
}

/// Those that only came about with the requests.
fn signatures(server: &Scripted) -> Secrets {
    let signature = |request: &Request<_>| {
        let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.to_owned();
        Some(("signature", value.split_once("Signature=")?.1.to_owned()))
    };
    server.requests().iter().filter_map(signature).collect()
}

/// The log of a test, and what its values show.
struct Watch {
    log: Log,
    shown: Shown,
    secrets: Secrets,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Watch {
    fn begin() -> Self {
        let (log, guard) = Log::capture();
        Self { log, shown: Shown::default(), secrets: secrets(), _guard: guard }
    }

    /// Searches all of it, and hands over the log.
    fn end(self) -> String {
        let log = self.log.text();
        assert_hidden(&self.secrets, &log);
        assert_hidden(&self.secrets, &self.shown.all());
        log
    }

    /// Makes calls that run into trouble; the signatures that they were sent with.
    async fn run_into(&self, trouble: &Trouble, credentials: Credentials) -> Secrets {
        let mut sent = Secrets::new();
        for method in [Method::POST, Method::GET] {
            let met = trouble.meet(method).await;
            let builder = met.aim(builder().credentials(credentials.clone()));
            self.shown.debug(&builder);
            self.call(&builder.build().unwrap()).await;
            sent.extend(met.server().map(signatures).unwrap_or_default());
        }
        sent
    }

    /// Makes calls of every kind, and shows how they end.
    async fn call(&self, client: &Client) {
        let shown = &self.shown;
        shown.debug(client);
        let property = json!({
            "sys.prop.writephonenum": PHONE_NUMBER,
            "sys.prop.writeimsi": IMSI,
            "iccid": ICCID,
            "imei": IMEI,
            // So that a request can be cut off amid its body.
            "filler": "x".repeat(4000),
        });
        let target = RestartTarget::from(PHONE).property_text(property.to_string());
        let restart = client.phones().restart([target]).job_timeout(PATIENCE);
        let run = restart.observer(shown.clone()).start().unwrap();
        shown.debug(&run);
        let report = run.await;
        shown.debug(&report);
        shown.text(&report);
        for outcome in report.outcomes() {
            shown.text(&outcome.fate);
            shown.debug(&OutcomeRecord::from(outcome));
        }
        match client.jobs().list([REQUEST_ID]).await {
            Ok(jobs) => {
                shown.debug(&jobs);
                shown.debug(&jobs.iter().map(cph::Job::fault).collect::<Vec<_>>());
            }
            Err(error) => shown.error(&error),
        }
        if let Err(error) = client.phones().get(PHONE).await {
            shown.error(&error);
        }
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .project(PROJECT)
        .region("cn-north-4")
        .clock(JumpingClock::default())
        .attempts(2)
        .turn_timeout(PATIENCE)
        .seed(7)
}

/// By key and by token.
fn credentials() -> [Credentials; 2] {
    [
        Credentials::access_key("AK", SECRET_KEY).security_token(SECURITY_TOKEN),
        Credentials::token(TOKEN),
    ]
}

#[test]
fn the_search_finds_what_is_planted() {
    for secret in [SECRET_KEY, PASSWORD, PHONE_NUMBER] {
        let secrets = Secrets::from([("planted one", secret.to_owned())]);
        for (before, after) in [("", ""), ("a", "b"), ("ab", "cd"), ("abc", "")] {
            let text = format!("{before}{secret}{after}");
            let encoded = forms(&text).into_iter().filter(|form| !form.contains(secret));
            for form in encoded.chain([text]) {
                let (log, _guard) = Log::capture();
                tracing::trace!(%form, "something else");
                let found = find(&secrets, &log.text());
                assert!(found.is_some(), "{form} was not found");
            }
        }
    }
    let (log, _guard) = Log::capture();
    tracing::trace!("nothing");
    assert_eq!(find(&secrets(), &log.text()), None);
}

#[tokio::test]
async fn no_row_of_the_delivery_table_shows_a_secret() {
    let rows = sections().into_iter().flat_map(|(_, rows)| rows).map(|row| row.trouble);
    let (slow, quick): (Vec<_>, Vec<_>) = rows.partition(Trouble::takes_time);
    let mut log = String::new();
    for troubles in quick.chunks(1).chain([slow.as_slice()]) {
        let mut watch = Watch::begin();
        let calls = troubles.iter().flat_map(|trouble| {
            credentials().map(|credentials| watch.run_into(trouble, credentials))
        });
        let sent = join_all(calls).await;
        watch.secrets.extend(sent.into_iter().flatten());
        log += &watch.end();
    }
    for crate_that_logs in ["cph::transport", "reqwest::connect", "hyper_util::client", "rustls::"]
    {
        assert!(log.contains(crate_that_logs), "{crate_that_logs} was not heard");
    }
}

// --- those who quote what they were sent

/// Everything in a request that is worth quoting.
fn quoted(request: &Request<bytes::Bytes>) -> String {
    let headers = request.headers().values().map(|value| value.to_str().unwrap());
    let body = str::from_utf8(request.body()).unwrap();
    headers.chain([body]).collect::<Vec<_>>().join(" ")
}

/// A text as it is, and in two encodings.
fn quotes(text: &str) -> [String; 3] {
    let encoded = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    [text.to_owned(), encoded, BASE64_STANDARD.encode(text)]
}

/// Answers that hold a text wherever an answer can hold one.
fn answers(quote: &str) -> Vec<Reply> {
    let named = ("x-request-id", REQUEST_ID);
    let json = |status, body: serde_json::Value| Reply::answer(status, &[named], &body.to_string());
    let html = |status| {
        let body = format!("<html><body><pre>{quote}</pre></body></html>");
        Reply::answer(status, &[named, ("content-type", "text/html")], &body)
    };
    let no = |status, code: &str| json(status, json!({"error_code": code, "error_msg": quote}));
    let of_phone = |entry| json(200, json!({"request_id": REQUEST_ID, "jobs": [entry]}));
    let plain: String = quote.chars().filter(|char| (' '..='~').contains(char)).collect();
    let location = format!("https://elsewhere.example.com/{plain}");
    let broken = format!(r#"{{"jobs":[{{"phone_id":{}"#, json!(quote));
    vec![
        no(401, "APIGW.0301"),
        no(400, "APIGW.0303"),
        no(400, "CPS.0052"),
        no(400, "CPS.9999"),
        no(500, "CPS.0003"),
        no(429, "APIGW.0308"),
        no(200, "CPS.0004"),
        no(400, quote),
        json(401, json!({"error": {"code": 401, "message": quote, "title": "Unauthorized"}})),
        json(400, json!({"error": {"code": "IAM.0011", "message": quote}})),
        json(500, json!({"error_msg": quote, "request_id": quote})),
        html(200),
        html(401),
        html(403),
        html(502),
        Reply::answer(302, &[named, ("location", &location)], ""),
        Reply::answer(401, &[("x-request-id", &plain), ("www-authenticate", &plain)], ""),
        Reply::answer(429, &[("retry-after", &plain), ("date", &plain)], ""),
        Reply::answer(200, &[named], &broken),
        json(200, json!({"jobs": quote})),
        json(200, json!({"jobs": [{"phone_id": [quote]}]})),
        json(200, json!({"phone_id": quote, "status": quote})),
        of_phone(json!({"phone_id": quote, "job_id": quote})),
        of_phone(json!({"phone_id": PHONE, "error_code": "CPS.0052", "error_msg": quote})),
        of_phone(json!({
            "phone_id": PHONE, "job_id": REQUEST_ID, "request_id": REQUEST_ID, "status": -1,
            "error_code": "CPS.0052", "error_msg": quote,
        })),
    ]
}

/// A server whose calls are answered by the answer of this number to a request's quote of that number.
fn quoting(answer: usize, form: usize) -> Scripted {
    Scripted::start(move |request| {
        let quotes = quotes(&quoted(&request));
        std::future::ready(answers(&quotes[form]).swap_remove(answer))
    })
}

/// Every answer to quotes in every form.
fn ways_to_quote() -> impl Iterator<Item = (usize, usize)> {
    (0..answers("").len()).flat_map(|answer| (0..quotes("").len()).map(move |form| (answer, form)))
}

#[tokio::test]
async fn a_service_that_quotes_what_it_was_sent_is_not_passed_on() {
    for (answer, form) in ways_to_quote() {
        for credentials in credentials() {
            let mut watch = Watch::begin();
            let server = quoting(answer, form);
            call_with(&watch, &server, credentials).await;
            watch.secrets.extend(signatures(&server));
            watch.end();
        }
    }
}

// --- sources of credentials

/// Calls with credentials of the source, which asks the server, as does what is called with them.
async fn call_with(watch: &Watch, server: &Scripted, source: impl ProvideCredentials) {
    watch.shown.debug(&source);
    let builder = builder().endpoint(server.endpoint()).credentials(source);
    watch.shown.debug(&builder);
    watch.call(&builder.build().unwrap()).await;
    assert!(!server.requests().is_empty());
}

#[tokio::test]
async fn an_identity_service_that_quotes_the_password_is_not_passed_on() {
    let watch = Watch::begin();
    let person = || PasswordCredentials::new("somebody", PASSWORD, "somebodys-account");
    for (answer, form) in ways_to_quote() {
        call_with(&watch, &quoting(answer, form), person()).await;
    }
    // It gives a token, and the answer breaks otherwise.
    let good = r#"{"token":{"expires_at":"2027-01-16T08:00:00.000000Z"}}"#.to_owned();
    let quoted = json!({"token": {"expires_at": PASSWORD}}).to_string();
    for (body, cut) in [(good.clone(), 0), (good, 3), (quoted, 0), (PASSWORD.to_owned(), 0)] {
        let server = Scripted::start(move |request| {
            let token = Reply::answer(201, &[("x-subject-token", TOKEN)], &body).without_last(cut);
            let token = if cut > 0 { token.then_end() } else { token };
            let asks = request.uri().path() == "/v3/auth/tokens";
            let used = || Reply::answer(401, &[("www-authenticate", TOKEN)], TOKEN);
            std::future::ready(if asks { token } else { used() })
        });
        call_with(&watch, &server, person()).await;
    }
    watch.end();
}

#[tokio::test]
async fn a_metadata_service_that_breaks_off_gives_nothing_away() {
    let watch = Watch::begin();
    let keys = |secret: &str| {
        json!({"credential": {
            "access": "AK", "secret": secret, "securitytoken": SECURITY_TOKEN,
            "expires_at": "2027-01-16T08:00:00.000000Z",
        }})
    };
    let spaced = format!("{SECRET_KEY} {SECRET_KEY}");
    let bodies = [
        keys(SECRET_KEY).to_string(),
        keys(&spaced).to_string(),
        json!({"credential": {"access": [SECRET_KEY], "secret": SECRET_KEY}}).to_string(),
        json!({"credential": SECRET_KEY}).to_string(),
        keys(SECRET_KEY).to_string() + SECURITY_TOKEN,
        SECURITY_TOKEN.to_owned(),
    ];
    for (token, body) in bodies.into_iter().flat_map(|body| {
        [METADATA_TOKEN.to_owned(), format!("{METADATA_TOKEN}\n{METADATA_TOKEN}")]
            .map(|token| (token, body.clone()))
    }) {
        for status in [200, 403] {
            let (token, body) = (token.clone(), body.clone());
            let server = Scripted::start(move |request| {
                std::future::ready(match request.uri().path() {
                    "/meta-data/latest/api/token" => Reply::answer(200, &[], &token),
                    "/openstack/latest/securitykey" => Reply::answer(status, &[], &body),
                    _ => answers(&quoted(&request)).swap_remove(0),
                })
            });
            let source = MetadataCredentials::new().address(server.endpoint());
            call_with(&watch, &server, source).await;
        }
    }
    watch.end();
}

/// An environment with these variables.
fn environment(variables: Vec<(&'static str, String)>) -> Environment {
    Environment::new(move |name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.into())
    })
}

#[tokio::test]
async fn variables_and_profiles_that_are_broken_give_nothing_away() {
    let watch = Watch::begin();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let path = || ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", file.to_str().unwrap().to_owned());
    let texts = [
        format!("[basic]\nak = AK\nsk = {SECRET_KEY} {SECRET_KEY}\n"),
        format!("[basic]\nak = AK\nsk = {SECRET_KEY}\nsecurity_token = {SECURITY_TOKEN}\u{1}\n"),
        format!("[basic]\nak = {SECRET_KEY} AK\nsk = {SECRET_KEY}\n"),
        format!("[basic]\nsk = {SECRET_KEY}\n"),
        format!("[basic]\nuser_name = somebody\npassword = {PASSWORD}\n"),
        format!("[basic\nsk = {SECRET_KEY}\n"),
        format!("[basic] sk = {SECRET_KEY}\n"),
        format!("sk {SECRET_KEY}\n"),
        format!("[basic]\nak = AK\n{SECRET_KEY}\n"),
        format!(
            "[basic]\nak = AK\nsk = {SECRET_KEY}\nendpoint = https://me:{PROXY_PASSWORD}@host\n"
        ),
        format!("[basic]\nak = AK\nsk = {SECRET_KEY}\niam_endpoint = me:{PROXY_PASSWORD}@host\n"),
    ];
    for (text, mode) in texts.into_iter().flat_map(|text| [(text.clone(), 0o600), (text, 0o644)]) {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        for name in [None, Some("basic"), Some("prod")] {
            let builder = builder().environment(environment(vec![path()]));
            let builder = match name {
                Some(name) => builder.profile(name),
                None => builder,
            };
            watch.shown.debug(&builder);
            match builder.build() {
                Ok(client) => watch.shown.debug(&client),
                Err(error) => watch.shown.error(&error),
            }
        }
    }
    let (key, secret, token) =
        ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN");
    let pair = |secret_key: &str| vec![(key, "AK".to_owned()), (secret, secret_key.to_owned())];
    let endpoint = "HUAWEICLOUD_SDK_REGION_CPH_CN_NORTH_4";
    let with_user = format!("https://me:{PROXY_PASSWORD}@host");
    for variables in [
        vec![(secret, SECRET_KEY.to_owned())],
        vec![(secret, SECRET_KEY.to_owned()), (token, SECURITY_TOKEN.to_owned())],
        pair(&format!("{SECRET_KEY} \n")),
        [pair(SECRET_KEY), vec![(token, format!("{SECURITY_TOKEN}\n"))]].concat(),
        [pair(SECRET_KEY), vec![(endpoint, with_user.clone())]].concat(),
        [pair(SECRET_KEY), vec![("HUAWEICLOUD_SDK_IAM_ENDPOINT", with_user)]].concat(),
    ] {
        let error = builder().environment(environment(variables)).build().unwrap_err();
        watch.shown.error(&error);
    }
    watch.end();
}

// --- proxies

#[tokio::test]
async fn a_proxy_that_quotes_its_password_is_not_passed_on() {
    let watch = Watch::begin();
    let name = "cph.example.com".to_owned();
    let certificate = rcgen::generate_simple_self_signed([name]).unwrap().cert;
    let mut ca_file = tempfile::NamedTempFile::new().unwrap();
    ca_file.write_all(certificate.pem().as_bytes()).unwrap();
    // What opens a tunnel is answered no further.
    let tunnels = [0, 2, 12].map(|answer| (answer, "https://cph.example.com"));
    let plain = (0..answers("").len()).map(|answer| (answer, "http://cph.example.com"));
    for (answer, endpoint) in plain.chain(tunnels) {
        let server = quoting(answer, 0);
        let host = server.endpoint().replace("http://", "");
        let proxy = format!("http://somebody:{PROXY_PASSWORD}@{host}");
        let [key, _] = credentials();
        let builder = builder().endpoint(endpoint).allow_http(true).credentials(key);
        let builder = builder.iam_endpoint(endpoint).ca_file(ca_file.path()).proxy(proxy);
        watch.shown.debug(&builder);
        watch.call(&builder.build().unwrap()).await;
        assert!(!server.requests().is_empty());
    }
    for wrong in [format!("ftp://me:{PROXY_PASSWORD}@host"), format!("me:{PROXY_PASSWORD}@host")] {
        let [key, _] = credentials();
        let of = |builder: ClientBuilder| builder.credentials(key.clone()).build().unwrap_err();
        watch.shown.error(&of(builder().proxy(&wrong)));
        watch.shown.debug(&builder().proxy(&wrong).endpoint(&wrong));
        watch.shown.error(&of(builder().endpoint(&wrong)));
    }
    watch.end();
}
