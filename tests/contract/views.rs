//! What `cph` makes of answers: the vendor's examples, and answers as lean, as empty and as strange as they can be.

use cph::{
    EncodeServerStatus, ErrorCode, ImageStatus, JobStatus, PhoneStatus, ReceiveStatus, ServerStatus,
};
use serde_json::{Map, Value, json};

use crate::{
    bundle::{Operation, followed, operations, plain},
    calls::call,
    ergonomic::{adapted, client},
    wire::{Recording, recordings},
};

/// The own id of whatever an operation shows; the other ids in it may be missing. `None`: it has none, or it was given.
fn own_id(operation: &str) -> Option<&'static str> {
    match operation {
        "ListCloudPhones" | "ShowCloudPhoneDetail" | "BatchShowPhoneConnectInfos" => {
            Some("phone_id")
        }
        "ListCloudPhoneServers" | "ShowCloudPhoneServerDetail" => Some("server_id"),
        "ListJobs" => Some("job_id"),
        "ListEncodeServers" => Some("encode_server_id"),
        "ListCloudPhoneImages" | "ListImages" => Some("image_id"),
        "ListImageMembers" => Some("member_id"),
        "ListScheduledEvents" => Some("event_id"),
        "ListResourceInstances" => Some("resource_id"),
        "ShowBandwidthDetail" => Some("band_width_id"),
        _ => None,
    }
}

/// What `cph` shows of a field that it does not show as it comes.
fn shown(operation: &str, field: &str, value: &Value) -> Value {
    let code = || value.as_i64().unwrap();
    match (operation, field) {
        // Statuses are words.
        ("ListCloudPhones" | "ShowCloudPhoneDetail", "status") => json!(PhoneStatus::from_code(code())),
        ("ListCloudPhoneServers" | "ShowCloudPhoneServerDetail", "status")
        | ("ListScheduledEvents", "server_state") => json!(ServerStatus::from_code(code())),
        ("ListEncodeServers", "status") => json!(EncodeServerStatus::from_code(code())),
        ("ListImages", "status") => json!(ImageStatus::from_code(code())),
        ("ListCloudPhoneImages", "receive_status") => json!(ReceiveStatus::from_code(code())),
        ("ListJobs" | "ShowJob", "status") => json!(JobStatus::from_code(code())),
        // Pages print a number here and a text there.
        ("ShowCloudPhoneDetail", "imei") if value.is_i64() => json!(value.to_string()),
        // Former names of public_ip, server_ip, phone_ip and server_id, which stand beside them.
        (
            "ListEncodeServers" | "ShowCloudPhoneDetail" | "ListCloudPhoneServers" | "ShowCloudPhoneServerDetail",
            "access_ip" | "intranet_ip" | "device_ip",
        )
        | ("ListJobs", "node_id")
        // The id of the call itself; that of the job that was asked about is known.
        | ("ShowCloudPhoneDetail" | "ShowCloudPhoneServerDetail", "request_id")
        | ("ShowJob", "request_id" | "job_id")
        // Nobody knows it.
        | (_, "unheard_of") => Value::Null,
        // An empty id of another thing is none.
        (_, "server_id" | "image_id") if value == "" => Value::Null,
        _ => value.clone(),
    }
}

fn is_list(operation: &str) -> bool {
    let is_called_otherwise =
        matches!(operation, "ShowBandwidthDetail" | "BatchShowPhoneConnectInfos");
    operation.starts_with("List") || is_called_otherwise
}

/// What `cph` is to make of an answer, as far as the answer says it.
fn expected(operation: &str, answer: &Value) -> Value {
    let all_shown = all_shown(operation, answer);
    let fields = all_shown.as_object().unwrap();
    if !is_list(operation) {
        return all_shown;
    }
    let lists = fields.values().filter_map(Value::as_array);
    let mut rows: Vec<Value> = lists.flatten().cloned().collect();
    if let Some(time) = fields.get("collect_time") {
        for app in &mut rows {
            app["collect_time"] = time.clone();
        }
    }
    rows.into()
}

