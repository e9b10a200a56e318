//! The simulator under load beside Prism, which answers examples of the same document, and a floor: a server that reads
//! nothing and answers bytes made beforehand.
//!
//! `cargo xtask bench simulator` runs it. Every server is a process of its own, all get the same restarts of 100 phones,
//! round by round in turn.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it has measured")]

use std::{
    error::Error,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use cph_sim::{Assumptions, Simulator};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use procfs::{WithCurrentSystemInfo, process::Process};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};

mod floor;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const PHONES: usize = 100_000;
const PHONES_PER_CALL: usize = 100;
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);

fn main() -> Outcome<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match words[..] {
        ["serve", "simulator"] => runtime.block_on(serve_simulator()),
        ["serve", "floor"] => {
            runtime.block_on(floor::serve(&vec!["0".repeat(32); PHONES_PER_CALL]))
        }
        ["--prism", prism, "--document", document] => {
            runtime.block_on(measure(&PathBuf::from(prism), document))
        }
        _ => Err("run it by `cargo xtask bench simulator`".into()),
    }
}

/// The same on both sides, so that the load knows ids, project and token.
fn simulator() -> Outcome<Simulator> {
    let assumptions = Assumptions { calls_per_second: 0, ..Assumptions::default() };
    // Jobs end at once: a phone that still restarts would only be refused.
    let builder = Simulator::builder().phones(PHONES).seed(7).speed(1e6).assume(assumptions);
    Ok(builder.build()?)
}

async fn serve_simulator() -> Outcome<()> {
    let serving = simulator()?.start().await?;
    println!("{}", serving.address());
    std::future::pending().await
}

/// A server under load, and what it took.
struct Server {
    name: &'static str,
    process: Child,
    address: String,
    started_in: Duration,
    /// Bytes in memory before the load.
    memory_at_start: u64,
    calls_per_second: Vec<f64>,
    cpu: Duration,
    calls: usize,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts it; `address_in` finds its address in a line that it prints.
    fn start(
        name: &'static str,
        command: &mut Command,
        address_in: impl Fn(&str) -> Option<String>,
    ) -> Outcome<Self> {
        let begun = Instant::now();
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdout = process.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
        let started_in = begun.elapsed();
        // What it goes on to print must not fill the pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = address.ok_or_else(|| format!("{name} did not start"))?;
        let mut server = Self {
            name,
            process,
            address,
            started_in,
            memory_at_start: 0,
            calls_per_second: Vec::new(),
            cpu: Duration::ZERO,
            calls: 0,
        };
        server.memory_at_start = server.memory()?;
        Ok(server)
    }

    fn stat(&self) -> Outcome<procfs::process::Stat> {
        Ok(Process::new(self.process.id().cast_signed())?.stat()?)
    }

    fn memory(&self) -> Outcome<u64> {
        Ok(self.stat()?.rss_bytes().get())
    }

    fn cpu_so_far(&self) -> Outcome<Duration> {
        let stat = self.stat()?;
        #[expect(clippy::cast_precision_loss, reason = "years of ticks fit")]
        let seconds = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
        Ok(Duration::from_secs_f64(seconds))
    }

    async fn round(&mut self, load: &Arc<Load>, counted: bool) -> Outcome<()> {
        let before = self.cpu_so_far()?;
        let begun = Instant::now();
        let connections = (0..CONNECTIONS)
            .map(|_| tokio::spawn(Arc::clone(load).until(self.address.clone(), begun + ROUND)));
        let mut calls = 0;
        for connection in connections.collect::<Vec<_>>() {
            calls += connection.await??;
        }
        if counted {
            #[expect(clippy::cast_precision_loss, reason = "a few million calls")]
            self.calls_per_second.push(calls as f64 / begun.elapsed().as_secs_f64());
            self.cpu += self.cpu_so_far()?.saturating_sub(before);
            self.calls += calls;
        }
        Ok(())
    }

