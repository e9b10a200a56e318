//! A run of a hundred thousand phones does not fill the machine.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    thread::sleep,
    time::Duration,
};

use serde_json::json;

use crate::service::Service;

const PHONES: usize = 100_000;
const MAX_MIB: u64 = 192;

/// The most memory that the process has had so far, in KiB.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn a_hundred_thousand_phones_with_properties_take_less_than_192_mib() {
    let service = Service::start(PHONES, 1000.0);
    let (phones, file) = (service.path("phones.jsonl"), service.path("run.jsonl"));
    let mut out = BufWriter::new(File::create(&phones).unwrap());
    for (number, phone) in service.simulator.phones().iter().enumerate() {
        let line = json!({
            "phone_id": phone,
            "com.cph.mainkeys": 1,
            "ro.permission.changed": 1,
            "sys.prop.writephonenum": format!("136{number:08}"),
            "gsm.operator.numeric": "46000",
            "sys.prop.writewifissid": format!("hall_2_rack_{}", number % 400),
        });
        writeln!(out, "{line}").unwrap();
    }
    out.flush().unwrap();
    let (from, run) = (phones.to_str().unwrap(), file.to_str().unwrap());
    let restart = ["--format", "jsonl", "phone", "restart", "--from", from, "--run", run, "--yes"];
    let mut command = service.cph(&restart);
    let records = File::create(service.path("records.jsonl")).unwrap();
    command.args(["--max-down", "100%"]).stdout(records);
    let mut child = command.spawn().unwrap();
    let mut most = 0;
    let status = loop {
        most = most.max(peak(child.id()).unwrap_or(0));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => sleep(Duration::from_millis(20)),
        }
    };
    let errors = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!(status.code(), Some(0), "{errors}");
    assert_eq!(fs::read_to_string(service.path("records.jsonl")).unwrap().lines().count(), PHONES);
    assert!(most < MAX_MIB * 1024, "{} MiB", most / 1024);
}
