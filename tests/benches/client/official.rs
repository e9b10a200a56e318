//! The vendor's Python SDK, in a process of its own that measures itself.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::json;

use crate::{Ask, Outcome, Place};

pub(crate) struct Official {
    process: Child,
    tell: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
}

impl Official {
    pub(crate) fn start(place: &Place, python: &Path) -> Outcome<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/client/official.py");
        let setting = json!({
            "endpoint": format!("http://{}", place.address),
            "project": place.project,
            "access_key": place.access_key,
            "secret_key": place.secret_key,
            "phones": place.phones,
            "request_ids": place.request_ids,
        });
        let mut process = Command::new(python)
            .args(["-B", "-s", "-E", script])
            .arg(setting.to_string())
            // It obeys proxies and variables of its own.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let tell = process.stdin.take().ok_or("no standard input")?;
        let told = process.stdout.take().ok_or("no standard output")?;
        Ok(Self { process, tell, told: BufReader::new(told).lines() })
    }

    pub(crate) fn calls(&mut self, ask: Ask, calls: u32) -> Outcome<Duration> {
        writeln!(self.tell, "{}", json!({ "ask": ask, "calls": calls }))?;
        let nanoseconds = self.told.next().ok_or("it has ended")??;
        Ok(Duration::from_nanos(nanoseconds.parse()?) / calls)
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
