//! The way of a call: route, caller, project, faults, validation, work, answer.

use std::{
    collections::HashMap,
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CONTENT_TYPE, DATE, RETRY_AFTER},
    request::Parts,
};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{
    JournalEntry, chance,
    faults::{Effect, Strike, spoil, spoil_entries},
    jobs, operations,
    refusal::Refusal,
    schemas::{self, Operation},
    signature::query_pairs,
    simulator::{Inner, State},
    timestamp,
    work::Work,
};

/// The gateway takes no larger body together with a signature.
const MAX_BODY_BYTES: usize = 12 * 1024 * 1024;

/// What comes back over the connection.
pub(crate) enum Reply {
    Whole(Response<Bytes>),
    /// The connection ends in the middle of the body.
    CutOff(Response<Bytes>),
    /// In the middle of the body nothing comes for this time on the simulator's clock.
    Stalled(Response<Bytes>, Duration),
    /// The connection is reset without an answer.
    Nothing(io::ErrorKind),
}

impl Reply {
    /// The same with the time of the gateway's clock.
    pub(crate) fn dated(mut self, now: SystemTime) -> Self {
        if let Self::Whole(response) | Self::CutOff(response) | Self::Stalled(response, _) =
            &mut self
        {
            response.headers_mut().insert(DATE, timestamp::in_header(now));
        }
        self
    }
}

/// Where a call stands in the journal, and among the calls of its operation; the first of these is 1.
#[derive(Clone, Copy)]
struct Place {
    entry: usize,
    ordinal: u64,
}

/// A call that was let in.
struct Admitted {
    operation: &'static Operation,
    arguments: HashMap<String, String>,
    query: HashMap<String, String>,
    /// `None`: no JSON.
    body: Option<Value>,
    strike: Strike,
    request_id: String,
    /// Its place in the journal.
    entry: usize,
}

pub(crate) async fn answer(sim: Arc<Inner>, request: Request<Bytes>) -> Reply {
    let (parts, body) = request.into_parts();
    let route = route(parts.method.as_str(), parts.uri.path(), &body);
    let place = sim.note(&parts, route.as_ref().ok());
    let skew = route.as_ref().map_or(0, |route| sim.skew(route, place, &parts, &body));
    let reply = match route.and_then(|route| sim.admit(route, &parts, &body, skew)) {
        Ok(route) => carry_out(sim.clone(), sim.read(route, place, &parts, &body)).await,
        Err(refusal) => sim.turn_away(place.entry, &refusal),
    };
    reply.dated(sim.gateway_time(skew))
}

/// The answer to a call whose body is too large to be read.
pub(crate) fn refuse_body(sim: &Inner, parts: &Parts) -> Reply {
    let route = route(parts.method.as_str(), parts.uri.path(), &Bytes::new());
    let place = sim.note(parts, route.as_ref().ok());
    sim.turn_away(place.entry, &too_large()).dated(sim.clock.now())
}

fn too_large() -> Refusal {
    Refusal::new(413, "APIGW.0201", "Request entity too large.")
}

async fn carry_out(sim: Arc<Inner>, call: Admitted) -> Reply {
    if call.strike.delay.is_zero() {
        return sim.perform(&call);
    }
    // The service does not notice that a caller has given up waiting.
    let work = tokio::spawn(async move {
        sim.clock.sleep(call.strike.delay).await;
        sim.perform(&call)
    });
    match work.await {
        Ok(reply) => reply,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Reply::Nothing(io::ErrorKind::ConnectionReset),
        },
    }
}

