//! The simulator as its users see it.

use std::{
    collections::HashMap,
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use cph_core::{EncodeServerFilter, EncodeServerId, PhoneId, PhoneStatus, ServerId, ServerStatus};
use http::{Request, Response, request::Parts};
use tokio::net::TcpListener;

use crate::{
    Assumptions, Fault, FaultError, FaultState, Fleet, JournalEntry, Ledger, Serving, SimClock,
    bandwidths::Bandwidths,
    control,
    data::Exports,
    encode_servers::EncodeServers,
    events::{self, Event},
    faults::Faults,
    gateway,
    identity::{Account, REGION, Sessions, TemporaryKeys},
    images::Images,
    jobs::Jobs,
    ledger::Deeds,
    load::Load,
    pending::Pending,
    phones::Phones,
    reply::Reply,
    server,
    servers::Servers,
    tags::Tags,
    throttle::Throttle,
};

/// Phones per server, where nobody says how many servers there are.
const PHONES_PER_SERVER: usize = 60;

/// Stands in for the service: a fleet of phones, their jobs, and the API in front of them.
///
/// Clones share one simulation. See the [crate] for an example.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

/// What never changes, and the state behind a lock that is never held while waiting.
pub(crate) struct Inner {
    pub(crate) seed: u64,
    /// By how much jobs are faster than the service's.
    pub(crate) speed: f64,
    pub(crate) clock: SimClock,
    pub(crate) account: Account,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) assumptions: Arc<Assumptions>,
    pub(crate) phones: Phones,
    pub(crate) servers: Servers,
    pub(crate) encode_servers: EncodeServers,
    pub(crate) bandwidths: Bandwidths,
    pub(crate) jobs: Jobs,
    pub(crate) load: Load,
    /// What jobs under way are going to change.
    pub(crate) pending: Pending,
    /// What was exported from phones.
    pub(crate) exports: Exports,
    pub(crate) faults: Faults,
    pub(crate) ledger: Deeds,
    pub(crate) journal: Vec<JournalEntry>,
    pub(crate) images: Images,
    pub(crate) tags: Tags,
    pub(crate) events: Vec<Event>,
    pub(crate) sessions: Sessions,
    pub(crate) throttle: Throttle,
    /// How often each operation was called.
    pub(crate) calls: HashMap<String, u64>,
}

impl Inner {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic in one test must not hide behind a second one.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(self.clock.now());
        state
    }
}

/// Sets a [`Simulator`] up.
#[derive(Debug, Clone, Default)]
pub struct SimulatorBuilder {
    phones: usize,
    fleet: Option<Fleet>,
    servers: Option<usize>,
    projects: Option<usize>,
    seed: u64,
    speed: Option<f64>,
    clock: Option<SimClock>,
    faults: Vec<Fault>,
    assumptions: Assumptions,
}

/// A simulator that cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A fault rule cannot be followed.
    #[error("fault {number}: {source}")]
    Fault {
        /// Which rule it is; the first is 1.
        number: usize,
        /// What is wrong with it.
        source: FaultError,
    },
    /// A successful POST answers 200 or 201.
    #[error("a successful POST answers 200 or 201, not {0}")]
    PostStatus(u16),
    /// Jobs that never move would never end.
    #[error("the speed must be a positive number, not {0}")]
    Speed(f64),
    /// Phones need a server.
    #[error("there must be at least one server")]
    NoServer,
}

impl SimulatorBuilder {
    /// So many running phones, with ids from the seed; none by default.
    #[must_use]
    pub fn phones(self, phones: usize) -> Self {
        Self { phones, ..self }
    }

    /// These phones, instead of a number of them.
    #[must_use]
    pub fn fleet(self, fleet: Fleet) -> Self {
        Self { fleet: Some(fleet), ..self }
    }

    /// Over how many servers the phones are spread; one for every 60 phones by default.
    #[must_use]
    pub fn servers(self, servers: usize) -> Self {
        Self { servers: Some(servers), ..self }
    }

    /// How many projects IAM finds for the region; 1 by default. The phones are in the first, even where IAM finds none.
    #[must_use]
    pub fn projects(self, projects: usize) -> Self {
        Self { projects: Some(projects), ..self }
    }

    /// What all chance follows from; 0 by default. The same seed and calls give the same bytes.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Jobs end so many times as fast as the service's; 1 by default. The clock is not touched, so signatures stay good.
    #[must_use]
    pub fn speed(self, speed: f64) -> Self {
        Self { speed: Some(speed), ..self }
    }

