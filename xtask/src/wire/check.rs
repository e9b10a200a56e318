//! Are the recordings well-formed, and does the bundle declare what the SDK sends?

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{RECORD, SIGNATURES, WIRE};
use crate::bundle::calls;
use crate::python::SDK;

const BUNDLE: &str = "openapi/cph.json";
const GENERATE: &str = "cargo xtask generate";

pub(super) fn run(root: &Path) -> Result<(), String> {
    let wire: Wire = read(root, WIRE, RECORD)?;
    let signatures: Signatures = read(root, SIGNATURES, RECORD)?;
    let bundle: Value = read(root, BUNDLE, GENERATE)?;

    let mut problems = wire_problems(&wire, &bundle);
    problems.extend(signature_problems(&signatures));
    if problems.is_empty() {
        return Ok(());
    }
    problems.push(format!(
        "mend the fragment, or the case in xtask/src/wire/record.py and run `{RECORD}`"
    ));
    Err(problems.join("\n"))
}

fn read<T: DeserializeOwned>(root: &Path, file: &str, mend: &str) -> Result<T, String> {
    fs::read(root.join(file))
        .map_err(|e| e.to_string())
        .and_then(|text| serde_json::from_slice(&text).map_err(|e| e.to_string()))
        .map_err(|e| format!("{file}: {e}; `{mend}` writes it"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    recorded: Recorded,
    requests: Vec<Recording>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signatures {
    recorded: Recorded,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    sdk: String,
    how: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    operation: String,
    case: String,
    arguments: Map<String, Value>,
    request: Request,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the headers need only be well-formed")]
struct Request {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Map<String, Value>,
    body: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "keys, targets and body need only be well-formed")]
struct Vector {
    name: String,
    access_key: String,
    secret_key: String,
    method: String,
    uri: String,
    sent_uri: String,
    headers: Vec<(String, String)>,
    body: String,
    canonical_request: String,
    authorization: String,
}

impl Recorded {
    fn problem(&self, file: &str, pinned: &str) -> Option<String> {
        let pinned = pinned.replace("==", " ");
        (self.sdk != pinned || self.how != RECORD)
            .then(|| format!("{file}: not recorded from {pinned} by `{RECORD}`"))
    }
}

fn wire_problems(wire: &Wire, bundle: &Value) -> Vec<String> {
    let mut problems = Vec::from_iter(wire.recorded.problem(WIRE, SDK[0]));
    let mut seen = BTreeSet::new();
    for recording in &wire.requests {
        let Recording { operation, case, .. } = recording;
        let mut say =
            |problem: String| problems.push(format!("{WIRE}: {operation}, {case}: {problem}"));
        if !seen.insert((operation, case)) {
            say("recorded twice".to_owned());
        }
        match find_operation(bundle, operation) {
            None => say(format!("{BUNDLE} has no such operation")),
            Some(declared) => disagreements(recording, &declared, bundle).into_iter().for_each(say),
        }
    }
    problems
}

struct Declared<'a> {
    path: &'a str,
    method: &'a str,
    parameters: Vec<&'a Value>,
    body: Option<&'a Value>,
}

fn find_operation<'a>(bundle: &'a Value, id: &str) -> Option<Declared<'a>> {
    let call = calls(bundle).find(|call| call.name == id)?;
    let parameters = [&bundle["paths"][call.path]["parameters"], &call.operation["parameters"]]
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(|parameter| resolve(bundle, parameter))
        .collect();
    let body = Some(call.request).filter(|schema| !schema.is_null());
    Some(Declared { path: call.path, method: call.method, parameters, body })
}

fn disagreements(recording: &Recording, declared: &Declared<'_>, bundle: &Value) -> Vec<String> {
    let Recording { arguments, request, .. } = recording;
    let mut problems = Vec::new();
    if !request.method.eq_ignore_ascii_case(declared.method) {
        problems.push(format!(
            "{}, but declared as {}",
            request.method,
            declared.method.to_uppercase()
        ));
    }
    if !fits(&request.path, declared.path) {
        problems.push(format!("{} does not fit {}", request.path, declared.path));
    }
    for (name, _) in &request.query {
        let known = |p: &&Value| p["in"] == "query" && p["name"] == name.as_str();
        if !declared.parameters.iter().any(known) {
            problems.push(format!("query parameter {name} is not declared"));
        }
    }
    if arguments.get("body").unwrap_or(&Value::Null) != &request.body {
        problems.push("the body is not the one that the SDK was given".to_owned());
    }
    match declared.body {
        Some(schema) => undeclared(bundle, schema, &request.body, "", &mut problems),
        None if request.body.is_null() => {}
        None => problems.push("a body is not declared".to_owned()),
    }
    problems
}

fn fits(path: &str, template: &str) -> bool {
    path.split('/').count() == template.split('/').count()
        && path
            .split('/')
            .zip(template.split('/'))
            .all(|(segment, declared)| declared.starts_with('{') || segment == declared)
}

