//! Draws calls from bytes: mostly as documented, and spoilt here and there.

use std::{collections::BTreeMap, sync::LazyLock};

use arbitrary::{Result, Unstructured};
use bytes::Bytes;
use cph_sim::{Assumptions, Fault, Simulator};
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::pool::Pool;

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../src/schemas.json")).unwrap());

#[derive(Deserialize)]
struct Document {
    operations: BTreeMap<String, Operation>,
    #[serde(rename = "$defs")]
    defs: Map<String, Value>,
}

#[derive(Deserialize)]
struct Operation {
    method: String,
    path: String,
    parameters: Vec<Parameter>,
    request: Option<Value>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(rename = "in")]
    place: String,
    schema: Value,
}

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "BREW"];
const PATHS: [&str; 7] = [
    "/",
    "/v1",
    "/_sim/state",
    "/_sim/ledger",
    "/_sim/journal",
    "/_sim/faults",
    "/v1//cloud-phone/phones",
];
const TEXTS: [&str; 12] = [
    "",
    " ",
    "..",
    "0",
    "-1",
    "x",
    "é\u{0}\u{202e}",
    "a,b,,c",
    "{}",
    "99999999999999999999",
    "%2e%2e/%",
    "2026-11-24T12:00:00Z",
];
const NUMBERS: [i64; 11] = [0, 1, 2, -1, 5, 10, 100, 101, 8097, i64::MIN, i64::MAX];

/// Any switches.
pub(crate) fn assumptions(u: &mut Unstructured<'_>) -> Result<Assumptions> {
    let mut drawn = serde_json::to_value(Assumptions::default()).unwrap();
    for (name, value) in drawn.as_object_mut().unwrap() {
        if !u.ratio(1, 4)? {
            continue;
        }
        *value = match name.as_str() {
            "max_phones_per_call" => u.int_in_range(1..=5)?.into(),
            "entries" => (*u.choose(&["as-sent", "reversed", "shuffled"])?).into(),
            "last_marker" => (*u.choose(&["missing", "empty", "repeated"])?).into(),
            "post_status" => 201.into(),
            "job_retention" => u.int_in_range(0..=600)?.into(),
            "unlisted_job_status" => u.arbitrary::<i64>()?.into(),
            "jobs_at_full_pace" => u.int_in_range(0..=3)?.into(),
            "job_duration_percent" => u.int_in_range(0..=1000)?.into(),
            _ => value.as_bool().map_or(value.take(), |turned| (!turned).into()),
        };
    }
    Ok(serde_json::from_value(drawn).unwrap())
}

/// Any fault that needs no time of its own.
pub(crate) fn fault(u: &mut Unstructured<'_>) -> Result<Fault> {
    let fault = match u.int_in_range(0..=13)? {
        0 => Fault::refuse("CPS.0042"),
        1 => Fault::throttle(),
        2 => Fault::drop_before(),
        3 => Fault::drop_after(),
        4 => Fault::html(502),
        5 => Fault::html_after(),
        6 => Fault::broken_json(),
        7 => Fault::truncate(),
        8 => Fault::missing(1),
        9 => Fault::doubled(),
        10 => Fault::foreign(),
        11 => Fault::hang_job(),
        12 => Fault::hide_job(),
        _ => Fault::fail_job("CPS.0054"),
    };
    Ok(fault.times(u.int_in_range(1..=3)?))
}

