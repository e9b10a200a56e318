//! `cph api`: one call of any documented operation, held against the specification before it is sent.

use std::{path::Path, sync::LazyLock};

use cph::{JobFamily, Operation, mask_json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Context, counted,
    perform::{ASK_ABOVE, agreed},
    tables::find_operation,
};
use crate::{Console, Exit, args::Api, exit::Failure, input, output::Format};

/// What each request has to look like, written by `cargo xtask generate`.
static REQUESTS: LazyLock<Requests> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../requests.json"))
        .unwrap_or_else(|error| unreachable!("the generated file holds what is read here: {error}"))
});

#[derive(Deserialize)]
struct Requests {
    operations: Map<String, Value>,
    #[serde(rename = "$defs")]
    defs: Value,
}

#[derive(Deserialize)]
struct Expected {
    parameters: Vec<Parameter>,
    body: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    r#in: String,
    required: bool,
    schema: Value,
}

pub(super) async fn run(
    context: Context<'_>,
    args: Api,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    if context.settings.format == Format::Csv {
        return Err(Failure::usage("cph api prints JSON; --format csv is for lists"));
    }
    let operation = find_operation(&args.operation)?;
    let body = args.body.as_deref().map(|path| read_body(path, console)).transpose()?;
    let problems = problems(operation, &args, body.as_ref());
    if !problems.is_empty() {
        return Err(Failure::Usage(problems));
    }
    let (what, is_much) = size(operation, body.as_ref());
    if is_much && !agreed(context, operation, &format!("call {what}"), args.yes, console)? {
        return Ok(Exit::Usage);
    }
    let mut call = context.session.client.api(operation.name);
    for (name, value) in args.path {
        call = call.path(name, value);
    }
    for (name, value) in args.query {
        call = call.query(name, value);
    }
    if let Some(body) = body {
        call = call.body(body);
    }
    let answer = call.send().await.map_err(Failure::to("make the call"))?;
    if answer.body.is_null() {
        if !context.settings.quiet {
            console.note(format_args!("answered {}, without a body", answer.status));
        }
        return Ok(Exit::Done);
    }
    let shown = if context.settings.show_personal { answer.body } else { mask_json(&answer.body) };
    let written = match context.settings.format {
        Format::Jsonl => serde_json::to_writer(&mut *console.out, &shown),
        _ => serde_json::to_writer_pretty(&mut *console.out, &shown),
    };
    written.map_err(std::io::Error::from)?;
    writeln!(console.out)?;
    console.out.flush()?;
    Ok(Exit::Done)
}

fn read_body(path: &Path, console: &mut Console<'_>) -> Result<Value, Failure> {
    let (name, text) = input::text(path, console)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{name}: {error}; nothing was sent")))
}

/// Whatever differs from the specification. Values of the body are not quoted: they may be personal.
fn problems(operation: &Operation, args: &Api, body: Option<&Value>) -> Vec<String> {
    let expected = REQUESTS.operations.get(operation.name).cloned().unwrap_or_default();
    let Ok(Expected { parameters, body: schema }) = serde_json::from_value(expected) else {
        unreachable!("the generated file has a row for every operation")
    };
    let mut problems = Vec::new();
    for (flag, given) in [("path", &args.path), ("query", &args.query)] {
        let known: Vec<&Parameter> = parameters
            .iter()
            .filter(|parameter| parameter.r#in == flag && parameter.name != "project_id")
            .collect();
        for (name, value) in given {
            let Some(parameter) = known.iter().find(|parameter| parameter.name == *name) else {
                let names: Vec<&str> =
                    known.iter().map(|parameter| parameter.name.as_str()).collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                problems.push(format!(
                    "--{flag}: {} takes no {name}; it takes {names}",
                    operation.name
                ));
                continue;
            };
            let is_list = parameter.schema["type"] == "array";
            if !is_list && given.iter().filter(|(other, _)| other == name).count() > 1 {
                problems.push(format!("--{flag} {name}: it is given twice"));
                break;
            }
            let broken = broken(&parameter.schema, &as_typed(&parameter.schema, value));
            problems.extend(broken.into_iter().map(|problem| format!("--{flag} {name}{problem}")));
        }
        let missing = known
            .iter()
            .filter(|parameter| parameter.required)
            .filter(|parameter| !given.iter().any(|(name, _)| parameter.name == *name));
        problems.extend(missing.map(|parameter| {
            format!("--{flag} {}=… is missing; {} needs it", parameter.name, operation.name)
        }));
    }
    match (schema, body) {
        (Some(schema), Some(body)) => {
            let broken = broken(&Value::Object(schema), body);
            problems.extend(broken.into_iter().map(|problem| format!("the body{problem}")));
        }
        (Some(_), None) => {
            problems.push(format!("--body is missing; {} needs one", operation.name));
        }
        (None, Some(_)) => problems.push(format!("--body: {} takes none", operation.name)),
        (None, None) => {}
    }
    problems
}

/// A word of the command line as the schema has it.
fn as_typed(schema: &Value, value: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer") => {
            value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number))
        }
        Some("array") => json!([value]),
        _ => json!(value),
    }
}

/// Where a value breaks its schema, and how, without quoting it.
fn broken(schema: &Value, value: &Value) -> Vec<String> {
    let mut schema = schema.clone();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$defs".to_owned(), REQUESTS.defs.clone());
    }
    let validator = jsonschema::draft202012::new(&schema)
        .unwrap_or_else(|error| unreachable!("the generated schemas are valid: {error}"));
    validator
        .iter_errors(value)
        .map(|error| {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() { place } else { format!(" at {place}") };
            format!("{place}: {}", error.masked_with("the value"))
        })
        .collect()
}

/// The call in words, such as `RestartCloudPhone for 12 targets`, and whether it is asked about.
fn size(operation: &Operation, body: Option<&Value>) -> (String, bool) {
    let count = |field: &str| body.and_then(|body| body[field].as_array()).map_or(0, Vec::len);
    let targets = operation.batch.map_or(0, |batch| count(batch.field));
    // Where phones may be named by their servers, all phones of a server are meant.
    let servers = count("server_ids");
    let on_servers = operation.job_family.is_some_and(|family| family != JobFamily::Phone);
    let is_wide = targets > ASK_ABOVE || servers > 0 || on_servers;
    let is_much = operation.asks.is_some() || !operation.idempotent && is_wide;
    match targets.max(servers) {
        0 => (operation.name.to_owned(), is_much),
        count => (format!("{} for {}", operation.name, counted(count, "target")), is_much),
    }
}