    /// The clock; by default one that runs as fast as ours.
    #[must_use]
    pub fn clock(self, clock: SimClock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// One more fault rule.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// How the simulator behaves where no page says how the service does.
    #[must_use]
    pub fn assume(self, assumptions: Assumptions) -> Self {
        Self { assumptions, ..self }
    }

    /// Checks everything and starts the simulation.
    pub fn build(self) -> Result<Simulator, BuildError> {
        let clock = self.clock.unwrap_or_else(|| SimClock::scaled(1.0));
        let now = clock.now();
        let mut faults = Faults::default();
        for (index, fault) in self.faults.into_iter().enumerate() {
            let number = index + 1;
            faults.add(fault, now).map_err(|source| BuildError::Fault { number, source })?;
        }
        check(&self.assumptions)?;
        let pace = self.speed.unwrap_or(1.0);
        if !pace.is_finite() || pace <= 0.0 {
            return Err(BuildError::Speed(pace));
        }
        let seed = self.seed;
        let fleet = self.fleet.unwrap_or_else(|| Fleet::of_size(self.phones, seed));
        let asked = self.servers;
        let servers = asked.unwrap_or_else(|| fleet.len().div_ceil(PHONES_PER_SERVER).max(1));
        if servers == 0 {
            return Err(BuildError::NoServer);
        }
        let account = Account::new(seed, self.projects.unwrap_or(1));
        let phones = Phones::new(fleet.0, servers, seed, now);
        let servers = Servers::new(&phones, asked, seed, now);
        let mut state = State {
            assumptions: Arc::new(self.assumptions),
            encode_servers: EncodeServers::new(&servers, seed),
            bandwidths: Bandwidths::new(&servers, seed, now),
            images: Images::new(&phones, &account.project, seed, now),
            tags: Tags::new(),
            events: events::events(&servers, pace, seed, now),
            phones,
            servers,
            jobs: Jobs::default(),
            load: Load::default(),
            pending: Pending::default(),
            exports: Exports::default(),
            faults,
            ledger: Deeds::default(),
            journal: Vec::new(),
            sessions: Sessions::new(seed),
            throttle: Throttle::default(),
            calls: HashMap::new(),
        };
        state.plan_events();
        Ok(Simulator(Arc::new(Inner {
            seed,
            speed: pace,
            clock,
            account,
            state: Mutex::new(state),
        })))
    }
}

/// Refuses switches in positions that they do not have.
fn check(assumptions: &Assumptions) -> Result<(), BuildError> {
    match assumptions.post_status {
        200 | 201 => Ok(()),
        status => Err(BuildError::PostStatus(status)),
    }
}

impl Simulator {
    /// Begins to set a simulator up.
    pub fn builder() -> SimulatorBuilder {
        SimulatorBuilder::default()
    }