/// An operation and the values in its path.
type Route = (&'static Operation, HashMap<String, String>);

fn route(method: &str, path: &str, body: &Bytes) -> Result<Route, Refusal> {
    let matches = schemas::OPERATIONS
        .iter()
        .filter_map(|operation| Some((operation, arguments(&operation.path, path)?)));
    let mut matches: Vec<_> = matches.collect();
    // `servers/share-files` is a path of its own, though `servers/{server_id}` fits it too.
    matches.sort_by_key(|(_, arguments)| arguments.len());
    let unknown = if matches.is_empty() {
        "The API does not exist or has not been published in the environment."
    } else {
        "The API does not exist."
    };
    matches.retain(|(operation, _)| operation.method == method);
    if matches.len() > 1 {
        // Unread where it is no JSON; whichever operation it comes to refuses it then.
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let meant = matches.iter().position(|(operation, _)| is_meant(&operation.name, &body));
        matches.swap(0, meant.unwrap_or_default());
    }
    matches.into_iter().next().ok_or_else(|| Refusal::new(404, "APIGW.0101", unknown))
}

/// Which of the operations that share method and path a body is for.
fn is_meant(operation: &str, body: &Value) -> bool {
    let command = body["command"].as_str();
    match operation {
        "PushFile" => command == Some("push"),
        "InstallApk" => matches!(command, Some("install" | "install-multiple")),
        "UninstallApk" => command == Some("uninstall"),
        "PushShareFiles" => body.get("bucket_name").is_some(),
        "BatchCreateTags" => body["action"] == "create",
        // What is told apart by nothing else, or by nothing at all.
        "RunShellCommand" | "DeleteShareFiles" | "BatchDeleteTags" => {
            command == Some("shell")
                || body.get("file_paths").is_some()
                || body["action"] == "delete"
        }
        _ => true,
    }
}

fn arguments(template: &str, path: &str) -> Option<HashMap<String, String>> {
    if template.split('/').count() != path.split('/').count() {
        return None;
    }
    let mut arguments = HashMap::new();
    for (expected, found) in template.split('/').zip(path.split('/')) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => {
                let found = percent_decode_str(found).decode_utf8_lossy().into_owned();
                arguments.insert(name.to_owned(), found);
            }
            None if expected == found => {}
            None => return None,
        }
    }
    Some(arguments)
}

/// The phones, servers, encoding services or request ids that a call is about.
fn targets<'a>(
    operation: &Operation,
    arguments: &'a HashMap<String, String>,
    query: &'a HashMap<String, String>,
    body: Option<&'a Value>,
) -> Vec<&'a str> {
    let field = cph_core::Operation::find(&operation.name)
        .and_then(|known| known.batch)
        .map_or("server_ids", |batch| batch.field);
    let listed = body.and_then(|body| body[field].as_array()).map_or(&[][..], Vec::as_slice);
    let id = |target: &'a Value| {
        let field = ["phone_id", "server_id"].iter().find_map(|name| target[*name].as_str());
        target.as_str().or(field).unwrap_or_default()
    };
    let one = ["phone_id", "server_id", "resource_id"];
    let one = one.into_iter().filter_map(|name| arguments.get(name));
    let asked = ["server_id", "server_ids"].into_iter().filter_map(|name| query.get(name));
    let asked = asked.flat_map(|ids| ids.split(','));
    let named = listed.iter().map(id).chain(one.map(String::as_str)).chain(asked);
    named.chain(jobs::request_ids(query)).collect()
}

/// The values of a query; those of a list are joined by commas.
fn query(operation: &Operation, parts: &Parts) -> HashMap<String, String> {
    let mut query: HashMap<String, String> = HashMap::new();
    for (name, value) in query_pairs(parts.uri.query().unwrap_or_default()) {
        match query.get_mut(&name).filter(|_| operation.is_list(&name)) {
            // A list comes in parts, or with commas.
            Some(list) => *list = format!("{list},{value}"),
            None => drop(query.insert(name, value)),
        }
    }
    query
}

/// What a body says; `None`: no JSON.
fn read_body(body: &Bytes) -> Option<Value> {
    if body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(body).ok() }
}

impl Inner {
    /// The time of the gateway, whose clock a fault has put so many seconds forward.
    fn gateway_time(&self, skew: i64) -> SystemTime {
        let (now, by) = (self.clock.now(), Duration::from_secs(skew.unsigned_abs()));
        if skew < 0 { now - by } else { now + by }
    }

