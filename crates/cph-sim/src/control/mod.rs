//! The simulator's own paths: its page at `/`, and what lies under `/_sim`. No signature guards them.

mod clock;
mod document;
mod events;
mod guard;
mod state;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) use self::events::Events;
use crate::{Assumptions, Fault, JournalEntry, Simulator, identity::query_pairs, reply::Reply};

/// Nothing from elsewhere, and in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'";

/// The answer of a path of the simulator's own; `None` for any other path.
pub(crate) fn answer(sim: &Simulator, request: &Request<Bytes>) -> Option<Reply> {
    let method = request.method();
    let path = match request.uri().path() {
        "/" if method == Method::GET => "",
        path => path.strip_prefix("/_sim/")?,
    };
    if let Err(message) = guard::check(request.headers()) {
        return Some(json_reply(problem(StatusCode::FORBIDDEN, message)));
    }
    let body = request.body();
    Some(match (method.as_str(), path) {
        ("GET", "") if request.uri().path() == "/" => page(),
        ("GET", "events") => events(sim),
        ("GET", "openapi.json") => json_reply(ok(document::document())),
        ("GET", "ledger") => json_reply(ok(sim.ledger())),
        ("GET", "journal") => json_reply(journal(sim, request.uri().query().unwrap_or_default())),
        ("GET", "state") => json_reply(ok(state::state(sim))),
        ("GET", "faults") => json_reply(ok(sim.faults())),
        ("POST", "faults") => json_reply(add_faults(sim, body)),
        ("DELETE", "faults") => {
            sim.clear_faults();
            json_reply(ok(sim.faults()))
        }
        ("GET", "assumptions") => json_reply(ok(sim.assumptions())),
        ("POST", "assumptions") => json_reply(assume(sim, body)),
        ("GET", "clock") => json_reply(ok(clock::present(sim))),
        ("POST", "clock") => json_reply(clock::change(sim, body)),
        _ => json_reply(problem(
            StatusCode::NOT_FOUND,
            "no such path here: GET /_sim/openapi.json lists them",
        )),
    })
}

fn page() -> Reply {
    let mut response = Response::new(Bytes::from_static(include_bytes!("page.html")));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Reply::Whole(response)
}

fn events(sim: &Simulator) -> Reply {
    let mut response = Response::new(Events::of(sim));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Reply::Events(Box::new(response))
}

/// Calls of the journal: of one operation, with one status, after one index.
fn journal(sim: &Simulator, query: &str) -> Answer {
    let (mut operation, mut status, mut after) = (None, None, None);
    for (name, value) in query_pairs(query) {
        let known = match name.as_str() {
            "operation" => {
                operation = Some(value);
                true
            }
            "status" => value.parse::<u16>().map(|number| status = Some(number)).is_ok(),
            "after" => value.parse::<usize>().map(|index| after = Some(index)).is_ok(),
            _ => false,
        };
        if !known {
            return problem(
                StatusCode::BAD_REQUEST,
                "the journal is asked for `operation`, a `status` such as 200, or what came `after` an index",
            );
        }
    }
    let mut entries = sim.journal();
    entries.retain(|entry: &JournalEntry| {
        operation.as_ref().is_none_or(|operation| entry.operation.as_ref() == Some(operation))
            && status.is_none_or(|status| entry.status == Some(status))
            && after.is_none_or(|index| entry.index > index)
    });
    ok(entries)
}

/// Rules as a JSON array, or as a TOML file reads in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    List(Vec<Value>),
    Table { fault: Vec<Value> },
}

fn add_faults(sim: &Simulator, body: &Bytes) -> Answer {
    let Ok(Rules::List(rules) | Rules::Table { fault: rules }) = serde_json::from_slice(body)
    else {
        return problem(
            StatusCode::BAD_REQUEST,
            "expected an array of faults or {\"fault\": [...]}",
        );
    };
    let mut faults = Vec::new();
    for (index, rule) in rules.into_iter().enumerate() {
        match serde_json::from_value::<Fault>(rule) {
            Ok(fault) => faults.push(fault),
            Err(error) => {
                return problem(StatusCode::BAD_REQUEST, format!("fault {}: {error}", index + 1));
            }
        }
    }
    for fault in faults {
        if let Err(error) = sim.inject(fault) {
            return problem(StatusCode::BAD_REQUEST, error.to_string());
        }
    }
    ok(sim.faults())
}

/// Turns the switches that are named, and leaves the others.
fn assume(sim: &Simulator, body: &Bytes) -> Answer {
    let turned = || {
        let switches: Map<String, Value> =
            serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let mut all = json!(sim.assumptions());
        let mut turned = sim.assumptions();
        for (name, position) in switches {
            all[&name] = position;
            turned = Assumptions::deserialize(&all).map_err(|error| format!("{name}: {error}"))?;
        }
        sim.assume(turned).map_err(|error| error.to_string())
    };
    match turned() {
        Ok(()) => ok(sim.assumptions()),
        Err(message) => problem(StatusCode::BAD_REQUEST, message),
    }
}

/// Status and body.
type Answer = (StatusCode, Value);

/// Why a path of the simulator's own was not followed.
#[derive(Serialize, JsonSchema)]
struct Problem {
    message: String,
}

fn ok(answer: impl Serialize) -> Answer {
    (StatusCode::OK, json!(answer))
}

fn problem(status: StatusCode, message: impl Into<String>) -> Answer {
    (status, json!(Problem { message: message.into() }))
}

fn json_reply((status, body): Answer) -> Reply {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Reply::Whole(response)
}