/// A call; `None` where what was drawn is no HTTP.
pub(crate) fn call(
    u: &mut Unstructured<'_>,
    sim: &Simulator,
    pool: &Pool,
) -> Result<Option<Request<Bytes>>> {
    if u.ratio(1, 24)? {
        let path = if u.ratio(1, 2)? {
            (*u.choose(&PATHS)?).to_owned()
        } else {
            format!("/{}", u.arbitrary::<&str>()?)
        };
        return Ok(request(u, sim, "GET", &path)?
            .body(Bytes::copy_from_slice(u.arbitrary()?))
            .ok());
    }
    let operations: Vec<&Operation> = DOCUMENT.operations.values().collect();
    let operation = *u.choose(&operations)?;
    let mut path = operation.path.clone();
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        let name = parameter.name.as_str();
        let value = match name {
            "project_id" if !u.ratio(1, 64)? => sim.project().to_owned(),
            "resource_type" if !u.ratio(1, 16)? => "cph-server".to_owned(),
            _ => text(&value(u, pool, name, &parameter.schema, 0)?),
        };
        let value = utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
        if parameter.place == "path" {
            path = path.replace(&format!("{{{name}}}"), &value);
        } else if u.ratio(1, 2)? {
            query.push(format!("{name}={value}"));
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let mut body = Bytes::new();
    if let Some(schema) = &operation.request {
        body = value(u, pool, "", schema, 0)?.to_string().into();
        if u.ratio(1, 32)? {
            body.truncate(u.choose_index(body.len())?);
        }
    }
    Ok(request(u, sim, &operation.method, &path)?.body(body).ok())
}

fn request(
    u: &mut Unstructured<'_>,
    sim: &Simulator,
    method: &str,
    path: &str,
) -> Result<http::request::Builder> {
    let method = if u.ratio(1, 32)? { *u.choose(&METHODS)? } else { method };
    let builder = Request::builder().method(method.to_ascii_uppercase().as_str()).uri(path);
    Ok(match u.int_in_range(0..=63)? {
        0 => builder,
        1 => builder.header("X-Auth-Token", "nobody's"),
        2 => builder.header("Authorization", u.arbitrary::<&[u8]>()?),
        _ => builder.header("X-Auth-Token", sim.token()),
    })
}

/// A value for a field: one that is known by its name, else one of its type, else anything.
fn value(
    u: &mut Unstructured<'_>,
    pool: &Pool,
    name: &str,
    schema: &Value,
    depth: usize,
) -> Result<Value> {
    if let Some(target) = schema["$ref"].as_str() {
        let schema = &DOCUMENT.defs[target.trim_start_matches("#/$defs/")];
        return value(u, pool, name, schema, depth);
    }
    if u.ratio(1, 64)? {
        return anything(u);
    }
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match schema["type"].as_str() {
        Some("object") if depth < 6 => {
            let mut fields = Map::new();
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                let wanted = if required.contains(&name.as_str()) {
                    !u.ratio(1, 64)?
                } else {
                    u.ratio(1, 2)?
                };
                if wanted {
                    fields.insert(name.clone(), value(u, pool, name, schema, depth + 1)?);
                }
            }
            Ok(fields.into())
        }
        Some("array") => {
            let count = *u.choose(&[0, 1, 1, 1, 2, 2, 3, 5, 101])?;
            let mut items = Vec::new();
            for _ in 0..count {
                // What is spent is spent: the rest of a long list would be all the same.
                if u.is_empty() && items.len() > 3 {
                    break;
                }
                items.push(value(u, pool, name, &schema["items"], depth + 1)?);
            }
            Ok(items.into())
        }
        _ => scalar(u, pool, name, schema),
    }
}

fn scalar(u: &mut Unstructured<'_>, pool: &Pool, name: &str, schema: &Value) -> Result<Value> {
    let of_type = |value: &&Value| match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        _ => true,
    };
    let known: Vec<&Value> = pool.of(name).iter().filter(of_type).collect();
    if !known.is_empty() && !u.ratio(1, 16)? {
        // What was answered last is there; what stands in examples need not be.
        let last = known.len().saturating_sub(6);
        let among = if u.ratio(2, 3)? { &known[last..] } else { &known[..] };
        return Ok((*u.choose(among)?).clone());
    }
    if let Some(values) = schema["enum"].as_array() {
        return u.choose(values).cloned();
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => Ok((*u.choose(&NUMBERS)?).into()),
        Some("boolean") => Ok(u.arbitrary::<bool>()?.into()),
        _ => Ok(u.choose(&TEXTS)?.to_owned().into()),
    }
}

fn anything(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=7)? {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!([{ "x": [null] }]),
        4 => (*u.choose(&NUMBERS)?).into(),
        5 => u.arbitrary::<f32>()?.into(),
        6 => "x".repeat(8192).into(),
        _ => u.arbitrary::<&str>()?.into(),
    })
}

/// As it stands in a path or query.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