/// Names every field of `value` that `schema` does not declare.
fn undeclared(bundle: &Value, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let at = format!("{at}/{name}");
                match property(bundle, schema, name) {
                    Some(schema) => undeclared(bundle, schema, field, &at, problems),
                    None => problems.push(format!("body field {at} is not declared")),
                }
            }
        }
        Value::Array(items) => {
            let schema = &resolve(bundle, schema)["items"];
            for (index, item) in items.iter().enumerate() {
                undeclared(bundle, schema, item, &format!("{at}/{index}"), problems);
            }
        }
        _ => {}
    }
}

fn property<'a>(bundle: &'a Value, schema: &'a Value, name: &str) -> Option<&'a Value> {
    let schema = resolve(bundle, schema);
    let named = schema["properties"].get(name);
    let merged =
        || schema["allOf"].as_array()?.iter().find_map(|part| property(bundle, part, name));
    let any = || Some(&schema["additionalProperties"]).filter(|rest| rest.is_object());
    named.or_else(merged).or_else(any)
}

fn resolve<'a>(bundle: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"]
        .as_str()
        .and_then(|reference| bundle.pointer(reference.strip_prefix('#')?))
        .unwrap_or(value)
}

fn signature_problems(signatures: &Signatures) -> Vec<String> {
    let mut problems = Vec::from_iter(signatures.recorded.problem(SIGNATURES, SDK[1]));
    let mut seen = BTreeSet::new();
    for vector in &signatures.vectors {
        if !seen.insert(&vector.name) {
            problems.push(format!("{SIGNATURES}: {}: recorded twice", vector.name));
        }
        if let Some(problem) = vector.problem() {
            problems.push(format!("{SIGNATURES}: {}: {problem}", vector.name));
        }
    }
    problems
}

