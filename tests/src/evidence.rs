//! What passing tests have shown, for the table that `cargo xtask coverage` makes of it.

use std::{collections::BTreeSet, fs::OpenOptions, io::Write as _, path::Path, process};

use cph_core::Operation;
use serde_json::{Value, json};

/// Names the directory that evidence goes to; without it there is none.
const DIRECTORY: &str = "CPH_EVIDENCE";

/// A column of `tests/coverage.md`, which also says what it means.
#[derive(Debug, Clone, Copy, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Column {
    /// `cph_raw` calls it.
    Raw,
    /// `cph` calls it.
    Ergonomic,
    /// The command line calls it.
    Cli,
    /// The vendor's examples survive the types.
    Example,
    /// What is sent is what the official SDK sends.
    Wire,
    /// The simulator performs it.
    Simulated,
}

/// Writes down that a test has shown this of an operation, and with which arguments: pointers such as `/limit` and
/// `/body/phones/0/phone_id`. Call it after the last assertion on the operation; if a later one fails, the run fails, and
/// nobody trusts what it wrote.
pub fn passed(column: Column, operation: &str, arguments: impl IntoIterator<Item = String>) {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests asks for evidence")]
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let arguments = Vec::from_iter(arguments);
    let line = json!({"column": column, "operation": operation, "arguments": arguments});
    let file = Path::new(&directory).join(format!("{}.jsonl", process::id()));
    let opened = OpenOptions::new().create(true).append(true).open(&file);
    opened
        .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Writes down that a test has shown this of the operation that the request calls, with the arguments that the request
/// has. The URI may lack scheme and host. Give it the requests that were asked for, not those that a wait for jobs made on
/// its own.
pub fn record_request(column: Column, method: &str, uri: &str, body: &[u8]) {
    let url = reqwest::Url::parse("http://localhost").and_then(|host| host.join(uri));
    let url = url.unwrap_or_else(|error| panic!("{uri}: {error}"));
    let query: Vec<_> = url.query_pairs().map(|(name, _)| name).collect();
    let body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(body).expect("a body is JSON")
    };
    let query = query.iter().map(AsRef::as_ref);
    let (operation, arguments) = arguments_of(method, url.path(), query, &body)
        .unwrap_or_else(|| panic!("{method} {uri} calls no documented operation"));
    passed(column, operation.name, arguments);
}

/// The operation that a request calls, and the arguments that it has: parts of the path and parameters of the query by
/// name, fields of the body under `/body`, items of a list all as `/0`. The project is not among them, and neither is a
/// field that is null or holds nothing. `None` if no documented operation is called so.
pub fn arguments_of<'a>(
    method: &str,
    path: &str,
    query: impl IntoIterator<Item = &'a str>,
    body: &Value,
) -> Option<(&'static Operation, Vec<String>)> {
    // `servers/share-files` is a path of its own, though `servers/{server_id}` fits it too.
    let (operation, in_path) = Operation::all()
        .iter()
        .filter(|operation| operation.method == method && is_meant(operation.name, body))
        .filter_map(|operation| Some((operation, in_path(operation.path, path)?)))
        .min_by_key(|(_, in_path)| in_path.len())?;
    let mut found: BTreeSet<String> =
        in_path.into_iter().chain(query).map(|name| format!("/{name}")).collect();
    found.remove("/project_id");
    leaves(body, "/body", &mut found);
    Some((operation, found.into_iter().collect()))
}

/// Which of the operations that share method and path a body is for; any body is for one that has its own.
fn is_meant(operation: &str, body: &Value) -> bool {
    let command = body["command"].as_str();
    match operation {
        "PushFile" => command == Some("push"),
        "InstallApk" => matches!(command, Some("install" | "install-multiple")),
        "UninstallApk" => command == Some("uninstall"),
        "RunShellCommand" => command == Some("shell"),
        "PushShareFiles" => body.get("bucket_name").is_some(),
        "DeleteShareFiles" => body.get("file_paths").is_some(),
        "BatchCreateTags" => body["action"] == "create",
        "BatchDeleteTags" => body["action"] == "delete",
        _ => true,
    }
}

/// The names of a template's variable parts, if the path fits it.
fn in_path<'a>(template: &'a str, path: &str) -> Option<Vec<&'a str>> {
    if template.split('/').count() != path.split('/').count() {
        return None;
    }
    let mut names = Vec::new();
    for (expected, found) in template.split('/').zip(path.split('/')) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => names.push(name),
            None if expected == found => {}
            None => return None,
        }
    }
    Some(names)
}