    /// Opens the entry of a call in the journal and returns its place there.
    fn note(&self, parts: &Parts, route: Option<&Route>) -> Place {
        let now = self.clock.now();
        let mut state = self.state();
        let ordinal = route.map_or(0, |(operation, _)| {
            let ordinal = state.calls.entry(operation.name.clone()).or_default();
            *ordinal += 1;
            *ordinal
        });
        let entry = state.journal.len();
        state.journal.push(JournalEntry {
            operation: route.map(|(operation, _)| operation.name.clone()),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            at: now,
            status: None,
            error_code: None,
            fault: None,
            targets: 0,
            request_id: chance::id(self.seed, "request", entry as u64),
        });
        Place { entry, ordinal }
    }

    /// By how many seconds the gateway's clock is off for this call, by the faults about it.
    fn skew(
        &self,
        (operation, arguments): &Route,
        place: Place,
        parts: &Parts,
        body: &Bytes,
    ) -> i64 {
        let mut state = self.state();
        if !state.faults.may_skew() {
            return 0;
        }
        let (query, body) = (query(operation, parts), read_body(body));
        let targets = targets(operation, arguments, &query, body.as_ref());
        let now = self.clock.now();
        let skew = state.ask_faults(operation, place.ordinal, &targets, now, |faults, call| {
            faults.skew(call, self.seed)
        });
        if skew.is_some() {
            state.journal[place.entry].fault = Some("clock_skew".to_owned());
        }
        skew.unwrap_or_default()
    }

    /// Lets in who may call, or says why not.
    fn admit(
        &self,
        route: Route,
        parts: &Parts,
        body: &Bytes,
        skew: i64,
    ) -> Result<Route, Refusal> {
        if body.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        self.credentials.check(parts, body, self.gateway_time(skew))?;
        if route.1.get("project_id").is_some_and(|project| *project != self.project) {
            return Err(Refusal::new(403, "APIGW.0310", "The project is unavailable."));
        }
        Ok(route)
    }

    fn turn_away(&self, entry: usize, refusal: &Refusal) -> Reply {
        let mut state = self.state();
        let request_id = &state.journal[entry].request_id;
        let body = json!({ "error_msg": refusal.message, "error_code": refusal.code, "request_id": request_id });
        let body = json_bytes(&body);
        Reply::Whole(self.respond(&mut state, entry, refusal.status, Some(&refusal.code), body))
    }

    /// Reads what is asked, and finds the faults that strike it.
    fn read(
        &self,
        (operation, arguments): Route,
        Place { entry, ordinal }: Place,
        parts: &Parts,
        body: &Bytes,
    ) -> Admitted {
        let (query, body) = (query(operation, parts), read_body(body));
        let targets = targets(operation, &arguments, &query, body.as_ref());
        let now = self.clock.now();
        let mut state = self.state();
        let strike = state.ask_faults(operation, ordinal, &targets, now, |faults, call| {
            faults.strike(call, self.seed)
        });
        state.journal[entry].targets = targets.len();
        let request_id = state.journal[entry].request_id.clone();
        Admitted { operation, arguments, query, body, strike, request_id, entry }
    }

