//! `cph sim serve`.

use std::path::Path;

use cph_sim::{Fault, SimClock, Simulator};
use tokio::net::TcpListener;

use super::phones;
use crate::{
    Console, Exit,
    args::{Global, Serve},
    env,
    exit::Failure,
    settings::{DEFAULT_PHONES, Settings},
    signals::Signals,
    simulator::populate,
};

pub(super) async fn serve(
    args: Serve,
    global: &Global,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut problems = Vec::new();
    if global.sim.is_some() {
        problems.push("`cph sim serve` is the simulator: leave --sim out".to_owned());
    }
    for (flag, given) in [
        ("--region", global.region.is_some()),
        ("--project", global.project.is_some()),
        ("--endpoint", global.endpoint.is_some()),
        ("--format", global.format.is_some()),
    ] {
        if given {
            problems.push(format!("{flag} means nothing to `cph sim serve`: leave it out"));
        }
    }
    if global.fleet.is_some() && args.servers.is_some() {
        problems.push("--fleet says which servers there are: leave --servers out".to_owned());
    }
    if !problems.is_empty() {
        return Err(Failure::Usage(problems));
    }
    let size = args.phones.unwrap_or(DEFAULT_PHONES);
    let mut builder = populate(Simulator::builder(), size, global.fleet.as_deref())?
        .seed(args.seed)
        .speed(args.speed)
        .clock(SimClock::scaled(1.0));
    if let Some(servers) = args.servers {
        builder = builder.servers(servers);
    }
    for fault in args.faults.as_deref().map(faults).transpose()?.unwrap_or_default() {
        builder = builder.fault(fault);
    }
    let sim = builder.build().map_err(|error| Failure::usage(error.to_string()))?;
    let mut signals = Signals::listen()?;
    let cannot = |error| Failure::usage(format!("port {} cannot be served on: {error}", args.port));
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.map_err(cannot)?;
    let serving = sim.serve(listener).map_err(cannot)?;

    for (name, value) in [
        (env::ENDPOINT, serving.endpoint().as_str()),
        (env::REGION, sim.region()),
        (env::PROJECT, sim.project()),
        (env::ACCESS_KEY, sim.access_key()),
        (env::SECRET_KEY, sim.secret_key()),
    ] {
        writeln!(console.out, "export {name}={value}")?;
    }
    console.out.flush()?;
    if !settings.quiet {
        console.note(format_args!(
            "simulating {} at {} with seed {}; Ctrl-C ends it",
            phones(sim.phones().len()),
            serving.endpoint(),
            sim.seed()
        ));
    }
    signals.next().await;
    Ok(Exit::Done)
}

/// Rules for what goes wrong.
fn faults(path: &Path) -> Result<Vec<Fault>, Failure> {
    let unusable =
        |problem: &dyn std::fmt::Display| Failure::usage(format!("{}: {problem}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unusable(&error))?;
    Fault::from_toml(&text).map_err(|error| unusable(&error))
}
