//! How a call ends.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, SystemTime},
};

use cph::{
    Client, ClientBuilder, Clock, Credentials, Delivery, Error, ErrorKind, Fate, Observer, Part,
    PartAnswer, RestartTarget,
};
use cph_sim::SimClock;
use cph_tests::start_of_time;
use http::Method;

use super::{
    rows::{REQUEST_ID, Row},
    trouble::{Met, Trouble},
};

/// How often a call is tried where nothing speaks against it.
pub(super) const ATTEMPTS: usize = 3;

const PHONE: &str = "1234567b8bab40ffb711234cb80d0234";

/// How a call ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) kind: ErrorKind,
    pub(super) delivery: Delivery,
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<String>,
    /// The error's own words.
    pub(super) says: String,
    /// The same with its causes.
    pub(super) in_full: String,
    /// How often the request was sent, or tried to be.
    pub(super) sent: usize,
    /// How long the client waited before it sent the request again.
    pub(super) first_wait: Option<Duration>,
}

/// A client of the caller's, and what it does.
#[derive(Clone)]
struct Watched {
    client: Client,
    clock: JumpingClock,
    attempts_before: u64,
}

impl Watched {
    fn new(met: &Met) -> Self {
        let clock = JumpingClock::default();
        let client = met.aim(builder(&clock)).build().unwrap();
        Self { client, clock, attempts_before: 0 }
    }

    /// Counts from here.
    fn anew(self) -> Self {
        self.clock.waits.lock().unwrap().clear();
        Self { attempts_before: self.client.counters().attempts, ..self }
    }

    fn end(&self, error: &Error) -> Ended {
        let attempts = self.client.counters().attempts - self.attempts_before;
        Ended {
            kind: error.kind(),
            delivery: error.delivery(),
            status: error.status(),
            request_id: error.request_id().map(str::to_owned),
            says: error.to_string(),
            in_full: format!("{error:#}"),
            sent: attempts.try_into().unwrap(),
            first_wait: self.clock.waits.lock().unwrap().first().copied(),
        }
    }

    /// How a call to restart the targets ended, and what became of them.
    async fn restart(&self, targets: Vec<RestartTarget>) -> (Option<Ended>, Fate) {
        struct Ends(Watched, mpsc::Sender<Ended>);

        impl Observer for Ends {
            fn before(&mut self, _: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
                Ok(())
            }

            fn after(&mut self, _: &Part, answer: PartAnswer<'_>) {
                if let Some(error) = answer.error {
                    self.1.send(self.0.end(error)).unwrap();
                }
            }
        }

        let (ends, ended) = mpsc::channel();
        let restart = self.client.phones().restart(targets.clone()).batch(targets.len());
        let report = restart.observer(Ends(self.clone(), ends)).start().unwrap().await;
        let fate = report.outcomes()[0].fate.clone();
        assert!(report.outcomes().iter().all(|outcome| outcome.fate.word() == fate.word()));
        let mut ended: Vec<_> = ended.try_iter().collect();
        assert!(ended.len() <= 1, "{ended:?}");
        (ended.pop(), fate)
    }

    async fn list_jobs(&self) -> Option<Ended> {
        self.client.jobs().list([REQUEST_ID]).await.err().map(|error| self.end(&error))
    }
}

impl Row {
    /// One phone, or so many that their request is in no single packet.
    fn targets(&self) -> Vec<RestartTarget> {
        match self.trouble {
            Trouble::ResetAfter(_) => {
                let property = format!(r#"{{"filler":"{}"}}"#, "x".repeat(7000));
                let target = |phone| {
                    RestartTarget::from(format!("{phone:032x}").as_str()).property_text(&property)
                };
                (0..900).map(target).collect()
            }
            _ => vec![PHONE.into()],
        }
    }

    /// How a restart ends, and what the phone's outcome is.
    pub(super) async fn restart(&self) -> (Ended, Fate) {
        let met = self.trouble.meet(Method::POST).await;
        let mut watched = Watched::new(&met);
        if matches!(self.trouble, Trouble::NoTurn) {
            watched.restart(self.targets()).await;
            watched = watched.anew();
        }
        let before = met.server().map_or(0, |server| server.count(&Method::POST));
        let (ended, fate) = watched.restart(self.targets()).await;
        let ended = ended.unwrap_or_else(|| panic!("{}: {fate}", self.seen));
        self.check_count(&met, &Method::POST, before + ended.sent);
        (ended, fate)
    }

    /// How a query for jobs ends.
    pub(super) async fn query(&self) -> Ended {
        let met = self.trouble.meet(Method::GET).await;
        let mut watched = Watched::new(&met);
        if matches!(self.trouble, Trouble::NoTurn) {
            watched.list_jobs().await;
            watched = watched.anew();
        }
        let before = met.server().map_or(0, |server| server.count(&Method::GET));
        let ended = watched.list_jobs().await;
        let ended = ended.unwrap_or_else(|| panic!("{}: it ended well", self.seen));
        self.check_count(&met, &Method::GET, before + ended.sent);
        ended
    }

    /// The server counts what the client counts.
    fn check_count(&self, met: &Met, method: &Method, expected: usize) {
        if let Some(server) = met.server() {
            assert_eq!(server.count(method), expected, "{}", self.seen);
        }
    }
}

pub(super) fn builder(clock: &JumpingClock) -> ClientBuilder {
    Client::builder()
        .project("0123456789abcdef0123456789abcdef")
        .credentials(Credentials::access_key("AK", "SK"))
        .clock(clock.clone())
        .attempts(ATTEMPTS)
        .seed(7)
}

/// A clock that jumps over every wait, and keeps them.
#[derive(Clone)]
pub(crate) struct JumpingClock {
    clock: SimClock,
    waits: Arc<Mutex<Vec<Duration>>>,
    on_wait: Arc<dyn Fn() + Send + Sync>,
}

impl JumpingClock {
    pub(super) fn new(clock: SimClock, on_wait: impl Fn() + Send + Sync + 'static) -> Self {
        Self { clock, waits: Arc::default(), on_wait: Arc::new(on_wait) }
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
            this.waits.lock().unwrap().push(duration);
            (this.on_wait)();
            this.clock.advance(duration);
        })
    }
}