    /// Does the work of a call, as far as its faults let it.
    fn perform(&self, call: &Admitted) -> Reply {
        let mut state = self.state();
        let state = &mut *state;
        let fault = call.strike.answer.as_ref();
        if let Some(fault) = fault {
            state.journal[call.entry].fault = Some(fault.name().to_owned());
        }
        match fault {
            Some(Effect::Refuse { code, status, message, retry_after }) => {
                let message = message.clone().unwrap_or_else(|| Refusal::of(code).message);
                let refusal = Refusal::new(*status, code, message);
                return Reply::Whole(self.refuse(state, call, &refusal, *retry_after));
            }
            Some(Effect::Throttle { limit, window, retry_after }) => {
                let unit = if window.as_secs() == 1 { "second" } else { "minute" };
                let text = format!(
                    "The throttling threshold has been reached: policy user over ratelimit,limit:{limit},time:1 {unit}"
                );
                let refusal = Refusal::new(429, "APIGW.0308", text);
                return Reply::Whole(self.refuse(state, call, &refusal, *retry_after));
            }
            Some(Effect::RefuseConnection) => {
                return Reply::Nothing(io::ErrorKind::ConnectionRefused);
            }
            Some(Effect::DropBefore) => return Reply::Nothing(io::ErrorKind::ConnectionReset),
            Some(Effect::Html { status }) => {
                return Reply::Whole(self.html(state, call.entry, *status));
            }
            _ => {}
        }
        let done = self.work(state, call);
        match fault {
            Some(Effect::DropAfter) => return Reply::Nothing(io::ErrorKind::ConnectionReset),
            Some(Effect::HtmlAfter) => return Reply::Whole(self.html(state, call.entry, 502)),
            _ => {}
        }
        let response = match done {
            Ok(answer) => self.succeed(state, call, answer),
            Err(refusal) => self.refuse(state, call, &refusal, None),
        };
        spoil(fault, response)
    }

    /// The answer to a call that was done.
    fn succeed(&self, state: &mut State, call: &Admitted, mut answer: Value) -> Response<Bytes> {
        if call.operation.names_request {
            answer["request_id"] = call.request_id.as_str().into();
        }
        debug_assert_eq!(
            call.operation.difference(&answer),
            None,
            "{} answers what is not documented",
            call.operation.name
        );
        if let Some(fault) = &call.strike.answer {
            spoil_entries(fault, &mut answer, self.seed, call.entry);
        }
        let status = match call.operation.status {
            200 if call.operation.method == "POST" => self.assumptions.post_status,
            status => status,
        };
        let bytes = if status == 204 { Bytes::new() } else { json_bytes(&answer) };
        self.respond(state, call.entry, status, None, bytes)
    }

    /// The answer to a call that was refused.
    fn refuse(
        &self,
        state: &mut State,
        call: &Admitted,
        refusal: &Refusal,
        retry_after: Option<u64>,
    ) -> Response<Bytes> {
        let body = json_bytes(&refusal.body(&call.request_id));
        let (status, code) = (refusal.status, Some(refusal.code.as_str()));
        let mut response = self.respond(state, call.entry, status, code, body);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    /// Does what a call asks for.
    fn work(&self, state: &mut State, call: &Admitted) -> Result<Value, Refusal> {
        let now = self.clock.now();
        let body = call.body.as_ref().ok_or_else(|| Refusal::of("CPS.0077"))?;
        call.operation.check_request(|name| call.query.get(name).cloned(), body)?;
        let work = Work {
            operation: &call.operation.name,
            arguments: &call.arguments,
            query: &call.query,
            body,
            request_id: &call.request_id,
            now,
            strike: &call.strike,
            assumptions: &self.assumptions,
            seed: self.seed,
            speed: self.speed,
            state,
        };
        operations::perform(work)
    }

    fn html(&self, state: &mut State, entry: usize, status: u16) -> Response<Bytes> {
        let body = format!(
            "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>\n"
        );
        let mut response = self.respond(state, entry, status, None, body.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        response
    }

    /// Writes the answer into the journal and puts its headers on.
    fn respond(
        &self,
        state: &mut State,
        entry: usize,
        status: u16,
        code: Option<&str>,
        body: Bytes,
    ) -> Response<Bytes> {
        let journal = &mut state.journal[entry];
        journal.status = Some(status);
        journal.error_code = code.map(str::to_owned);
        let request_id = if self.assumptions.header_request_id_is_body_id {
            journal.request_id.clone()
        } else {
            chance::id(self.seed, "header", entry as u64)
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).expect("a checked status");
        let headers = response.headers_mut();
        if status != 204 {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers
            .insert("x-request-id", HeaderValue::from_str(&request_id).expect("a hexadecimal id"));
        response
    }
}

fn json_bytes(value: &Value) -> Bytes {
    value.to_string().into()
}
