//! Spoils an answer: its entries, its bytes, its way.

use std::io;

use bytes::Bytes;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::Effect;
use crate::{chance, reply::Reply};

/// Spoils the entries of an answer; `entry` is the place of its call in the journal.
pub(crate) fn spoil_entries(effect: &Effect, answer: &mut Value, seed: u64, entry: usize) {
    let list = if answer.get("jobs").is_some() { "jobs" } else { "phones" };
    let Some(entries) = answer.get_mut(list).and_then(Value::as_array_mut) else { return };
    match effect {
        Effect::Missing { entries: count } => {
            entries.truncate(entries.len().saturating_sub(*count));
        }
        Effect::Doubled => entries.extend(entries.first().cloned()),
        Effect::Foreign => {
            let accepted = |entry: &&Value| entry["error_code"].as_str().is_none_or(str::is_empty);
            let model = if list == "jobs" { json!({ "job_id": "" }) } else { json!({}) };
            let mut foreign = entries.iter().find(accepted).cloned().unwrap_or(model);
            let target = ["server_id", "encode_server_id"].into_iter();
            let target = target.filter(|_| list == "jobs").find(|id| foreign.get(*id).is_some());
            let job = foreign.get("job_id").map(|_| "job_id");
            for id in [Some(target.unwrap_or("phone_id")), job].into_iter().flatten() {
                foreign[id] = chance::id(seed, &format!("foreign {id}"), entry as u64).into();
            }
            entries.push(foreign);
        }
        // No entry keeps its place, whatever order is assumed.
        Effect::Reordered if !entries.is_empty() => entries.rotate_left(1),
        _ => {}
    }
}

/// An answer as it arrives, if it arrives.
pub(crate) fn spoil(fault: Option<&Effect>, mut response: Response<Bytes>) -> Reply {
    match fault {
        // There is no middle to end in.
        Some(Effect::Truncate) if response.body().is_empty() => {
            return Reply::Nothing(io::ErrorKind::ConnectionReset);
        }
        Some(Effect::Truncate) => return Reply::CutOff(response),
        Some(Effect::Stall { silence }) => return Reply::Stalled(response, *silence),
        Some(Effect::BrokenJson) => {
            let half = response.body().slice(..response.body().len() / 2);
            *response.body_mut() = half;
        }
        Some(Effect::EmptyBody) => *response.body_mut() = Bytes::new(),
        Some(Effect::WrongContentType { content_type }) => {
            let value = HeaderValue::from_str(content_type).expect("a checked content type");
            response.headers_mut().insert(CONTENT_TYPE, value);
        }
        _ => {}
    }
    Reply::Whole(response)
}