impl Vector {
    fn problem(&self) -> Option<&'static str> {
        let mut lines = self.canonical_request.lines();
        if lines.next() != Some(&self.method) {
            return Some("the canonical request begins with another method");
        }
        let signed = lines.rev().nth(1).unwrap_or_default();
        let given = |name: &str| self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        if !signed.split(';').all(given) {
            return Some("a signed header is not among the headers");
        }
        if !["host", "x-sdk-date"].iter().all(|name| signed.split(';').any(|n| n == *name)) {
            return Some("host and date are not signed");
        }
        let beginning = format!(
            "SDK-HMAC-SHA256 Access={}, SignedHeaders={signed}, Signature=",
            self.access_key
        );
        match self.authorization.strip_prefix(&beginning) {
            Some(hex) if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) => None,
            _ => Some("the authorization does not follow from the key and the canonical request"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Spoil = fn(&mut Value);

    #[test]
    fn a_request_that_the_bundle_declares_is_no_problem() {
        assert_eq!(problems_after(|_| {}), [""; 0]);
    }

    #[test]
    fn whatever_the_bundle_does_not_declare_is_named() {
        let table: [(Spoil, &str); 10] = [
            (
                |w| w["recorded"]["sdk"] = json!("by hand"),
                "not recorded from huaweicloudsdkcph 3.1.219 by `cargo xtask wire --record`",
            ),
            (
                |w| w["requests"][0]["operation"] = json!("Nap"),
                "Nap, example: openapi/cph.json has no such operation",
            ),
            (
                |w| w["requests"][0]["request"]["method"] = json!("PUT"),
                "Restart, example: PUT, but declared as POST",
            ),
            (
                |w| w["requests"][0]["request"]["path"] = json!("/v1/p/restart/x"),
                "Restart, example: /v1/p/restart/x does not fit /v1/{project_id}/restart",
            ),
            (
                |w| w["requests"][0]["request"]["path"] = json!("/v2/p/restart"),
                "Restart, example: /v2/p/restart does not fit /v1/{project_id}/restart",
            ),
            (
                |w| w["requests"][0]["request"]["query"][0][0] = json!("dry"),
                "Restart, example: query parameter dry is not declared",
            ),
            (
                |w| send(w, json!({"phones": [{"phone_id": "a", "id": "b"}]})),
                "Restart, example: body field /phones/0/id is not declared",
            ),
            (
                |w| send(w, json!({"images": []})),
                "Restart, example: body field /images is not declared",
            ),
            (
                |w| w["requests"][0]["request"]["body"] = json!(null),
                "Restart, example: the body is not the one that the SDK was given",
            ),
            (|w| w["requests"][1] = w["requests"][0].clone(), "Restart, example: recorded twice"),
        ];
        for (spoil, message) in table {
            let problems = problems_after(spoil);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].ends_with(message), "{problems:?}");
        }
    }

    #[test]
    fn an_operation_that_shares_its_path_has_its_own_fields() {
        let wire = |operation| {
            json!({
                "recorded": wire()["recorded"],
                "requests": [{
                    "operation": operation,
                    "case": "example",
                    "arguments": {"body": {"phones": []}},
                    "request": {
                        "method": "POST",
                        "path": "/v1/p/commands",
                        "query": [],
                        "headers": {},
                        "body": {"phones": []},
                    },
                }],
            })
        };
        let problems =
            |operation| wire_problems(&serde_json::from_value(wire(operation)).unwrap(), &bundle());
        assert_eq!(problems("Run"), [""; 0]);
        assert_eq!(
            problems("Push"),
            ["openapi/wire.json: Push, example: body field /phones is not declared"]
        );
        assert_eq!(
            problems("Send"),
            ["openapi/wire.json: Send, example: openapi/cph.json has no such operation"]
        );
    }

    #[test]
    fn a_body_where_none_is_declared_is_named() {
        let mut bundle = bundle();
        bundle["paths"]["/v1/{project_id}/restart"]["post"]["requestBody"] = json!(null);
        let wire = serde_json::from_value(wire()).unwrap();
        assert_eq!(
            wire_problems(&wire, &bundle),
            ["openapi/wire.json: Restart, example: a body is not declared"]
        );
    }

    #[test]
    fn a_spoilt_vector_is_named() {
        let table: [(&str, &str, &str); 5] = [
            ("method", "PUT", "the canonical request begins with another method"),
            ("headers", "X-Other", "a signed header is not among the headers"),
            ("canonical_request", "GET\n/\n\nhost:h\n\nhost\ne3", "host and date are not signed"),
            (
                "access_key",
                "other",
                "the authorization does not follow from the key and the canonical request",
            ),
            (
                "authorization",
                "SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x-sdk-date, Signature=00",
                "the authorization does not follow from the key and the canonical request",
            ),
        ];
        assert_eq!(vector(&json!({})).problem(), None);
        for (field, value, message) in table {
            let value = if field == "headers" { json!([[value, ""]]) } else { json!(value) };
            assert_eq!(vector(&json!({field: value})).problem(), Some(message));
        }
    }

    #[test]
    fn the_committed_recordings_are_well_formed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let wire: Wire = read(&root, WIRE, RECORD).unwrap();
        let signatures: Signatures = read(&root, SIGNATURES, RECORD).unwrap();
        assert!(!wire.requests.is_empty());
        assert_eq!(signature_problems(&signatures), [""; 0]);
        assert!(signatures.vectors.len() >= 20);
    }

    fn problems_after(spoil: Spoil) -> Vec<String> {
        let mut wire = wire();
        spoil(&mut wire);
        wire_problems(&serde_json::from_value(wire).unwrap(), &bundle())
    }

    fn send(wire: &mut Value, body: Value) {
        wire["requests"][0]["arguments"]["body"] = body.clone();
        wire["requests"][0]["request"]["body"] = body;
    }

    fn wire() -> Value {
        let body = json!({"phones": [{"phone_id": "a"}], "tags": {"any": "name"}});
        json!({
            "recorded": {"sdk": "huaweicloudsdkcph 3.1.219", "how": "cargo xtask wire --record"},
            "requests": [{
                "operation": "Restart",
                "case": "example",
                "arguments": {"force": true, "body": body},
                "request": {
                    "method": "POST",
                    "path": "/v1/p/restart",
                    "query": [["force", "true"]],
                    "headers": {"content-type": "application/json"},
                    "body": body,
                },
            }, {
                "operation": "List",
                "case": "example",
                "arguments": {},
                "request": {
                    "method": "GET",
                    "path": "/v1/p",
                    "query": [],
                    "headers": {},
                    "body": null,
                },
            }],
        })
    }

    fn bundle() -> Value {
        json!({
            "paths": {
                "/v1/{project_id}": {"get": {"operationId": "List"}},
                "/v1/{project_id}/commands": {"post": {
                    "operationId": "Send",
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}},
                    "x-cph": {"operations": {
                        "Push": {"request": {"$ref": "#/components/schemas/Phone"}},
                        "Run": {"request": {"$ref": "#/components/schemas/Body"}},
                    }},
                }},
                "/v1/{project_id}/restart": {
                    "parameters": [{"name": "project_id", "in": "path"}],
                    "post": {
                        "operationId": "Restart",
                        "parameters": [{"$ref": "#/components/parameters/Force"}],
                        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}},
                    },
                },
            },
            "components": {
                "parameters": {"Force": {"name": "force", "in": "query"}},
                "schemas": {
                    "Body": {
                        "allOf": [{"properties": {"phones": {"items": {"$ref": "#/components/schemas/Phone"}}}}],
                        "properties": {"tags": {"additionalProperties": {"type": "string"}}},
                    },
                    "Phone": {"properties": {"phone_id": {"type": "string"}}},
                },
            },
        })
    }

    fn vector(spoilt: &Value) -> Vector {
        let mut vector = json!({
            "name": "few",
            "access_key": "a",
            "secret_key": "s",
            "method": "GET",
            "uri": "/",
            "sent_uri": "/",
            "headers": [["Host", "h"], ["X-Sdk-Date", "d"]],
            "body": "",
            "canonical_request": "GET\n/\n\nhost:h\nx-sdk-date:d\n\nhost;x-sdk-date\ne3",
            "authorization": format!("SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x-sdk-date, Signature={}", "0".repeat(64)),
        });
        for (field, value) in spoilt.as_object().unwrap() {
            vector[field] = value.clone();
        }
        serde_json::from_value(vector).unwrap()
    }
}