    fn row(&mut self, floor: Duration) -> Outcome<String> {
        self.calls_per_second.sort_by(f64::total_cmp);
        let rates = &self.calls_per_second;
        let (least, median, most) = (rates[0], rates[rates.len() / 2], rates[rates.len() - 1]);
        let cpu = self.cpu_per_call();
        Ok(format!(
            "| {} | {:.2} s | {} MiB | {median:.0} ({least:.0} to {most:.0}) | {} us | {:.1} | {} MiB |",
            self.name,
            self.started_in.as_secs_f64(),
            self.memory_at_start >> 20,
            cpu.as_micros(),
            cpu.as_secs_f64() / floor.as_secs_f64(),
            self.memory()? >> 20,
        ))
    }

    fn cpu_per_call(&self) -> Duration {
        self.cpu.div_f64(u32::try_from(self.calls).map_or(f64::INFINITY, f64::from))
    }
}

/// Restarts of 100 phones each, going round the fleet.
struct Load {
    path: String,
    token: String,
    bodies: Vec<Bytes>,
    next: AtomicUsize,
}

impl Load {
    fn of(simulator: &Simulator) -> Self {
        let body = |phones: &[cph_core::PhoneId]| {
            let phones: Vec<_> = phones.iter().map(|id| json!({ "phone_id": id })).collect();
            Bytes::from(json!({ "phones": phones }).to_string())
        };
        Self {
            path: format!("/v1/{}/cloud-phone/phones/batch-restart", simulator.project()),
            token: simulator.token().to_owned(),
            bodies: simulator.phones().chunks(PHONES_PER_CALL).map(body).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// Calls over one connection until then, and returns how often.
    async fn until(self: Arc<Self>, address: String, end: Instant) -> Outcome<usize> {
        let stream = TcpStream::connect(&address).await?;
        stream.set_nodelay(true)?;
        let (mut connection, driver) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(driver);
        let mut calls = 0;
        while Instant::now() < end {
            self.call(&mut connection, &address).await?;
            calls += 1;
        }
        drop(connection);
        driver.await??;
        Ok(calls)
    }

    async fn call(&self, connection: &mut SendRequest<Full<Bytes>>, address: &str) -> Outcome<()> {
        let body = &self.bodies[self.next.fetch_add(1, Ordering::Relaxed) % self.bodies.len()];
        let request = Request::post(&self.path)
            .header("host", address)
            .header("content-type", "application/json")
            .header("x-auth-token", &self.token)
            .body(Full::new(body.clone()))?;
        let response = connection.send_request(request).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(())
    }
}

async fn measure(prism: &PathBuf, document: &str) -> Outcome<()> {
    let load = Arc::new(Load::of(&simulator()?));
    let this = std::env::current_exe()?;
    let ours = |name, word| {
        Server::start(name, Command::new(&this).args(["serve", word]), |line| Some(line.to_owned()))
    };
    let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port().to_string();
    let mut command = Command::new(prism);
    command.args(["mock", "--multiprocess", "false", "--port", &port, document]);
    let address = format!("127.0.0.1:{port}");
    let prism = Server::start("Prism", &mut command, |line| {
        line.contains("is listening").then(|| address.clone())
    })?;
    let mut servers = [ours("floor", "floor")?, ours("simulator", "simulator")?, prism];
    for round in 0..=ROUNDS {
        for server in &mut servers {
            // The first round warms everything up.
            server
                .round(&load, round > 0)
                .await
                .map_err(|error| format!("{}: {error}", server.name))?;
        }
    }
    println!(
        "restarts of {PHONES_PER_CALL} phones each over {CONNECTIONS} connections; a fleet of {PHONES}; {ROUNDS} rounds of {} s in turn\n",
        ROUND.as_secs()
    );
    println!(
        "| server | start | memory | calls a second | CPU a call | to the floor | memory after |"
    );
    println!("|---|---|---|---|---|---|---|");
    let floor = servers[0].cpu_per_call();
    for server in &mut servers {
        println!("{}", server.row(floor)?);
    }
    Ok(())
}
