//! `cph sim serve`.

use std::{net::SocketAddr, path::Path};

use cph_sim::{Assumptions, Fault, SimClock, Simulator};
use serde_json::{Value, json};
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
        ("--wire-log", global.wire_log.is_some()),
    ] {
        if given {
            problems.push(format!("{flag} means nothing to `cph sim serve`: leave it out"));
        }
    }
    if global.fleet.is_some() && args.servers.is_some() {
        problems.push("--fleet says which servers there are: leave --servers out".to_owned());
    }
    let assumptions = assumptions(&args.assume, &mut problems);
    if !problems.is_empty() {
        return Err(Failure::Usage(problems));
    }
    let size = args.phones.unwrap_or(DEFAULT_PHONES);
    let mut builder = populate(Simulator::builder(), size, global.fleet.as_deref())?
        .seed(args.seed)
        .speed(args.speed)
        .assume(assumptions)
        .clock(SimClock::scaled(1.0));
    if let Some(servers) = args.servers {
        builder = builder.servers(servers);
    }
    for fault in args.faults.as_deref().map(faults).transpose()?.unwrap_or_default() {
        builder = builder.fault(fault);
    }
    let sim = builder.build().map_err(|error| Failure::usage(error.to_string()))?;
    let mut signals = Signals::listen()?;
    let address = SocketAddr::new(args.bind, args.port);
    let cannot = |error| Failure::usage(format!("{address} cannot be served on: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let serving = sim.serve(listener).map_err(cannot)?;

    for (name, value) in [
        (env::ENDPOINT, serving.endpoint().as_str()),
        (env::REGION, sim.region()),
        ("HUAWEICLOUD_SDK_PROJECT_ID", sim.project()),
        ("HUAWEICLOUD_SDK_AK", sim.access_key()),
        ("HUAWEICLOUD_SDK_SK", sim.secret_key()),
        // The vendor's SDKs find the service and IAM by these.
        ("HUAWEICLOUD_SDK_REGION_CPH_CN_NORTH_4", serving.endpoint().as_str()),
        ("HUAWEICLOUD_SDK_IAM_ENDPOINT", serving.endpoint().as_str()),
        // For programs that do not sign: the header X-Auth-Token.
        ("CPH_SIM_TOKEN", sim.token()),
        // For IAM, which gives a token for these.
        ("CPH_SIM_USER_NAME", sim.user_name()),
        ("CPH_SIM_PASSWORD", sim.password()),
        ("CPH_SIM_DOMAIN_NAME", sim.domain_name()),
    ] {
        writeln!(console.out, "export {name}={value}")?;
    }
    console.out.flush()?;
    if !settings.quiet {
        console.note(format_args!(
            "simulating {} with seed {}, to be watched at {}/; Ctrl-C ends it",
            phones(sim.phones().len()),
            sim.seed(),
            serving.endpoint()
        ));
    }
    if !args.bind.is_loopback() {
        console.note("warning: whoever reaches this machine can drive the simulation: no signature guards /_sim");
    }
    signals.next().await;
    Ok(Exit::Done)
}

/// The switches as they are given; what is no switch, or no position of one, is a problem.
fn assumptions(given: &[(String, String)], problems: &mut Vec<String>) -> Assumptions {
    let mut assumptions = Assumptions::default();
    for (name, value) in given {
        let mut switches = json!(assumptions);
        let Some(switch) = switches.get_mut(name) else {
            problems.push(format!("--assume {name}: {}", unknown(name, &switches)));
            continue;
        };
        *switch = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
        match serde_json::from_value(switches) {
            Ok(turned) => assumptions = turned,
            Err(error) => problems.push(format!("--assume {name}={value}: {error}")),
        }
    }
    assumptions
}

/// Says which switches there are: the nearest, or all.
fn unknown(name: &str, switches: &Value) -> String {
    let names: Vec<&str> =
        switches.as_object().into_iter().flat_map(|all| all.keys().map(String::as_str)).collect();
    let distance = |known: &str| strsim::damerau_levenshtein(&name.replace('-', "_"), known);
    let near = names.iter().copied().min_by_key(|known| distance(known));
    match near.filter(|known| distance(known) * 3 <= known.len()) {
        Some(near) => format!("no such assumption; did you mean {near}?"),
        None => format!("no such assumption; there are {}", names.join(", ")),
    }
}

/// Rules for what goes wrong.
fn faults(path: &Path) -> Result<Vec<Fault>, Failure> {
    let unusable =
        |problem: &dyn std::fmt::Display| Failure::usage(format!("{}: {problem}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unusable(&error))?;
    Fault::from_toml(&text).map_err(|error| unusable(&error))
}