fn all_shown(operation: &str, value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, member): (&String, &Value)| match member {
                Value::Null => (name.clone(), Value::Null),
                _ => (name.clone(), all_shown(operation, &shown(operation, name, member))),
            };
            members.iter().map(member).collect()
        }
        Value::Array(items) => items.iter().map(|item| all_shown(operation, item)).collect(),
        _ => value.clone(),
    }
}

/// Where `got` lacks what is expected; more may be there, and null is as good as absent.
fn lacking(got: &Value, expected: &Value, place: &str) -> Vec<String> {
    match expected {
        Value::Null => Vec::new(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| lacking(&got[name], member, &format!("{place}/{name}")))
            .collect(),
        Value::Array(items) if got.as_array().is_some_and(|got| got.len() == items.len()) => {
            let items = items.iter().enumerate();
            items
                .flat_map(|(index, item)| lacking(&got[index], item, &format!("{place}/{index}")))
                .collect()
        }
        _ if plain(got) == plain(expected) => Vec::new(),
        _ => vec![format!("{place} is {got}, not {expected}")],
    }
}

/// Calls an operation; a call for jobs is told that they have ended well, any other gets `answer`.
async fn answered(operation: &str, given: &Value, answer: &Value) -> cph::Result<Value> {
    let mut jobs: Vec<Value> = entries(answer).cloned().collect();
    jobs.retain(|job| job["job_id"].is_string());
    for job in &mut jobs {
        job["status"] = json!(2);
    }
    let is_about_jobs = operation == "ListJobs";
    let answer = answer.clone();
    let client = client(move |request| {
        let body = if request.uri().path().ends_with("/jobs") && !is_about_jobs {
            json!({"jobs": jobs})
        } else {
            answer.clone()
        };
        http::Response::new(body.to_string().into())
    });
    call(&client, operation, given).await
}

/// What an answer says of each target: entries of `jobs`, or the whole of it.
fn entries(answer: &Value) -> impl Iterator<Item = &Value> {
    let alone = answer["job_id"].is_string().then_some(answer);
    answer["jobs"].as_array().into_iter().flatten().chain(alone)
}

fn target(entry: &Value) -> Option<(&'static str, &str)> {
    let ids = ["phone_id", "server_id", "encode_server_id"];
    ids.into_iter().find_map(|id| Some((id, entry[id].as_str()?)))
}

/// The arguments of a recording, about the targets that an answer is about.
fn about(answer: &Value, recording: &Recording) -> Value {
    let mut given = recording.arguments.clone();
    let targets: Vec<_> = entries(answer).filter_map(target).collect();
    let ids: Vec<&str> = targets.iter().map(|(_, id)| *id).collect();
    let batch = cph_core::Operation::find(&recording.operation).unwrap().batch;
    match (targets.first(), batch) {
        (None, _) => {}
        (Some(_), _) if recording.operation == "ListShareFiles" => {
            given["server_ids"] = json!(ids.join(","));
        }
        (Some((own_id, _)), Some(batch)) => {
            let field = &mut given["body"][batch.field];
            let named = |id: &&str| {
                let mut item = field[0].clone();
                if item.is_object() {
                    item[own_id] = json!(id);
                    item
                } else {
                    json!(id)
                }
            };
            *field = ids.iter().map(named).collect();
        }
        (Some((own_id, id)), None) => given[own_id] = json!(id),
    }
    given
}

/// Outcomes hold what each target's entry says.
fn lacking_in_outcomes(outcomes: &Value, answer: &Value) -> Vec<String> {
    let outcomes = outcomes.as_array().unwrap();
    let lacking_in = |entry: &Value| {
        let (own_id, id) = target(entry).unwrap();
        let outcome = outcomes.iter().find(|outcome| outcome[own_id] == *id).unwrap();
        let mut expected = json!({own_id: id, "request_id": answer["request_id"]});
        expected["output"] = entry["execute_msg"].clone();
        expected["job_id"] = entry["job_id"].clone();
        match entry["error_code"].as_str().filter(|code| !code.is_empty()) {
            None => expected["outcome"] = json!("done"),
            Some(code) => {
                let is_refused = entry["job_id"].is_null();
                expected["outcome"] = json!(if is_refused { "refused" } else { "failed" });
                expected["error_code"] = json!(ErrorCode::parse(code));
                expected["error_msg"] = entry["error_msg"].clone();
            }
        }
        lacking(outcome, &expected, id)
    };
    entries(answer).flat_map(lacking_in).collect()
}

