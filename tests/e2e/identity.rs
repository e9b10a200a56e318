//! Where credentials and project come from, on the simulator's identity and metadata services.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cph::{
    Chain, Client, ClientBuilder, Credentials, Delivery, Environment, EnvironmentCredentials,
    ErrorKind, Fate, Http, MetadataCredentials, NotSentReason, PasswordCredentials,
    ProfileCredentials, Provide, ProvideCredentials, Provided,
};
use cph_sim::{Fault, Simulator};
use cph_tests::{SharedClock, in_process, paused_clock};
use futures_util::future::join_all;

use crate::simulated::fleet;

/// Knows neither project nor credentials.
fn unidentified(simulator: &Simulator) -> ClientBuilder {
    let transport = simulator.clone();
    Client::builder()
        .region(simulator.region())
        .endpoint(simulator.endpoint())
        .clock(SharedClock(simulator.clock().clone()))
        .transport(move |request| transport.call(request))
        .seed(simulator.seed())
}

fn calls(simulator: &Simulator, operation: &str) -> usize {
    let journal = simulator.journal();
    journal.iter().filter(|entry| entry.operation.as_deref() == Some(operation)).count()
}

/// A home directory with a credentials file in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new(text: &str, mode: u32) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.file().parent().unwrap()).unwrap();
        fs::write(home.file(), text).unwrap();
        fs::set_permissions(home.file(), fs::Permissions::from_mode(mode)).unwrap();
        home
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(".huaweicloud/credentials")
    }

    /// An environment with this home and these variables.
    fn with(&self, variables: &[(&str, &str)]) -> Environment {
        let mut variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        variables.push(("HOME".into(), self.0.path().to_str().unwrap().into()));
        Environment::new(move |name| {
            let found = variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.into())
        })
    }
}

fn user(simulator: &Simulator) -> PasswordCredentials {
    PasswordCredentials::new(simulator.user_name(), simulator.password(), simulator.domain_name())
}

// --- the chain

