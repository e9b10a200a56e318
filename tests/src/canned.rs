//! A service that does whatever it is asked, with no state but its jobs: for tests of what is asked, and of answers that
//! the simulator does not give.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use bytes::Bytes;
use cph_core::{JobFamily, Operation};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::evidence::arguments_of;

static BUNDLE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../openapi/cph.json")).expect("the bundle is JSON")
});

/// The service; clones share their jobs and what they were asked.
#[derive(Debug, Clone, Default)]
pub struct Canned(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    requests: Vec<Request<Bytes>>,
    /// Rows of the job list, by request id.
    jobs: HashMap<String, Vec<Value>>,
    forgets_jobs: bool,
    ids: u32,
}

impl Canned {
    /// Every request so far, the oldest first.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.state().requests.clone()
    }

    /// Whether it knows no job, whatever was started.
    pub fn forget_jobs(&self, forget: bool) {
        self.state().forgets_jobs = forget;
    }

    /// What the service answers: jobs that have ended well by the time they are asked about, and the vendor's example
    /// where there are no jobs.
    pub fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let method = request.method().as_str();
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes())
                .into_owned()
                .collect();
        let names = query.iter().map(|(name, _)| name.as_str());
        let (operation, _) = arguments_of(method, request.uri().path(), names, &body)
            .unwrap_or_else(|| panic!("{method} {} is no documented call", request.uri()));
        let asked = Asked { operation, path: request.uri().path().to_owned(), query, body };
        let mut state = self.state();
        state.requests.push(request);
        let answer = state.answer(&asked);
        let status = if answer.is_null() { 204 } else { 200 };
        let bytes = if answer.is_null() { Bytes::new() } else { answer.to_string().into() };
        Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(bytes)
            .expect("a status and a header make a response")
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds this")
    }
}

struct Asked {
    operation: &'static Operation,
    path: String,
    query: Vec<(String, String)>,
    body: Value,
}

impl Asked {
    fn in_query(&self, name: &str) -> Vec<String> {
        let values = self.query.iter().filter(|(key, _)| key == name);
        values.flat_map(|(_, value)| value.split(',').map(str::to_owned)).collect()
    }

    /// The phones, servers or encoding services that it is about.
    fn targets(&self) -> Vec<String> {
        let id = |item: &Value| {
            let own = ["phone_id", "server_id"].iter().find_map(|name| item[name].as_str());
            item.as_str().or(own).map(str::to_owned)
        };
        let listed = self.operation.batch.map(|batch| &self.body[batch.field]);
        match listed.and_then(Value::as_array) {
            Some(items) => items.iter().filter_map(id).collect(),
            None if self.operation.name == "ListShareFiles" => self.in_query("server_ids"),
            None => self.path.split('/').nth(5).map(str::to_owned).into_iter().collect(),
        }
    }
}

impl State {
    fn id(&mut self) -> String {
        self.ids += 1;
        format!("{:032x}", self.ids)
    }

    fn answer(&mut self, asked: &Asked) -> Value {
        let request_id = self.id();
        let own_id = match asked.operation.job_family {
            Some(JobFamily::Phone) => "phone_id",
            Some(JobFamily::Server) => "server_id",
            Some(JobFamily::Encoder) => "encode_server_id",
            _ => return self.at_once(asked, &request_id),
        };
        let output = match asked.operation.name {
            "ListShareFiles" => SHARED_FILES,
            _ => "Success",
        };
        let one_job = matches!(asked.operation.name, "DeleteCloudPhoneServer");
        let first = self.id();
        let mut started = Vec::new();
        for target in asked.targets() {
            let job_id = if one_job { first.clone() } else { self.id() };
            started.push(json!({own_id: target, "job_id": job_id}));
        }
        let mut rows = started.clone();
        rows.truncate(if one_job { 1 } else { usize::MAX });
        for row in &mut rows {
            row["status"] = json!(2);
            row["execute_msg"] = json!(output);
            row["begin_time"] = json!("2026-11-24T00:00:00Z");
            row["end_time"] = json!("2026-11-24T00:00:05Z");
        }
        self.jobs.insert(request_id.clone(), rows);
        match asked.operation.name {
            "DeleteCloudPhoneServer" => json!({"request_id": request_id, "job_id": first}),
            "ChangeCloudPhoneServer" => {
                let mut answer = started.remove(0);
                answer["request_id"] = json!(request_id);
                answer
            }
            _ => json!({"request_id": request_id, "jobs": started}),
        }
    }

    /// The answers of operations that start no jobs.
    fn at_once(&self, asked: &Asked, request_id: &str) -> Value {
        let each = |row: fn(String) -> Value| -> Vec<Value> {
            asked.targets().into_iter().map(row).collect()
        };
        match asked.operation.name {
            "ListJobs" => {
                let ids = asked.in_query("request_ids");
                let jobs = ids.iter().filter_map(|id| self.jobs.get(id)).flatten();
                let jobs: Vec<_> = jobs.filter(|_| !self.forgets_jobs).collect();
                json!({"request_id": request_id, "jobs": jobs})
            }
            "ShowJob" if self.forgets_jobs => {
                json!({"request_id": request_id, "error_code": "CPS.0011", "error_msg": "No such job."})
            }
            "RunSyncCommand" => {
                let jobs = each(
                    |id| json!({"phone_id": id, "job_id": id, "status": 2, "error_code": "", "error_msg": "", "execute_msg": "Success"}),
                );
                json!({"request_id": request_id, "jobs": jobs})
            }
            "BatchShowPhoneConnectInfos" => {
                let connect_infos = each(|id| {
                    let access = json!({"access_ip": "192.0.2.7", "access_port": 10_000, "session_id": "s", "timestamp": "1", "ticket": "t"});
                    json!({"phone_id": id, "access_info": access})
                });
                json!({"request_id": request_id, "connect_infos": connect_infos, "errors": []})
            }
            "BatchCreateTags" | "BatchDeleteTags" => Value::Null,
            _ => example(asked, request_id),
        }
    }
}

/// What a job of `ListShareFiles` prints.
const SHARED_FILES: &str = r#"{"files_in_path":{"total":2,"count":2,"files":["a.txt","b"]},"share_base_capacity":"99G 1.2G 93G 2%","share_base_max_size":"100G"}"#;

/// The vendor's example of an answer, if there is one. What pages by marker has two pages.
fn example(asked: &Asked, request_id: &str) -> Value {
    let Operation { path, method, .. } = asked.operation;
    let definition = &BUNDLE["paths"][path][method.to_lowercase()];
    let mut responses = definition["responses"].as_object().into_iter().flatten();
    let success = responses.find(|(status, _)| status.starts_with('2'));
    let content = success.map(|(_, success)| &success["content"]["application/json"]);
    let one = content.and_then(|content| content.get("example"));
    let several = content.and_then(|content| content["examples"].as_object()?.values().next());
    let example = one.or_else(|| several.map(|example| &example["value"])).cloned();
    let mut answer = example.unwrap_or_else(|| json!({"request_id": request_id}));
    let mut parameters = definition["parameters"].as_array().into_iter().flatten();
    if parameters.any(|parameter| parameter["name"] == "marker") {
        let next_marker = asked.in_query("marker").is_empty().then_some("next");
        answer["page_info"] = json!({"next_marker": next_marker});
    }
    answer
}
