//! Run files, counted.

use std::{collections::BTreeMap, path::PathBuf};

use cph::RecordedRun;
use serde_json::json;

use crate::{
    Console, Exit,
    commands::counted,
    exit::Failure,
    output::{Fields, Records},
    settings::Settings,
};

/// What targets are counted by.
type Value = fn(&Known) -> Option<&str>;

/// What is known of a target in the end.
struct Known {
    word: &'static str,
    code: Option<String>,
    server: Option<String>,
}

pub(super) fn report(
    files: &[PathBuf],
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut runs = Vec::with_capacity(files.len());
    for file in files {
        runs.push(RecordedRun::read(file).map_err(Failure::to("read the run file"))?);
    }
    runs.sort_by_key(|run| run.header().started());
    let mut known: BTreeMap<(String, String), Known> = BTreeMap::new();
    for run in &runs {
        for target in run.targets() {
            let place = (run.header().project().to_owned(), target.id().to_owned());
            // A later run may not say where a phone is.
            let earlier = known.remove(&place).and_then(|earlier| earlier.server);
            let now = Known {
                word: target.word(),
                code: target.error_code().map(str::to_owned),
                server: target.server().map(str::to_owned).or(earlier),
            };
            known.insert(place, now);
        }
    }
    let mut records = Records::new(FIELDS, settings);
    records.begin(console.out)?;
    let by: [(&str, Value); 3] = [
        ("outcome", |known| Some(known.word)),
        ("error_code", |known| known.code.as_deref()),
        ("server_id", |known| known.server.as_deref()),
    ];
    for (by, value) in by {
        let mut counts: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
        for known in known.values() {
            if let Some(value) = value(known) {
                *counts.entry((value, known.word)).or_default() += 1;
            }
        }
        for ((value, outcome), targets) in counts {
            let record = json!({"by": by, "value": value, "outcome": outcome, "targets": targets});
            records.write(console.out, &record)?;
        }
    }
    records.finish(console.out)?;
    if !settings.quiet {
        let (targets, runs) = (counted(known.len(), "target"), counted(runs.len(), "run"));
        console.note(format_args!("{targets} of {runs}"));
    }
    Ok(Exit::Done)
}

const FIELDS: Fields =
    Fields::new(&["by", "value", "outcome", "targets"], &["by", "value", "outcome", "targets"]);