fn adapted_recordings(operation: &Operation) -> impl Iterator<Item = Recording> {
    let mine = recordings().into_iter().filter(|recording| recording.operation == operation.name);
    mine.filter_map(adapted)
}

#[tokio::test(start_paused = true)]
async fn what_the_examples_say_is_in_the_results() {
    let mut lacking_anywhere = Vec::new();
    for operation in operations() {
        for (name, example) in operation.answer_examples() {
            for recording in adapted_recordings(&operation) {
                let got = answered(operation.name, &about(example, &recording), example).await;
                let got = got.unwrap_or_else(|error| panic!("{recording}: {name}: {error}"));
                let lacking = if got.is_null() {
                    let told = example.as_object().unwrap().keys();
                    told.filter(|field| *field != "request_id").cloned().collect()
                } else if !got["total_count"].is_null() {
                    lacking(&got["total_count"], &example["total_count"], "/total_count")
                } else if got[0]["outcome"].is_string() {
                    lacking_in_outcomes(&got, example)
                } else {
                    lacking(&got, &expected(operation.name, example), "")
                };
                lacking_anywhere
                    .extend(lacking.iter().map(|what| format!("{recording}: {name}: {what}")));
            }
        }
    }
    assert_eq!(lacking_anywhere, [""; 0]);
}

/// How the fields of an answer are filled that are no id of the row itself.
#[derive(Debug, Clone, Copy)]
enum Fill {
    Absent,
    Null,
    /// Nothing in a text, 0, `false`.
    Empty,
    /// Values that no page lists, and fields that no page knows.
    Strange,
}

const ID: &str = "1564567b8bab40f34711234cb80d8574";

/// An answer of one row. `deep`: lists and objects in the row are there, though what is in them is filled alike.
fn made(operation: &Operation, fill: Fill, deep: bool) -> Value {
    let mut answer = Map::new();
    for (name, field) in operation.answer()["properties"].as_object().unwrap() {
        let field = followed(field);
        let made = match name.as_str() {
            // Lists end here, and no phone both has and lacks a connection.
            "page_info" | "errors" => None,
            _ if field["type"] == "array" && is_list(operation.name) => {
                let row = made_value(operation, name, &field["items"], fill, deep, true);
                Some(json!([row.unwrap()]))
            }
            _ => made_value(operation, name, field, fill, deep, false),
        };
        answer.extend(made.map(|made| (name.clone(), made)));
    }
    if matches!(fill, Fill::Strange) {
        answer.insert("unheard_of".to_owned(), json!({"unheard_of": [1, "2"]}));
    }
    answer.into()
}

fn made_value(
    operation: &Operation,
    name: &str,
    schema: &'static Value,
    fill: Fill,
    deep: bool,
    is_row: bool,
) -> Option<Value> {
    let schema = followed(schema);
    // A bandwidth in the detail of a server has an id of its own too.
    if Some(name) == own_id(operation.name) || name == "band_width_id" {
        return Some(json!(ID));
    }
    let is_kept = deep || is_row || matches!(fill, Fill::Empty | Fill::Strange);
    if let Some(properties) = schema["properties"].as_object().filter(|_| is_kept) {
        let made = |(name, field): (&String, &'static Value)| {
            Some((name.clone(), made_value(operation, name, field, fill, deep, false)?))
        };
        let mut made: Map<_, _> = properties.iter().filter_map(made).collect();
        if matches!(fill, Fill::Strange) {
            made.insert("unheard_of".to_owned(), json!({"unheard_of": [1, "2"]}));
        }
        return Some(made.into());
    }
    if schema["type"] == "array" && is_kept {
        let item = made_value(operation, name, &schema["items"], fill, deep, false);
        return Some(item.into_iter().filter(|item| !item.is_null()).collect());
    }
    let strange = matches!(fill, Fill::Strange);
    match fill {
        Fill::Absent => None,
        Fill::Null => Some(Value::Null),
        Fill::Empty | Fill::Strange => Some(match schema["type"].as_str() {
            Some("integer") => json!(if strange { 987_654 } else { 0 }),
            Some("number") => json!(if strange { 0.5 } else { 0.0 }),
            Some("boolean") => json!(strange),
            Some("object") if strange => json!({"unheard.of": "unheard-of"}),
            Some("object") => json!({}),
            _ => json!(if strange { "unheard-of" } else { "" }),
        }),
    }
}

