//! Which operation a call is for, and what it is about.

use std::collections::HashMap;

use bytes::Bytes;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    identity::{self, query_pairs},
    jobs,
    refusal::Refusal,
    schemas::{self, Operation},
};

/// What a path belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Api {
    Phones(&'static Operation),
    Identity(identity::Operation),
}

impl Api {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Phones(operation) => &operation.name,
            Self::Identity(operation) => operation.name(),
        }
    }
}

/// An operation and the values in its path.
pub(crate) type Route = (Api, HashMap<String, String>);

/// Finds the operation of a call.
pub(crate) fn route(method: &str, path: &str, body: &Bytes) -> Result<Route, Refusal> {
    if let Some(operation) = identity::Operation::at(path).filter(|found| found.method() == method)
    {
        return Ok((Api::Identity(operation), HashMap::new()));
    }
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
    let (operation, arguments) =
        matches.into_iter().next().ok_or_else(|| Refusal::new(404, "APIGW.0101", unknown))?;
    Ok((Api::Phones(operation), arguments))
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
pub(crate) fn targets<'a>(
    api: Api,
    arguments: &'a HashMap<String, String>,
    query: &'a HashMap<String, String>,
    body: Option<&'a Value>,
) -> Vec<&'a str> {
    let Api::Phones(operation) = api else { return Vec::new() };
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
pub(crate) fn query(api: Api, parts: &Parts) -> HashMap<String, String> {
    let mut query: HashMap<String, String> = HashMap::new();
    for (name, value) in query_pairs(parts.uri.query().unwrap_or_default()) {
        let is_list = matches!(api, Api::Phones(operation) if operation.is_list(&name));
        match query.get_mut(&name).filter(|_| is_list) {
            // A list comes in parts, or with commas.
            Some(list) => *list = format!("{list},{value}"),
            None => drop(query.insert(name, value)),
        }
    }
    query
}

/// What a body says; `None`: no JSON.
pub(crate) fn read_body(body: &Bytes) -> Option<Value> {
    if body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(body).ok() }
}
