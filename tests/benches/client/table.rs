//! What was measured, for people and for programs.

use std::{fmt::Write as _, time::Duration};

use procfs::{Current as _, LoadAverage};
use serde::Serialize;
use serde_json::json;

use crate::{Ask, CALLS_PER_ROUND, Outcome, Over, PHONES_PER_CALL, ROUNDS, floor::JOBS_LISTED};

/// With whom the others are compared.
pub(crate) const MEASURE: &str = "reqwest";

/// A client making calls of one kind, and what a call took in each round.
pub(crate) struct Row {
    pub(crate) ask: Ask,
    pub(crate) over: Over,
    pub(crate) client: &'static str,
    pub(crate) cpu: Vec<Duration>,
}

impl Row {
    pub(crate) fn new(ask: Ask, over: Over, client: &'static str) -> Self {
        Self { ask, over, client, cpu: Vec::new() }
    }

    fn microseconds(&self) -> Spread {
        Spread::of(self.cpu.iter().map(|cpu| cpu.as_secs_f64() * 1e6))
    }

    /// Round by round, since the machine may be busier in one than in another.
    fn ratio(&self, rows: &[Self]) -> Option<Spread> {
        let is_beside =
            |row: &&Self| (row.ask, row.over, row.client) == (self.ask, self.over, MEASURE);
        let beside = &rows.iter().find(is_beside)?.cpu;
        let pairs = self.cpu.iter().zip(beside);
        Some(Spread::of(pairs.map(|(cpu, beside)| cpu.as_secs_f64() / beside.as_secs_f64())))
    }
}

#[derive(Serialize)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Self { median: values[values.len() / 2], least: values[0], most: values[values.len() - 1] }
    }
}

pub(crate) fn text(rows: &[Row]) -> Outcome<String> {
    let load = LoadAverage::current()?.one;
    let mut text = format!(
        "CPU of the client a call, user and system: median (least to most) of {ROUNDS} rounds of {CALLS_PER_ROUND} calls in turn;\n\
         restarts of {PHONES_PER_CALL} phones, questions for {JOBS_LISTED} jobs; load average {load}\n\n\
         | call | connection | client | CPU | to {MEASURE} |\n|---|---|---|---|---|\n"
    );
    for row in rows {
        let (ask, over) = match (row.ask, row.over) {
            (Ask::Restart, Over::NewConnections) => ("restart", "new"),
            (Ask::Restart, Over::OneConnection) => ("restart", "kept"),
            (Ask::Jobs, Over::NewConnections) => ("jobs", "new"),
            (Ask::Jobs, Over::OneConnection) => ("jobs", "kept"),
        };
        let Spread { median, least, most } = row.microseconds();
        write!(
            text,
            "| {ask} | {over} | {} | {median:.0} us ({least:.0} to {most:.0}) | ",
            row.client
        )?;
        match row.ratio(rows) {
            Some(Spread { median, least, most }) => {
                writeln!(text, "{median:.2} ({least:.2} to {most:.2}) |")?;
            }
            None => writeln!(text, "|")?,
        }
    }
    Ok(text)
}

pub(crate) fn json(rows: &[Row]) -> Outcome<String> {
    let row = |row: &Row| {
        json!({
            "call": row.ask,
            "connection": row.over,
            "client": row.client,
            "microseconds": row.microseconds(),
            "ratio": row.ratio(rows),
        })
    };
    Ok(serde_json::to_string_pretty(&json!({
        "rounds": ROUNDS,
        "calls_per_round": CALLS_PER_ROUND,
        "phones_per_call": PHONES_PER_CALL,
        "load_average": LoadAverage::current()?.one,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    }))?)
}
