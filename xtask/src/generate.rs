//! `cargo xtask generate`: from `openapi/` to everything that is made of it.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::Value;

use crate::{
    bundle::bundle,
    corrections,
    derive::{Derived, derive},
    lint,
    outputs::{Output, Stale},
    problem::{Problem, Problems},
    raw, requests, schemas,
    source::Source,
    spec::Spec,
    tables,
};

const BUNDLE: &str = "openapi/cph.json";
const COMMAND: &str = "cargo xtask generate";

/// Generate from `openapi/`: the bundle, the raw client, the tables, the schemas of simulator and command line
///
/// Exits with 0 if all is fresh or was written, 4 if `--check` finds something stale, 100 if `openapi/` is broken.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; say what is stale
    #[arg(long)]
    pub(crate) check: bool,
    /// Write the relaxed document that the client generator reads to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) derived: Option<PathBuf>,
    /// Root of the repository
    #[arg(long, value_name = "DIR", default_value = crate::ROOT, hide_default_value = true)]
    pub(crate) root: PathBuf,
}

pub(crate) fn run(args: &Args, out: &mut dyn Write) -> io::Result<ExitCode> {
    let generated = match generate(&args.root) {
        Ok(generated) => generated,
        Err(problems) => return broken(&problems, out),
    };
    if let Some(file) = &args.derived {
        fs::write(file, pretty(&generated.derived.document))?;
    }
    let mut stale = Vec::new();
    for output in &generated.outputs {
        if let Some(found) = output.stale(&args.root)? {
            if !args.check {
                output.write(&args.root)?;
            }
            stale.push(found);
        }
    }
    let fresh = generated.outputs.len() - stale.len();
    if !args.check {
        stale.iter().try_for_each(|Stale { file, .. }| writeln!(out, "wrote {file}"))?;
        writeln!(out, "{} written, {fresh} already fresh; {}", stale.len(), generated.summary)?;
        Ok(ExitCode::SUCCESS)
    } else if stale.is_empty() {
        writeln!(out, "{fresh} generated files are fresh; {}", generated.summary)?;
        Ok(ExitCode::SUCCESS)
    } else {
        stale.iter().try_for_each(|Stale { file, how }| writeln!(out, "{file} {how}"))?;
        writeln!(
            out,
            "{} of {} generated files are stale; run `{COMMAND}`",
            stale.len(),
            generated.outputs.len()
        )?;
        Ok(ExitCode::from(4))
    }
}

struct Generated {
    outputs: Vec<Output>,
    derived: Derived,
    summary: String,
}

fn generate(root: &Path) -> Result<Generated, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut source = Source::load(root, &mut problems);
    // What follows would only complain that the unreadable file is missing.
    if !source.has_all_documents() {
        return Err(problems.sorted());
    }
    corrections::apply(&mut source.fragments, &source.tables.corrections, &mut problems);
    let Some(spec) = Spec::read(&source, &mut problems) else { return Err(problems.sorted()) };
    let bundle = bundle(&spec);
    lint::check(&spec, &source.tables, &bundle, &mut problems);
    if !problems.is_empty() {
        return Err(problems.sorted());
    }

    let derived = derive(&bundle);
    let client = raw::generated(&derived).unwrap_or_else(|text| {
        problems.report(BUNDLE, "", text);
        String::new()
    });
    let tables = tables::generated(&spec, &source.tables).unwrap_or_else(|text| {
        problems.report("openapi", "", text);
        String::new()
    });
    if !problems.is_empty() {
        return Err(problems.sorted());
    }
    let summary = format!(
        "operations: {}, error codes: {}, property keys: {}, regions: {}, assumptions: {}",
        spec.operations.len(),
        source.tables.codes.len(),
        source.tables.properties.len(),
        source.tables.regions.len(),
        source.tables.assumptions.len(),
    );
    let outputs = vec![
        Output { file: BUNDLE, text: pretty(&bundle) },
        Output { file: "crates/cph-raw/src/generated.rs", text: marked(&client) },
        Output { file: "crates/cph-core/src/tables.rs", text: marked(&tables) },
        Output {
            file: "crates/cph-sim/src/schemas.json",
            text: pretty(&schemas::generated(&bundle)),
        },
        Output {
            file: "crates/cph-cli/src/requests.json",
            text: pretty(&requests::generated(&bundle)),
        },
    ];
    Ok(Generated { outputs, derived, summary })
}

