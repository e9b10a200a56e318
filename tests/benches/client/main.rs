//! What a call costs its client: `cph`, a hand-written client that does the same work over reqwest, a bare hyper
//! connection that sends bytes made beforehand, and if asked for the vendor's Python SDK. All call one server, a process
//! of its own.
//!
//! `cargo xtask bench client` runs it. Every client gets the same calls, round by round in turn.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it has measured")]

mod bare;
mod by_hand;
#[path = "../floor/mod.rs"]
mod floor;
mod official;
mod ours;
mod table;

use std::{
    error::Error,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use cph_sim::Simulator;
use procfs::process::Process;

use self::{
    bare::Bare,
    by_hand::ByHand,
    official::Official,
    ours::{By, Ours},
    table::Row,
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const PHONES_PER_CALL: usize = 100;
/// Every new connection takes a port for a minute: all rounds together must not use them up.
const CALLS_PER_ROUND: u32 = 500;
const ROUNDS: usize = 11;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Ask {
    /// 100 phones to restart.
    Restart,
    /// The jobs of 20 request ids.
    Jobs,
}

/// Over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Over {
    NewConnections,
    OneConnection,
}

/// Where the service is, and what it has to be told.
struct Place {
    /// Host and port.
    address: String,
    project: String,
    access_key: String,
    secret_key: String,
    token: String,
    phones: Vec<String>,
    request_ids: Vec<String>,
}

impl Place {
    fn of(simulator: &Simulator, address: String) -> Self {
        Self {
            address,
            project: simulator.project().to_owned(),
            access_key: simulator.access_key().to_owned(),
            secret_key: simulator.secret_key().to_owned(),
            token: simulator.token().to_owned(),
            phones: phones(simulator),
            request_ids: (0..floor::JOBS_LISTED).map(|id| format!("{id:032x}")).collect(),
        }
    }
}

fn phones(simulator: &Simulator) -> Vec<String> {
    simulator.phones().iter().map(ToString::to_string).collect()
}

enum Client {
    Ours(Ours),
    ByHand(ByHand),
    Bare(Bare),
    Official(Official),
}

impl Client {
    async fn call(&mut self, ask: Ask) -> Outcome<()> {
        match self {
            Self::Ours(client) => client.call(ask).await,
            Self::ByHand(client) => client.call(ask).await,
            Self::Bare(client) => client.call(ask).await,
            Self::Official(client) => client.calls(ask, 1).map(drop),
        }
    }

    /// Calls so often, and returns what a call took of the processor.
    async fn calls(&mut self, ask: Ask, calls: u32) -> Outcome<Duration> {
        if let Self::Official(client) = self {
            return client.calls(ask, calls);
        }
        let before = cpu_so_far()?;
        for _ in 0..calls {
            self.call(ask).await?;
        }
        Ok(cpu_so_far()?.saturating_sub(before) / calls)
    }
}

/// The time that this process's only busy thread has had, in user and system.
fn cpu_so_far() -> Outcome<Duration> {
    Ok(Duration::from_nanos(Process::myself()?.schedstat()?.sum_exec_runtime))
}

/// The clients, those together that do the same.
fn clients(place: &Place, sdk: Option<&Path>) -> Outcome<Vec<(Row, Client)>> {
    use Ask::{Jobs, Restart};
    use Over::{NewConnections, OneConnection};
    let mut clients = vec![
        // Its restarts connect anew on purpose: an old connection might lose them.
        (Row::new(Restart, NewConnections, "cph, a run"), Client::Ours(Ours::new(place, By::Run)?)),
        (
            Row::new(Restart, NewConnections, "cph, a call"),
            Client::Ours(Ours::new(place, By::Call)?),
        ),
        (Row::new(Jobs, OneConnection, "cph"), Client::Ours(Ours::new(place, By::Call)?)),
    ];
    for (ask, over) in [(Restart, NewConnections), (Restart, OneConnection), (Jobs, OneConnection)]
    {
        let by_hand = Client::ByHand(ByHand::new(place, over)?);
        clients.push((Row::new(ask, over, table::MEASURE), by_hand));
        clients.push((Row::new(ask, over, "hyper"), Client::Bare(Bare::new(place, over))));
        if let (Some(python), OneConnection) = (sdk, over) {
            let official = Client::Official(Official::start(place, python)?);
            clients.push((Row::new(ask, over, "Python SDK"), official));
        }
    }
    clients.sort_by_key(|(row, _)| (row.ask, row.over));
    Ok(clients)
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut json, mut sdk) = (false, None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let simulator = Simulator::builder().phones(PHONES_PER_CALL).seed(5).speed(1e6).build()?;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "serve" => return runtime.block_on(floor::serve(&phones(&simulator))),
            "--json" => json = true,
            "--sdk" => sdk = arguments.next().map(PathBuf::from),
            _ => return Err("run it by `cargo xtask bench client`".into()),
        }
    }
    let rows = runtime.block_on(measure(&simulator, sdk.as_deref()))?;
    println!("{}", if json { table::json(&rows)? } else { table::text(&rows)? });
    Ok(())
}

async fn measure(simulator: &Simulator, sdk: Option<&Path>) -> Outcome<Vec<Row>> {
    // The simulator, which checks everything, signatures too, takes what the clients send.
    let serving = simulator.start().await?;
    for (row, mut client) in clients(&Place::of(simulator, serving.address().to_string()), None)? {
        if row.ask == Ask::Restart {
            client.call(row.ask).await.map_err(|error| format!("{}: {error}", row.client))?;
        }
    }
    drop(serving);

    let floor = Floor::start()?;
    let mut clients = clients(&Place::of(simulator, floor.address.clone()), sdk)?;
    for round in 0..=ROUNDS {
        for (row, client) in &mut clients {
            let cpu = client
                .calls(row.ask, CALLS_PER_ROUND)
                .await
                .map_err(|error| format!("{}: {error}", row.client))?;
            // The first round warms everything up.
            if round > 0 {
                row.cpu.push(cpu);
            }
        }
    }
    Ok(clients.into_iter().map(|(row, _)| row).collect())
}

/// The server, in a process of its own.
struct Floor {
    process: Child,
    address: String,
}

impl Floor {
    fn start() -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = command.arg("serve").stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().ok_or("no standard output")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self { process, address: address.trim_end().to_owned() })
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