fn leaves(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, field) in fields {
                leaves(field, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for item in items {
                leaves(item, &format!("{at}/0"), found);
            }
        }
        _ => {
            found.insert(at.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = "0123456789abcdef0123456789abcdef";

    fn shown(method: &str, path: &str, query: &[&str], body: &Value) -> String {
        let path = path.replace("{project_id}", PROJECT);
        match arguments_of(method, &path, query.iter().copied(), body) {
            Some((operation, arguments)) => {
                [vec![operation.name.to_owned()], arguments].concat().join(" ")
            }
            None => "none".to_owned(),
        }
    }

    #[test]
    fn arguments_stand_in_path_query_and_body() {
        let phones = "/v1/{project_id}/cloud-phone/phones";
        let members = "/v1/{project_id}/cloud-phone/images/1564/members/5678";
        let property = json!({"phones": [
            {"phone_id": "1", "property": "{\"a\":\"b\"}"},
            {"phone_id": "2", "custom_property": {"c": "d"}, "property": null},
        ]});
        let rows = [
            shown("GET", phones, &["status", "limit", "status"], &Value::Null),
            shown("DELETE", members, &[], &Value::Null),
            shown("POST", &format!("{phones}/batch-update-property"), &[], &property),
            shown("POST", &format!("{phones}/batch-stop"), &[], &json!({"phone_ids": []})),
            shown("POST", &format!("{phones}/batch-nothing"), &[], &property),
            shown("PATCH", phones, &[], &Value::Null),
        ];
        insta::assert_snapshot!(rows.join("\n"), @r#"
        ListCloudPhones /limit /status
        DeleteImageMember /image_id /member_id
        UpdateCloudPhoneProperty /body/phones/0/custom_property/c /body/phones/0/phone_id /body/phones/0/property
        StopCloudPhone
        none
        none
        "#);
    }

    #[test]
    fn the_most_literal_path_is_meant() {
        let servers = "/v1/{project_id}/cloud-phone/servers";
        let rows = [
            shown("GET", &format!("{servers}/share-files"), &[], &Value::Null),
            shown("GET", &format!("{servers}/88b8"), &[], &Value::Null),
            shown("PUT", &format!("{servers}/open-access"), &[], &Value::Null),
            shown("PUT", &format!("{servers}/88b8"), &[], &Value::Null),
        ];
        insta::assert_snapshot!(rows.join("\n"), @r#"
        ListShareFiles
        ShowCloudPhoneServerDetail /server_id
        UpdateKeypair
        UpdateServerName /server_id
        "#);
    }

    #[test]
    fn operations_of_one_method_and_path_are_told_by_the_body() {
        let files = "/v1/{project_id}/cloud-phone/phones/share-files";
        let tags = "/v1/{project_id}/cph-server/88b8/tags/action";
        let commands = ["push", "install", "install-multiple", "uninstall", "shell", "reboot"];
        let rows = commands.map(|command| {
            let body = json!({"command": command, "phone_ids": ["1", "2"]});
            shown("POST", "/v1/{project_id}/cloud-phone/phones/commands", &[], &body)
        });
        let others = [
            shown("POST", files, &[], &json!({"bucket_name": "b"})),
            shown("POST", files, &[], &json!({"file_paths": ["/data/app"]})),
            shown("POST", tags, &[], &json!({"action": "create", "tags": [{"key": "k"}]})),
            shown("POST", tags, &[], &json!({"action": "delete", "tags": [{"key": "k"}]})),
        ];
        insta::assert_snapshot!([&rows[..], &others[..]].concat().join("\n"), @r#"
        PushFile /body/command /body/phone_ids/0
        InstallApk /body/command /body/phone_ids/0
        InstallApk /body/command /body/phone_ids/0
        UninstallApk /body/command /body/phone_ids/0
        RunShellCommand /body/command /body/phone_ids/0
        none
        PushShareFiles /body/bucket_name
        DeleteShareFiles /body/file_paths/0
        BatchCreateTags /body/action /body/tags/0/key /resource_id /resource_type
        BatchDeleteTags /body/action /body/tags/0/key /resource_id /resource_type
        "#);
    }
}
