//! A story: a simulator, and calls, time and faults that come over it. Any bytes tell one.

mod draw;
mod pool;

use std::{
    fmt::Write as _,
    io,
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use arbitrary::{Result, Unstructured};
use bytes::Bytes;
use cph_sim::{SimClock, Simulator};
use http::{Request, Response};
use serde_json::{Value, json};

use pool::Pool;

/// How many steps a story has at the most.
const STEPS: usize = 60;

/// Plays the story that these bytes tell, and returns every byte that was answered.
///
/// # Panics
///
/// If an answer is not as documented, or the state contradicts itself.
pub(crate) fn play(bytes: &[u8]) -> String {
    let mut told = String::new();
    // Bytes that run out end a story early.
    let _ = tell(&mut Unstructured::new(bytes), &mut told);
    told
}

fn tell(u: &mut Unstructured<'_>, told: &mut String) -> Result<()> {
    // Midday of 28 October 2025.
    let clock = SimClock::stepped(SystemTime::UNIX_EPOCH + Duration::from_hours(489_348));
    let sim = Simulator::builder()
        .phones(u.int_in_range(0..=9)?)
        .servers(u.int_in_range(1..=3)?)
        .seed(u.int_in_range(0..=3)?)
        .assume(draw::assumptions(u)?)
        .clock(clock)
        .build()
        .expect("a good setup");
    let mut pool = Pool::new();
    pool.learn("phone_id", &json!(sim.phones()));
    pool.learn("server_id", &json!(sim.servers()));
    pool.learn("encode_server_id", &json!(sim.encode_servers()));
    for _ in 0..STEPS {
        if u.is_empty() {
            break;
        }
        match u.int_in_range(0..=11)? {
            0 | 1 => {
                let seconds = *u.choose(&[0, 1, 5, 30, 60, 600, 7_200, 86_400, 1_000_000_000])?;
                sim.clock().advance(Duration::from_secs(seconds));
            }
            2 => sim.inject(draw::fault(u)?).expect("a good rule"),
            _ => {
                if let Some(request) = draw::call(u, &sim, &pool)? {
                    let answer = call(&sim, request);
                    write!(told, "{answer:?}").expect("a text");
                    check(&sim, answer, &mut pool);
                }
            }
        }
        let contradictions = sim.contradictions();
        assert!(contradictions.is_empty(), "{contradictions:?}");
    }
    write!(told, "{}{}", json!(sim.ledger()), json!(sim.journal())).expect("a text");
    Ok(())
}

/// No fault here takes time, so that the first look at a call sees it done.
fn call(sim: &Simulator, request: Request<Bytes>) -> io::Result<Response<Bytes>> {
    match pin!(sim.call(request)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("a call takes time"),
    }
}

/// Holds an answer against its page; the simulator itself does so for successes, while debug assertions are on.
fn check(sim: &Simulator, answer: io::Result<Response<Bytes>>, pool: &mut Pool) {
    let journal = sim.journal();
    let Some(entry) = journal.last() else { return };
    if entry.fault.is_some() {
        return;
    }
    let answer = answer.expect("no fault breaks the connection");
    let status = answer.status().as_u16();
    if status == 204 {
        assert!(answer.body().is_empty(), "204 with a body");
        return;
    }
    if !answer.headers().contains_key("x-request-id") {
        // The simulator's own paths.
        return;
    }
    let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
    assert_eq!(entry.status, Some(status));
    if (200..300).contains(&status) {
        pool.learn("", &body);
        return;
    }
    assert!((400..500).contains(&status), "{status}");
    let mut fields: Vec<_> = body.as_object().expect("an object").keys().collect();
    fields.sort();
    assert_eq!(fields, ["error_code", "error_msg", "request_id"], "{body}");
    assert!(body.as_object().unwrap().values().all(Value::is_string), "{body}");
}
