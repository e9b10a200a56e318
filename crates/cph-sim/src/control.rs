//! The simulator's own paths under `/_sim`, which no signature guards.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Fault, Simulator};

/// The answer of a control path; `None` for any other path.
pub(crate) fn answer(sim: &Simulator, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let path = request.uri().path().strip_prefix("/_sim/")?;
    let (status, body) = match (request.method(), path) {
        (&Method::GET, "ledger") => ok(sim.ledger()),
        (&Method::GET, "journal") => ok(sim.journal()),
        (&Method::GET, "state") => ok(state(sim)),
        (&Method::POST, "faults") => add_faults(sim, request.body()),
        (&Method::POST, "clock") => advance(sim, request.body()),
        _ => problem(
            StatusCode::NOT_FOUND,
            "there are GET /_sim/ledger, /_sim/journal, /_sim/state and POST /_sim/faults, /_sim/clock",
        ),
    };
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Some(response)
}

fn state(sim: &Simulator) -> Value {
    let now = sim.clock().now();
    let faults = sim.faults();
    sim.with_state(|state| {
        let phone = |phone: &crate::phones::Phone| {
            json!({ "phone_id": phone.id, "status": phone.status(now).code(), "image_id": phone.image_id })
        };
        let server = |server: &crate::servers::Server| {
            json!({ "server_id": server.id, "status": server.status().code() })
        };
        json!({
            "seed": sim.seed(),
            "clock": Now { now, stepped: sim.clock().is_stepped() },
            "assumptions": sim.assumptions(),
            "phones": state.phones.iter().map(phone).collect::<Vec<_>>(),
            "servers": state.servers.iter().map(server).collect::<Vec<_>>(),
            "jobs": state.jobs.states(now),
            "faults": faults,
        })
    })
}

#[derive(Serialize)]
struct Now {
    #[serde(with = "crate::timestamp")]
    now: SystemTime,
    stepped: bool,
}

/// Rules as a JSON array, or as a TOML file reads in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    List(Vec<Value>),
    Table { fault: Vec<Value> },
}

fn add_faults(sim: &Simulator, body: &Bytes) -> (StatusCode, Value) {
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
                return problem(StatusCode::BAD_REQUEST, &format!("fault {}: {error}", index + 1));
            }
        }
    }
    for fault in faults {
        if let Err(error) = sim.inject(fault) {
            return problem(StatusCode::BAD_REQUEST, &error.to_string());
        }
    }
    ok(sim.faults())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: f64,
}

fn advance(sim: &Simulator, body: &Bytes) -> (StatusCode, Value) {
    // A larger step would leave the calendar.
    let by = match serde_json::from_slice(body) {
        Ok(Advance { advance_seconds }) if (0.0..=1e9).contains(&advance_seconds) => {
            Duration::from_secs_f64(advance_seconds)
        }
        _ => {
            let expected = "expected {\"advance_seconds\": a number from 0 to 1000000000}";
            return problem(StatusCode::BAD_REQUEST, expected);
        }
    };
    if !sim.clock().is_stepped() {
        return problem(
            StatusCode::CONFLICT,
            "this clock runs by itself; only a stepped one can be moved",
        );
    }
    sim.clock().advance(by);
    ok(Now { now: sim.clock().now(), stepped: true })
}

fn ok(answer: impl Serialize) -> (StatusCode, Value) {
    (StatusCode::OK, json!(answer))
}

fn problem(status: StatusCode, message: &str) -> (StatusCode, Value) {
    (status, json!({ "message": message }))
}