#[tokio::test(start_paused = true)]
async fn the_first_source_that_is_there_is_taken() {
    let (simulator, _) = fleet(1);
    let (ak, sk) = (simulator.access_key(), simulator.secret_key());
    let keys = [("HUAWEICLOUD_SDK_AK", ak), ("HUAWEICLOUD_SDK_SK", sk)];
    let pair = Home::new(&format!("[basic]\nak = {ak}\nsk = {sk}\n"), 0o600);
    let password = simulator.password();
    let (name, domain) = (simulator.user_name(), simulator.domain_name());
    let text = format!("[basic]\nuser_name={name}\npassword={password}\ndomain_name={domain}\n");
    let person = Home::new(&text, 0o600);
    let empty = Home::new("", 0o600);
    let metadata = "metadata service at http://169.254.169.254";
    for (environment, origin, asked) in [
        (pair.with(&keys), "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK".to_owned(), vec![]),
        (pair.with(&[]), format!("[basic] of {}", pair.file().display()), vec![]),
        (
            person.with(&[]),
            format!("token for user {name} of {domain}"),
            vec!["KeystoneCreateUserTokenByPassword"],
        ),
        (empty.with(&[]), metadata.to_owned(), vec!["CreateMetadataToken", "ShowSecurityKey"]),
    ] {
        let (simulator, _) = fleet(1);
        let builder = unidentified(&simulator).environment(environment);
        let client = builder.project(simulator.project()).build().unwrap();
        assert_eq!(client.credentials_origin(), None);
        client.phones().get(&simulator.phones()[0]).await.unwrap();
        assert_eq!(client.credentials_origin(), Some(origin));
        let journal = simulator.journal();
        let mut operations: Vec<_> =
            journal.iter().filter_map(|entry| entry.operation.as_deref()).collect();
        assert_eq!(operations.pop(), Some("ShowCloudPhoneDetail"));
        assert_eq!(operations, asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_source_is_no_absent_one() {
    let (simulator, _) = fleet(1);
    let good = Home::new("[basic]\nak = AK\nsk = SK\n", 0o600);
    let half = good.with(&[("HUAWEICLOUD_SDK_AK", "AK")]);
    let build = |environment: Environment| {
        unidentified(&simulator).project(simulator.project()).environment(environment).build()
    };
    let error = build(half).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "environment: HUAWEICLOUD_SDK_AK is set and HUAWEICLOUD_SDK_SK is not"
    );

    // A link that another comes before shows what is wrong with it once the chain comes to it.
    let readable = Home::new("[basic]\nak = AK\nsk = SK\n", 0o644);
    let client = build(readable.with(&[])).unwrap();
    let report = client.phones().restart(simulator.phones()).start().unwrap().await;
    let Fate::NotSent(NotSentReason::Credentials(reason)) = &report.outcomes()[0].fate else {
        panic!("{report}")
    };
    let command = format!("run: chmod 600 {}", readable.file().display());
    assert!(reason.starts_with("profile: ") && reason.ends_with(&command), "{reason}");
    assert!(simulator.journal().is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_found_the_error_says_where_it_was_looked_for() {
    let (simulator, _) = fleet(1);
    let client = || {
        let builder = unidentified(&simulator).environment(Environment::new(|_| None));
        builder.project(simulator.project()).build().unwrap()
    };
    simulator.inject(Fault::refuse_connection().on("CreateMetadataToken")).unwrap();
    let error = client().phones().get("phone").await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Credentials, Delivery::NotSent));
    let text = "no credentials were found; looked at: environment, profile, metadata service";
    assert_eq!(error.to_string(), text);

    // Nobody answers in three seconds.
    let silence = Fault::delay(Duration::from_secs(4)).on("CreateMetadataToken");
    simulator.inject(silence).unwrap();
    assert_eq!(client().phones().get("phone").await.unwrap_err().to_string(), text);

    // Somebody does, and says no.
    simulator.inject(Fault::refuse("APIGW.0201").on("ShowSecurityKey")).unwrap();
    let error = client().phones().get("phone").await.unwrap_err().to_string();
    assert!(error.starts_with("metadata service: ") && error.contains("no agency"), "{error}");
    assert_eq!(calls(&simulator, "ShowCloudPhoneDetail"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_named_profile_comes_before_the_variables() {
    let (simulator, _) = fleet(1);
    let (ak, sk) = (simulator.access_key(), simulator.secret_key());
    let project = simulator.project();
    let text =
        format!("[sim]\nregion = cn-north-4\nak = {ak}\nsk = {sk}\nproject_id = {project}\n");
    let home = Home::new(&text, 0o600);
    let variables = [
        ("HUAWEICLOUD_SDK_AK", "another"),
        ("HUAWEICLOUD_SDK_SK", "another"),
        ("HUAWEICLOUD_SDK_PROJECT_ID", "another"),
    ];
    let client = unidentified(&simulator).environment(home.with(&variables)).profile("sim");
    let client = client.build().unwrap();
    client.phones().get(&simulator.phones()[0]).await.unwrap();
    let origin = format!("[sim] of {}", home.file().display());
    assert_eq!(client.credentials_origin(), Some(origin));

    let missing = unidentified(&simulator).environment(home.with(&[])).profile("prod");
    let error = missing.build().unwrap_err().to_string();
    assert!(error.contains("has no section [prod]; it has: sim"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_ones_own_asks_in_its_order() {
    let (simulator, _) = fleet(1);
    let nothing = Environment::new(|_| None);
    let chain = Chain::of(MetadataCredentials::new())
        .then(EnvironmentCredentials::new(nothing.clone()))
        .then(ProfileCredentials::new(nothing))
        .then(user(&simulator));
    assert_eq!(chain.name(), "metadata service, environment, profile, user and password");
    simulator.inject(Fault::refuse_connection().on("CreateMetadataToken").always()).unwrap();
    let client = in_process(&simulator).credentials(chain).build().unwrap();
    client.phones().get(&simulator.phones()[0]).await.unwrap();
    assert!(client.credentials_origin().unwrap().starts_with("token for user"));
}

// --- renewal

/// A thousand calls at once; how many failed.
async fn thousand(client: &Client, phone: &str) -> usize {
    let calls = join_all((0..1000).map(|_| async { client.phones().get(phone).await })).await;
    calls.iter().filter(|result| result.is_err()).count()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_need_one_token_and_one_renewal() {
    const SIGN_IN: &str = "KeystoneCreateUserTokenByPassword";
    let (simulator, _) = fleet(1);
    let phone = &simulator.phones()[0].to_string();
    let client = in_process(&simulator).credentials(user(&simulator)).build().unwrap();
    assert_eq!(thousand(&client, phone).await, 0);
    assert_eq!(calls(&simulator, SIGN_IN), 1);

    // Half an hour before the 24 hours are over; the identity service is down, and the token is still good.
    tokio::time::advance(Duration::from_mins(23 * 60 + 35)).await;
    simulator.inject(Fault::html(503).on(SIGN_IN).always()).unwrap();
    assert_eq!(thousand(&client, phone).await, 0);
    let tried = calls(&simulator, SIGN_IN);
    assert!((2..=6).contains(&tried), "{tried}");

    simulator.clear_faults();
    tokio::time::advance(Duration::from_mins(2)).await;
    assert_eq!(thousand(&client, phone).await, 0);
    assert_eq!(calls(&simulator, SIGN_IN), tried + 1);
    tokio::time::advance(Duration::from_hours(1)).await;
    assert_eq!(thousand(&client, phone).await, 0);
    assert_eq!(calls(&simulator, SIGN_IN), tried + 1);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_share_one_failure() {
    let (simulator, _) = fleet(1);
    let user = PasswordCredentials::new(simulator.user_name(), "wrong", simulator.domain_name());
    let client = in_process(&simulator).credentials(user).build().unwrap();
    assert_eq!(thousand(&client, "phone").await, 1000);
    assert_eq!(calls(&simulator, "KeystoneCreateUserTokenByPassword"), 1);
    let error = client.phones().get("phone").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery(), error.status()),
        (ErrorKind::Credentials, Delivery::NotSent, Some(401))
    );
    assert!(error.to_string().starts_with("no token for user simulated-user of"), "{error}");
    assert!(error.request_id().is_some());
    assert_eq!(simulator.journal().len(), 1);

    // Later it is asked once more.
    tokio::time::advance(Duration::from_mins(2)).await;
    client.phones().get("phone").await.unwrap_err();
    assert_eq!(simulator.journal().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_identity_service_that_fails_keeps_calls_back() {
    const SIGN_IN: &str = "KeystoneCreateUserTokenByPassword";
    for (fault, asked) in [
        (Fault::drop_before().always(), 5),
        (Fault::drop_after().always(), 5),
        (Fault::html(500).always(), 5),
        (Fault::refuse("APIGW.0201").always(), 1),
        (Fault::broken_json().always(), 5),
        (Fault::empty_body().always(), 5),
    ] {
        let (simulator, _) = fleet(1);
        simulator.inject(fault.on(SIGN_IN)).unwrap();
        let client = in_process(&simulator).credentials(user(&simulator)).build().unwrap();
        let report = client.phones().restart(simulator.phones()).start().unwrap().await;
        let fate = &report.outcomes()[0].fate;
        assert!(matches!(fate, Fate::NotSent(NotSentReason::Credentials(_))), "{fate:?}");
        assert_eq!(calls(&simulator, SIGN_IN), asked, "{fate}");
        assert_eq!(simulator.journal().len(), asked, "no other call was made");
    }
}

#[tokio::test(start_paused = true)]
async fn temporary_keys_of_the_metadata_service_are_renewed_ahead_of_their_end() {
    let (simulator, _) = fleet(1);
    let phone = &simulator.phones()[0].to_string();
    let client = in_process(&simulator).credentials(MetadataCredentials::new()).build().unwrap();
    assert_eq!(thousand(&client, phone).await, 0);
    assert_eq!(calls(&simulator, "ShowSecurityKey"), 1);
    let first = simulator.temporary_keys();
    tokio::time::advance(Duration::from_mins(23 * 60 + 35)).await;
    assert_eq!(thousand(&client, phone).await, 0);
    assert_eq!(calls(&simulator, "ShowSecurityKey"), 2);
    assert_ne!(simulator.temporary_keys(), first);
    assert!(simulator.journal().iter().all(|entry| entry.status == Some(200)));
}

/// Counts how often it is asked; the first keys it gives are wrong.
#[derive(Debug)]
struct Rotating {
    asked: Arc<AtomicUsize>,
    secret_key: String,
    access_key: String,
}

impl ProvideCredentials for Rotating {
    fn name(&self) -> &'static str {
        "rotating"
    }

    fn provide<'a>(&'a self, http: &'a Http<'a>) -> Provide<'a> {
        Box::pin(async move {
            let is_first = self.asked.fetch_add(1, Ordering::SeqCst) == 0;
            let secret_key = if is_first { "of-yesterday" } else { &self.secret_key };
            let credentials = Credentials::access_key(&self.access_key, secret_key);
            let end = http.now() + Duration::from_hours(1);
            Ok(Some(Provided::new(credentials, "a vault").expiring(end)))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_ended_early_are_renewed_and_the_call_is_made() {
    let (simulator, _) = fleet(1);
    let asked = Arc::new(AtomicUsize::new(0));
    let rotating = Rotating {
        asked: asked.clone(),
        access_key: simulator.access_key().to_owned(),
        secret_key: simulator.secret_key().to_owned(),
    };
    let client = in_process(&simulator).credentials(rotating).build().unwrap();
    let report = client.phones().restart(simulator.phones()).start().unwrap().await;
    assert_eq!(report.to_string(), "1 done");
    assert_eq!((asked.load(Ordering::SeqCst), calls(&simulator, "RestartCloudPhone")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_metadata_service_without_tokens_still_gives_keys() {
    let (simulator, _) = fleet(1);
    let keys = simulator.temporary_keys();
    let transport = simulator.clone();
    let answer = move |request: http::Request<bytes::Bytes>| {
        let expires_at = jiff::Timestamp::try_from(keys.expires_at).unwrap();
        let body = match request.uri().path() {
            "/meta-data/latest/api/token" => Some((405, String::new())),
            "/openstack/latest/securitykey" => {
                assert!(!request.headers().contains_key("x-metadata-token"));
                let (access, secret, token) =
                    (&keys.access_key, &keys.secret_key, &keys.security_token);
                let body = format!(
                    r#"{{"credential":{{"access":"{access}","secret":"{secret}","securitytoken":"{token}","expires_at":"{expires_at}"}}}}"#
                );
                Some((200, body))
            }
            _ => None,
        };
        let call = transport.call(request);
        async move {
            match body {
                None => call.await,
                Some((status, body)) => {
                    Ok(http::Response::builder().status(status).body(body.into()).unwrap())
                }
            }
        }
    };
    let client = in_process(&simulator).credentials(MetadataCredentials::new()).transport(answer);
    client.build().unwrap().phones().get(&simulator.phones()[0]).await.unwrap();
}

// --- projects

#[tokio::test(start_paused = true)]
async fn the_project_is_looked_up_and_never_guessed() {
    for (projects, says) in [
        (1, None),
        (0, Some("the account has no project named cn-north-4; set the id of a project")),
        (3, Some("the account has 3 projects named cn-north-4; set the id of one of them: ")),
    ] {
        let builder = Simulator::builder().phones(1).seed(7).projects(projects);
        let simulator = builder.clock(paused_clock()).build().unwrap();
        let keys = Credentials::access_key(simulator.access_key(), simulator.secret_key());
        let result = unidentified(&simulator).credentials(keys).connect().await;
        match (result, says) {
            (Ok(client), None) => {
                assert_eq!(client.project().as_str(), simulator.project());
                client.phones().get(&simulator.phones()[0]).await.unwrap();
                client.phones().get(&simulator.phones()[0]).await.unwrap();
            }
            (Err(error), Some(says)) => {
                assert_eq!(error.kind(), ErrorKind::Configuration);
                assert!(error.to_string().starts_with(says), "{error}");
                assert_eq!(error.to_string().contains(simulator.project()), projects > 1);
            }
            (result, _) => panic!("{projects} projects: {result:?}"),
        }
        assert_eq!(calls(&simulator, "KeystoneListProjects"), 1);
        assert!(simulator.journal().iter().all(|entry| entry.method == "GET"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_signs_in_for_the_regions_project() {
    let (simulator, _) = fleet(1);
    let client = unidentified(&simulator).credentials(user(&simulator)).connect().await.unwrap();
    client.phones().get(&simulator.phones()[0]).await.unwrap();
    assert_eq!(simulator.journal().len(), 3, "sign in, look up, call");
    let nowhere = Client::builder().endpoint(simulator.endpoint()).credentials(user(&simulator));
    let error = nowhere.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("neither project nor region is given"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_fails_says_why() {
    let (simulator, _) = fleet(1);
    let connect = |secret_key: &str| {
        let keys = Credentials::access_key(simulator.access_key(), secret_key);
        unidentified(&simulator).credentials(keys).connect()
    };
    let error = connect("wrong").await.unwrap_err();
    assert_eq!(error.code(), Some(cph::ErrorCode::AUTHENTICATION_FAILED));
    assert!(
        error.to_string().starts_with("no project was found for region cn-north-4: "),
        "{error}"
    );
    simulator.inject(Fault::html(503).on("KeystoneListProjects").times(2)).unwrap();
    connect(simulator.secret_key()).await.unwrap();
    simulator.assert_faults_used();
}

#[tokio::test(start_paused = true)]
async fn a_client_for_another_project_calls_for_it() {
    let (simulator, client) = fleet(1);
    let keys = || Credentials::access_key(simulator.access_key(), simulator.secret_key());
    let other = client.for_project("0123456789abcdef0123456789abcdef", keys()).unwrap();
    let error = other.phones().get(&simulator.phones()[0]).await.unwrap_err();
    assert_eq!(error.code().unwrap().to_string(), "APIGW.0310");
    assert!(simulator.journal()[0].path.starts_with("/v1/0123456789abcdef0123456789abcdef/"));
    assert_eq!((client.counters().calls, other.counters().calls), (0, 1));
    assert!(client.for_project("../x", keys()).is_err());
    assert!(client.for_project("good", Credentials::token("")).is_err());
}