    /// Answers one request, without a socket.
    ///
    /// A client that takes any function as its transport can be given this one. An `Err` is what a broken connection
    /// looks like.
    ///
    /// Without a fault that delays it the call is done when the future is first polled; a delayed call is done even if
    /// the future is dropped, just as a service does not notice that its caller has given up. Delays and stalls need a
    /// tokio runtime.
    pub fn call(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, io::Error>> + Send + 'static + use<> {
        let (reply, clock) = (self.reply(request), self.clock().clone());
        async move {
            match reply.await {
                Reply::Whole(response) => Ok(response),
                Reply::Stalled(response, silence) => {
                    clock.sleep(silence).await;
                    Ok(response)
                }
                Reply::CutOff(_) => Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the connection ended in the middle of the answer",
                )),
                Reply::Nothing(kind) => Err(kind.into()),
                Reply::Events(response) => Ok(response.map(|events| events.first())),
            }
        }
    }

    pub(crate) fn reply(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Reply> + Send + 'static + use<> {
        let sim = self.clone();
        async move {
            match control::answer(&sim, &request) {
                Some(reply) => reply.dated(sim.clock().now()),
                None => gateway::answer(sim.0, request).await,
            }
        }
    }

    pub(crate) fn refuse_body(&self, parts: &Parts) -> Reply {
        gateway::refuse_body(&self.0, parts)
    }

    /// Serves on a free port of this machine until the returned value is dropped.
    pub async fn start(&self) -> io::Result<Serving> {
        self.serve(TcpListener::bind("127.0.0.1:0").await?)
    }

    /// Serves on this listener until the returned value is dropped.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime.
    pub fn serve(&self, listener: TcpListener) -> io::Result<Serving> {
        server::serve(self.clone(), listener)
    }

    /// A base URL for [`call`](Self::call), which looks at paths only. [`start`](Self::start) gives a real one.
    pub fn endpoint(&self) -> &'static str {
        "http://localhost"
    }

    /// The project of the phones.
    pub fn project(&self) -> &str {
        &self.0.account.project
    }

    /// The region that it pretends to be in.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// The only permanent access key.
    pub fn access_key(&self) -> &str {
        &self.0.account.access_key
    }

    /// The secret key that belongs to the access key.
    pub fn secret_key(&self) -> &str {
        &self.0.account.secret_key
    }

    /// A token of the project, which is taken instead of a signature and never expires.
    pub fn token(&self) -> &str {
        &self.0.account.token
    }

    /// The keys that the metadata service hands out at this time.
    pub fn temporary_keys(&self) -> TemporaryKeys {
        self.0.state().sessions.keys.of_metadata(self.0.clock.now())
    }

    /// The only user, who can ask IAM for tokens.
    pub fn user_name(&self) -> &str {
        &self.0.account.user.name
    }

    /// The password of the user.
    pub fn password(&self) -> &str {
        &self.0.account.password
    }

    /// The account that the user belongs to.
    pub fn domain_name(&self) -> &str {
        &self.0.account.domain.name
    }

    /// What all chance follows from.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// The time that it lives in.
    pub fn clock(&self) -> &SimClock {
        &self.0.clock
    }

    /// How it behaves where no page says how the service does.
    pub fn assumptions(&self) -> Assumptions {
        (*self.0.state().assumptions).clone()
    }

    /// Has later calls answered by other assumptions.
    pub fn assume(&self, assumptions: Assumptions) -> Result<(), BuildError> {
        check(&assumptions)?;
        self.0.state().assumptions = Arc::new(assumptions);
        Ok(())
    }

    /// The ids of the phones, in the order of the fleet.
    #[expect(clippy::missing_panics_doc, reason = "every fleet was checked")]
    pub fn phones(&self) -> Vec<PhoneId> {
        let id = |phone: &crate::phones::Phone| phone.id.parse().expect("a hexadecimal id");
        self.0.state().phones.iter().map(id).collect()
    }

    /// The present status of a phone; `None` if there is no such phone.
    pub fn phone_status(&self, phone_id: impl AsRef<str>) -> Option<PhoneStatus> {
        let now = self.0.clock.now();
        self.0.state().phones.get(phone_id.as_ref()).map(|phone| phone.status(now))
    }

    /// Puts a phone into a status, whatever it is doing; returns whether there is such a phone.
    pub fn set_phone_status(&self, phone_id: impl AsRef<str>, status: PhoneStatus) -> bool {
        let now = self.0.clock.now();
        let mut state = self.0.state();
        let phone = state.phones.get_mut(phone_id.as_ref());
        phone.map(|phone| phone.set_status(status, now)).is_some()
    }

    /// The ids of the servers, the oldest first.
    #[expect(clippy::missing_panics_doc, reason = "every fleet was checked")]
    pub fn servers(&self) -> Vec<ServerId> {
        let id = |server: &crate::servers::Server| server.id.parse().expect("a hexadecimal id");
        self.0.state().servers.iter().map(id).collect()
    }

    /// The present status of a server; `None` if there is no such server.
    pub fn server_status(&self, server_id: impl AsRef<str>) -> Option<ServerStatus> {
        self.0.state().servers.get(server_id.as_ref()).map(crate::servers::Server::status)
    }

    /// Puts a server into a status, whatever it is doing; returns whether there is such a server.
    pub fn set_server_status(&self, server_id: impl AsRef<str>, status: ServerStatus) -> bool {
        let now = self.0.clock.now();
        let mut state = self.0.state();
        let server = state.servers.get_mut(server_id.as_ref());
        server.map(|server| server.set_status(status, now)).is_some()
    }

    /// The ids of the encoding services, the oldest first.
    #[expect(clippy::missing_panics_doc, reason = "every id is made here")]
    pub fn encode_servers(&self) -> Vec<EncodeServerId> {
        let state = self.0.state();
        let ids = state.encode_servers.iter().map(|found| found.id.parse());
        ids.map(|id| id.expect("a hexadecimal id")).collect()
    }

    /// Puts an encoding service into a state, as filters name it; returns whether there is such a service.
    pub fn set_encode_server_status(
        &self,
        encode_server_id: impl AsRef<str>,
        status: EncodeServerFilter,
    ) -> bool {
        let mut state = self.0.state();
        let found = state.encode_servers.get_mut(encode_server_id.as_ref());
        found.map(|found| found.set_status(status)).is_some()
    }

    /// What each phone was really made to do.
    pub fn ledger(&self) -> Ledger {
        self.0.state().ledger.read()
    }

    /// The calls that came in, the oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.0.state().journal.clone()
    }

    /// The fault rules, how often each struck and how often it still will.
    pub fn faults(&self) -> Vec<FaultState> {
        self.0.state().faults.states()
    }

    /// The fault rules that never struck.
    pub fn unused_faults(&self) -> Vec<Fault> {
        self.0.state().faults.unused()
    }

    /// Demands that every fault rule struck: a rule that no call met tests nothing.
    ///
    /// # Panics
    ///
    /// If one never struck. The message shows each as TOML, with the conditions that the calls failed by.
    #[track_caller]
    pub fn assert_faults_used(&self) {
        let report = self.0.state().faults.report();
        assert!(report.is_empty(), "these faults never struck:\n\n{report}");
    }

    /// Adds a fault rule.
    pub fn inject(&self, fault: Fault) -> Result<(), FaultError> {
        self.0.state().faults.add(fault, self.0.clock.now())
    }

    /// Removes every fault rule, used or not; calls go on being counted.
    pub fn clear_faults(&self) {
        self.0.state().faults.clear();
    }

    /// What in its state contradicts itself. Anything at all is a bug of the simulator: its own tests look here.
    pub fn contradictions(&self) -> Vec<String> {
        let now = self.0.clock.now();
        self.0.state().contradictions(now)
    }

    pub(crate) fn with_state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.state())
    }
}

impl fmt::Debug for Simulator {
    /// Shows no keys and nothing of the phones: their properties are personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("seed", &self.seed())
            .field("clock", self.clock())
            .finish_non_exhaustive()
    }
}