/// The recording of an operation that shows something, as a call of `cph`.
fn asking(operation: &Operation) -> Option<Recording> {
    let is_one = is_list(operation.name) || operation.name.starts_with("Show");
    // Its rows are jobs, which are shown by their outcomes.
    let is_one = is_one && operation.name != "ListShareFiles";
    let mut recording = adapted_recordings(operation)
        .find(|recording| recording.arguments["body"]["action"] != "count")?;
    if operation.name == "BatchShowPhoneConnectInfos" {
        recording.arguments["body"]["phone_ids"] = json!([ID]);
    }
    is_one.then_some(recording)
}

/// Where the result lacks what `expected_of` says.
async fn lacking_of(recording: &Recording, answer: &Value, expected_of: &Value) -> Vec<String> {
    match answered(&recording.operation, &recording.arguments, answer).await {
        Ok(got) => lacking(&got, &expected(&recording.operation, expected_of), ""),
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            vec![format!("{error}: {}", source.unwrap_or_default())]
        }
    }
}

#[tokio::test(start_paused = true)]
async fn answers_are_read_however_lean_and_strange() {
    let mut lacking_anywhere = Vec::new();
    let mut asked = 0;
    for operation in operations() {
        let Some(recording) = asking(&operation) else { continue };
        asked += 1;
        for fill in [Fill::Absent, Fill::Null, Fill::Empty, Fill::Strange] {
            for deep in [false, true] {
                let answer = made(&operation, fill, deep);
                let lacking = lacking_of(&recording, &answer, &answer).await;
                let what = format!("{}, {fill:?}, deep {deep}", operation.name);
                lacking_anywhere.extend(lacking.iter().map(|lacking| format!("{what}: {lacking}")));
            }
        }
    }
    assert_eq!(lacking_anywhere, [""; 0]);
    assert_eq!(asked, 20);
}

#[tokio::test(start_paused = true)]
async fn an_empty_answer_is_an_empty_list() {
    for operation in operations().into_iter().filter(|operation| is_list(operation.name)) {
        let Some(recording) = asking(&operation) else { continue };
        if operation.name == "BatchShowPhoneConnectInfos" {
            continue; // It shows each phone that was asked about.
        }
        let nulls = operation.answer()["properties"].as_object().unwrap().keys();
        let nulls: Value = nulls.map(|name| (name.clone(), Value::Null)).collect();
        for answer in [json!({}), nulls] {
            let got = answered(operation.name, &recording.arguments, &answer).await.unwrap();
            assert_eq!(got, json!([]), "{recording}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn former_names_of_fields_stand_in_for_the_present_ones() {
    let mut lacking_anywhere = Vec::new();
    for operation in operations() {
        let Some(recording) = asking(&operation) else { continue };
        let answer = made(&operation, Fill::Strange, true);
        let mut former = answer.clone();
        drop_renamed(&mut former);
        let lacking = lacking_of(&recording, &former, &answer).await;
        lacking_anywhere.extend(lacking.iter().map(|lacking| format!("{recording}: {lacking}")));
    }
    assert_eq!(lacking_anywhere, [""; 0]);
}

/// Takes away what has a former name that stands beside it.
fn drop_renamed(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (former, present) in [
                ("access_ip", "public_ip"),
                ("intranet_ip", "server_ip"),
                ("device_ip", "phone_ip"),
                ("node_id", "server_id"),
            ] {
                if members.contains_key(former) {
                    members.remove(present);
                }
            }
            members.values_mut().for_each(drop_renamed);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_renamed),
        _ => {}
    }
}