fn broken(problems: &[Problem], out: &mut dyn Write) -> io::Result<ExitCode> {
    problems.iter().try_for_each(|problem| writeln!(out, "{problem}"))?;
    let count = if problems.len() == 1 {
        "1 problem".into()
    } else {
        format!("{} problems", problems.len())
    };
    writeln!(out, "{count}; nothing was written. Mend openapi/, then run `{COMMAND}`")?;
    Ok(ExitCode::from(100))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn marked(code: &str) -> String {
    format!("// @generated by `{COMMAND}` from openapi/; do not edit.\n{code}")
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use insta::assert_snapshot;
    use serde_json::json;

    use super::BUNDLE;
    use crate::fixture::{FRAGMENT, Fixture};

    #[test]
    fn what_was_written_is_fresh_until_a_fragment_changes() {
        let fixture = Fixture::new();
        let (code, out) = fixture.generate(false);
        assert_eq!(code, ExitCode::SUCCESS, "{out}");
        assert_snapshot!("written", out);
        assert_snapshot!("fresh", fixture.generate(true).1);

        fixture.edit(FRAGMENT, "Restarts phones.", "Restarts or starts phones.");
        let before = fixture.read(BUNDLE);
        let (code, out) = fixture.generate(true);
        assert_eq!(code, ExitCode::from(4));
        assert_snapshot!("stale", out);
        assert_eq!(fixture.read(BUNDLE), before);
    }

    #[test]
    fn the_outputs_of_a_small_document() {
        let fixture = Fixture::new();
        fixture.generate(false);
        assert_snapshot!("bundle", fixture.read(BUNDLE));
        assert_snapshot!("derived", fixture.read("derived.json"));
        assert_snapshot!("tables", fixture.read("crates/cph-core/src/tables.rs"));
        assert_snapshot!("schemas", fixture.read("crates/cph-sim/src/schemas.json"));
    }

    #[test]
    fn operations_of_one_method_and_path_are_one_in_the_bundle() {
        let fixture = Fixture::odd();
        let (_, out) = fixture.generate(false);
        assert!(out.contains("operations: 4,"), "{out}");
        let read = |file| serde_json::from_str::<serde_json::Value>(&fixture.read(file)).unwrap();
        let bundle = read(BUNDLE);
        let schemas = &bundle["components"]["schemas"];
        let united = json!({
            "operation": bundle["paths"]["/v1/{project_id}/commands"]["post"],
            "request": schemas["SendCommandRequestBody"],
            "response": schemas["SendCommandResponse"],
        });
        assert_snapshot!("shared_bundle", format!("{united:#}"));
        assert!(schemas["PushFileRequestBody"].is_object());

        let derived = read("derived.json");
        let derived = derived["components"]["schemas"].as_object().unwrap();
        assert!(derived.contains_key("SendCommandResponse"));
        assert!(!derived.contains_key("PushFileResponse"));

        let rows = &read("crates/cph-sim/src/schemas.json")["operations"];
        let rows: serde_json::Map<_, _> = ["DeleteTags", "PushFile", "RunCommand"]
            .map(|name| (name.into(), rows[name].clone()))
            .into_iter()
            .collect();
        assert_snapshot!("shared_schemas", format!("{:#}", serde_json::Value::Object(rows)));
        assert_snapshot!("requests", fixture.read("crates/cph-cli/src/requests.json"));

        let tables = fixture.read("crates/cph-core/src/tables.rs");
        let tells = |line: &&str| line.contains(" name: \"") || line.contains("shared:");
        let names: Vec<&str> =
            tables.lines().take_while(|line| !line.contains("LIMITS")).filter(tells).collect();
        assert_snapshot!("shared_tables", names.join("\n"));
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let fixture = Fixture::new();
        fixture.edit(FRAGMENT, "asynchronous: true", "asynchronous: false");
        fixture.edit(FRAGMENT, "example: 2", "example: two");
        fixture.edit(crate::source::REGIONS, "https", "http");
        let (code, out) = fixture.generate(false);
        assert_eq!(code, ExitCode::from(100));
        assert_snapshot!("broken", out);
        assert!(!fixture.root().join(BUNDLE).exists());
    }
}
