//! The way of a call: route, caller, project, faults, validation, work, answer.

use std::{
    collections::HashMap,
    io,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
    request::Parts,
};
use serde_json::{Value, json};

use crate::{
    JournalEntry, chance,
    faults::{Effect, Strike, spoil, spoil_entries},
    fleet::is_id,
    identity::{self, Gate},
    operations,
    refusal::Refusal,
    reply::{Answer, Reply, json_bytes},
    route::{Api, Route, query, read_body, route, targets},
    schemas::Operation,
    simulator::{Inner, State},
    throttle::Limit,
    work::Work,
};

/// Where a call stands in the journal, and among the calls of its operation; the first of these is 1.
#[derive(Clone, Copy)]
struct Place {
    entry: usize,
    ordinal: u64,
}

/// A call that was let in.
struct Admitted {
    api: Api,
    headers: HeaderMap,
    arguments: HashMap<String, String>,
    query: HashMap<String, String>,
    /// `None`: no JSON.
    body: Option<Value>,
    strike: Strike,
    request_id: Arc<str>,
    /// Its place in the journal.
    entry: usize,
    /// By how many seconds the gateway's clock is off for it.
    skew: i64,
}

pub(crate) async fn answer(sim: Arc<Inner>, request: Request<Bytes>) -> Reply {
    let (parts, body) = request.into_parts();
    let route = route(parts.method.as_str(), parts.uri.path(), &body);
    let place = sim.note(&parts, route.as_ref().ok());
    let skew = route.as_ref().map_or(0, |route| sim.skew(route, place, &parts, &body));
    let reply = match route.and_then(|route| sim.admit(route, &parts, &body, skew)) {
        Ok(route) => carry_out(sim.clone(), sim.read(route, place, (&parts, &body), skew)).await,
        Err(refusal) => sim.turn_away(place.entry, &refusal),
    };
    reply.dated(skewed(sim.clock.now(), skew))
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

/// A path for the journal. Digits alone may be a phone number, an IMSI or the like; no id of the service is like that.
fn shown(path: &str) -> String {
    let is_number = |part: &str| part.len() > 5 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = path.split('/').map(|part| if is_number(part) { "***" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A time, on a clock that a fault has put so many seconds forward.
fn skewed(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { time - by } else { time + by }
}

impl Inner {
    /// Opens the entry of a call in the journal and returns its place there.
    fn note(&self, parts: &Parts, route: Option<&Route>) -> Place {
        let now = self.clock.now();
        let mut state = self.state();
        let ordinal = route.map_or(0, |(api, _)| {
            let ordinal = state.calls.entry(api.name().to_owned()).or_default();
            *ordinal += 1;
            *ordinal
        });
        let entry = state.journal.len();
        state.journal.push(JournalEntry {
            operation: route.map(|(api, _)| api.name().to_owned()),
            method: parts.method.to_string(),
            path: shown(parts.uri.path()),
            at: now,
            index: entry,
            status: None,
            error_code: None,
            fault: None,
            targets: 0,
            target_ids: Vec::new(),
            request_id: chance::id(self.seed, "request", entry as u64),
        });
        Place { entry, ordinal }
    }

    /// By how many seconds the gateway's clock is off for this call, by the faults about it.
    fn skew(
        &self,
        &(api, ref arguments): &Route,
        place: Place,
        parts: &Parts,
        body: &Bytes,
    ) -> i64 {
        let mut state = self.state();
        if !state.faults.may_skew() {
            return 0;
        }
        let (query, body) = (query(api, parts), read_body(body));
        let targets = targets(api, arguments, &query, body.as_ref());
        let now = self.clock.now();
        let skew = state.ask_faults(api, place.ordinal, &targets, now, |faults, call| {
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
        let mut state = self.state();
        let state = &mut *state;
        match route.0 {
            Api::Identity(operation) => {
                self.gate(state, skew).let_in(operation, parts, body)?;
            }
            Api::Phones(operation) => {
                let scope = self.gate(state, skew).caller(parts, body)?;
                let project = route.1.get("project_id").unwrap_or(&self.account.project);
                if *project != self.account.project {
                    return Err(Refusal::new(403, "APIGW.0310", "The project is unavailable."));
                }
                // Assumed: token-of-another-project.
                if !scope.includes(project) {
                    return Err(Refusal::of("CPS.0001"));
                }
                state.throttle.count(&operation.name, &state.assumptions, self.clock.now())?;
            }
        }
        Ok(route)
    }

    fn gate<'a>(&'a self, state: &'a mut State, skew: i64) -> Gate<'a> {
        Gate {
            account: &self.account,
            sessions: &mut state.sessions,
            prefix: state.assumptions.gateway_prefix,
            now: skewed(self.clock.now(), skew),
            undisturbed: skewed(self.clock.undisturbed(), skew),
        }
    }

    fn turn_away(&self, entry: usize, refusal: &Refusal) -> Reply {
        let mut state = self.state();
        let request_id = &state.journal[entry].request_id;
        let code = state.assumptions.gateway_prefix.code(&refusal.code);
        let body =
            json!({ "error_msg": refusal.message, "error_code": code, "request_id": request_id });
        let body = json_bytes(&body);
        Reply::Whole(self.respond(&mut state, entry, refusal.status, Some(&code), body))
    }

    /// Reads what is asked, and finds the faults that strike it.
    fn read(
        &self,
        (api, arguments): Route,
        Place { entry, ordinal }: Place,
        (parts, body): (&Parts, &Bytes),
        skew: i64,
    ) -> Admitted {
        let (query, body) = (query(api, parts), read_body(body));
        let commanded;
        let mut targets = targets(api, &arguments, &query, body.as_ref());
        let now = self.clock.now();
        let mut state = self.state();
        let state = &mut *state;
        if let (true, Some(body)) = (targets.is_empty(), &body) {
            // A command to servers is about their phones.
            let servers = body["server_ids"].as_array().into_iter().flatten();
            let phones = servers.filter_map(Value::as_str).flat_map(|id| state.phones.ids_on(id));
            commanded = phones.map(str::to_owned).collect::<Vec<_>>();
            targets.extend(commanded.iter().map(String::as_str));
        }
        let strike = state
            .ask_faults(api, ordinal, &targets, now, |faults, call| faults.strike(call, self.seed));
        state.journal[entry].targets = targets.len();
        state.journal[entry].target_ids =
            targets.iter().filter(|id| is_id(id)).map(|id| (*id).to_owned()).collect();
        let request_id = state.journal[entry].request_id.as_str().into();
        let headers = parts.headers.clone();
        Admitted { api, headers, arguments, query, body, strike, request_id, entry, skew }
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
                let refusal = Limit::new(*limit, *window).refusal();
                let code = state.assumptions.gateway_prefix.code(&refusal.code);
                let refusal = Refusal { code, ..refusal };
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
        let done = match call.api {
            Api::Phones(operation) => self.work(state, call, operation),
            Api::Identity(operation) => Ok(self.identify(state, call, operation)),
        };
        match fault {
            Some(Effect::DropAfter) => return Reply::Nothing(io::ErrorKind::ConnectionReset),
            Some(Effect::HtmlAfter) => return Reply::Whole(self.html(state, call.entry, 502)),
            _ => {}
        }
        let response = match done {
            Ok(answer) => self.succeed(state, call.entry, answer),
            Err(refusal) => self.refuse(state, call, &refusal, None),
        };
        spoil(fault, response)
    }

    /// The answer to a call that was done.
    fn succeed(&self, state: &mut State, entry: usize, answer: Answer) -> Response<Bytes> {
        let Answer { status, code, headers, body } = answer;
        let mut response = self.respond(state, entry, status, code.as_deref(), body);
        response.headers_mut().extend(headers);
        response
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

    /// Hands out tokens and keys.
    fn identify(
        &self,
        state: &mut State,
        call: &Admitted,
        operation: identity::Operation,
    ) -> Answer {
        let request = identity::Request {
            headers: &call.headers,
            query: &call.query,
            body: call.body.as_ref(),
            gate: self.gate(state, call.skew),
        };
        identity::perform(operation, request)
    }

    /// Does what a call asks for.
    fn work(
        &self,
        state: &mut State,
        call: &Admitted,
        operation: &'static Operation,
    ) -> Result<Answer, Refusal> {
        let now = self.clock.now();
        let assumptions = state.assumptions.clone();
        let body = call.body.as_ref().ok_or_else(|| Refusal::of("CPS.0077"))?;
        operation.check_request(|name| call.query.get(name).cloned(), body)?;
        let work = Work {
            operation: &operation.name,
            arguments: &call.arguments,
            query: &call.query,
            body,
            request_id: &call.request_id,
            now,
            strike: &call.strike,
            assumptions: &assumptions,
            seed: self.seed,
            speed: self.speed,
            state,
        };
        let mut answer = operations::perform(work)?;
        if operation.names_request {
            answer["request_id"] = (*call.request_id).into();
        }
        debug_assert_eq!(
            operation.difference(&answer),
            None,
            "{} answers what is not documented",
            operation.name
        );
        if let Some(fault) = &call.strike.answer {
            spoil_entries(fault, &mut answer, self.seed, call.entry);
        }
        Ok(match operation.status {
            204 => Answer { body: Bytes::new(), ..Answer::json(204, &answer) },
            200 if operation.method == "POST" => {
                Answer::json(state.assumptions.post_status, &answer)
            }
            status => Answer::json(status, &answer),
        })
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
        let request_id = if state.assumptions.header_request_id_is_body_id {
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
        let request_id = HeaderValue::from_str(&request_id).expect("a hexadecimal id");
        let operation = journal.operation.as_deref().and_then(identity::Operation::find);
        if operation.is_some_and(identity::Operation::is_of_iam) {
            headers.insert("x-iam-trace-id", request_id.clone());
        }
        headers.insert("x-request-id", request_id);
        response
    }
}
