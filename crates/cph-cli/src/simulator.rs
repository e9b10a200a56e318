//! The embedded simulator: client and simulation share one clock, so that waiting is short and nothing drifts.

use std::{
    fs::File,
    future::Future,
    path::Path,
    pin::Pin,
    time::{Duration, SystemTime},
};

use cph::{ClientBuilder, Clock, Credentials};
use cph_sim::{Fleet, SimClock, Simulator, SimulatorBuilder};

use crate::exit::Failure;

/// How much faster than ours the time of an embedded simulation runs.
const SPEED: f64 = 60.0;

/// Points a client at a simulator of its own.
pub(crate) fn attach(
    builder: ClientBuilder,
    phones: usize,
    fleet: Option<&Path>,
) -> Result<(ClientBuilder, SharedClock), Failure> {
    let sim = populate(Simulator::builder(), phones, fleet)?
        .clock(SimClock::scaled(SPEED))
        .build()
        .map_err(|error| Failure::usage(format!("the simulator cannot be set up: {error}")))?;
    let clock = SharedClock(sim.clock().clone());
    let builder = builder
        .region(sim.region())
        .endpoint(sim.endpoint())
        .project(sim.project())
        .credentials(Credentials::access_key(sim.access_key(), sim.secret_key()))
        .clock(clock.clone())
        .seed(sim.seed())
        .transport(move |request| sim.call(request));
    Ok((builder, clock))
}

/// The phones of `fleet` if there is one, otherwise so many.
pub(crate) fn populate(
    builder: SimulatorBuilder,
    phones: usize,
    fleet: Option<&Path>,
) -> Result<SimulatorBuilder, Failure> {
    let Some(path) = fleet else { return Ok(builder.phones(phones)) };
    let unusable =
        |problem: &dyn std::fmt::Display| Failure::usage(format!("{}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| unusable(&error))?;
    Ok(builder.fleet(Fleet::from_csv(file).map_err(|error| unusable(&error))?))
}

/// The simulator's clock as the client's.
#[derive(Debug, Clone)]
pub(crate) struct SharedClock(SimClock);

impl Clock for SharedClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let clock = self.0.clone();
        Box::pin(async move { clock.sleep(duration).await })
    }
}
