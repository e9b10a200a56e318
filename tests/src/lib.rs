//! What the suites share: clients of a simulator with its clock, and the evidence of what they have shown.

#![expect(clippy::missing_panics_doc, reason = "a test that cannot be set up has failed")]

pub mod canned;
pub mod evidence;
pub mod leaks;
pub mod scripted;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use cph::{Client, ClientBuilder, Clock, Credentials};
use cph_sim::{SimClock, Simulator};

/// The time at which every simulation starts.
pub fn start_of_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
}

/// A simulator's time, as a client's clock.
#[derive(Debug, Clone)]
pub struct SharedClock(pub SimClock);

impl Clock for SharedClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let clock = self.0.clone();
        Box::pin(async move { clock.sleep(duration).await })
    }
}

/// A clock over tokio's own time, which the test pauses: an hour passes in no time.
pub fn paused_clock() -> SimClock {
    SimClock::scaled_from(start_of_time(), 1.0)
}

/// A simulator of so many phones whose time stands still until it is moved.
pub fn stepped(phones: usize) -> Simulator {
    let clock = SimClock::stepped(start_of_time());
    let simulator = Simulator::builder().phones(phones).seed(7).clock(clock).build();
    simulator.expect("nothing about it can be wrong")
}

/// A client that calls the simulator in process and lives in its time.
pub fn in_process(simulator: &Simulator) -> ClientBuilder {
    let transport = simulator.clone();
    identity(simulator)
        .endpoint(simulator.endpoint())
        .clock(SharedClock(simulator.clock().clone()))
        .transport(move |request| transport.call(request))
}

/// A client that reaches the simulator over a socket at `endpoint`, with further `settings`. Its clock stands still until
/// nothing is on the wire and the client sleeps; then it jumps to the client's wake-up. The simulator needs a stepped clock.
pub fn over_socket(
    simulator: &Simulator,
    endpoint: String,
    settings: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Client {
    let clock = SteppingClock { clock: simulator.clock().clone(), client: Arc::default() };
    let builder = identity(simulator).endpoint(endpoint).clock(clock.clone());
    let client = settings(builder).build().expect("the simulator's own settings are valid");
    clock.client.get_or_init(|| client.clone());
    client
}

fn identity(simulator: &Simulator) -> ClientBuilder {
    Client::builder()
        .region(simulator.region())
        .project(simulator.project())
        .credentials(Credentials::access_key(simulator.access_key(), simulator.secret_key()))
        .seed(simulator.seed())
}

#[derive(Clone)]
struct SteppingClock {
    clock: SimClock,
    client: Arc<OnceLock<Client>>,
}

impl fmt::Debug for SteppingClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clock.fmt(f)
    }
}

impl Clock for SteppingClock {
    fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let this = self.clone();
        let until = self.now() + duration;
        Box::pin(async move {
            while this.client.get().is_some_and(|client| client.requests_in_flight() > 0) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            this.clock.advance(until.duration_since(this.now()).unwrap_or_default());
        })
    }
}
