//! Parameters, bodies and answers of each operation, and what `x-cph` says of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{clashes, unknown_keys};
use crate::{
    bundle::{JSON, successes},
    problem::Problems,
    source::{COMMON, listed},
    spec::{Operation, Spec},
    walk::{escaped, followed},
    words,
};

const OPERATION: [&str; 8] = [
    "tags",
    "summary",
    "description",
    "externalDocs",
    "parameters",
    "requestBody",
    "responses",
    "deprecated",
];
const PARAMETER: [&str; 11] = [
    "$ref",
    "name",
    "in",
    "description",
    "required",
    "deprecated",
    "style",
    "explode",
    "schema",
    "example",
    "examples",
];
const BODY: [&str; 3] = ["description", "required", "content"];
const RESPONSE: [&str; 4] = ["$ref", "description", "headers", "content"];
const MEDIA: [&str; 3] = ["schema", "example", "examples"];

pub(super) fn check(spec: &Spec, bundle: &Value, problems: &mut Problems) {
    let tags: BTreeSet<&str> = spec.common.tags.iter().map(|tag| tag.name.as_str()).collect();
    for operation in &spec.operations {
        let mut lint = Lint { file: &operation.file, operation, bundle, problems };
        let object = Value::Object(operation.object.clone());
        lint.keys("/operation", &object, &OPERATION);
        lint.texts(&tags);
        lint.parameters();
        lint.request();
        lint.responses(&object);
        lint.about();
    }
    for (name, parameter) in &spec.common.components.parameters {
        parameter_object(COMMON, &format!("/components/parameters/{name}"), parameter, problems);
    }
    for (name, response) in &spec.common.components.responses {
        response_object(COMMON, &format!("/components/responses/{name}"), response, problems);
    }
}

struct Lint<'a> {
    file: &'a str,
    operation: &'a Operation,
    bundle: &'a Value,
    problems: &'a mut Problems,
}

impl Lint<'_> {
    fn report(&mut self, place: &str, text: impl Into<String>) {
        self.problems.report(self.file, place, text);
    }

    fn keys(&mut self, place: &str, object: &Value, known: &[&str]) {
        unknown_keys(self.file, place, object, known, self.problems);
    }

    fn texts(&mut self, known: &BTreeSet<&str>) {
        let object = &self.operation.object;
        if object.get("summary").and_then(Value::as_str).unwrap_or_default().is_empty() {
            self.report(
                "/operation/summary",
                "is missing; say in one line what the operation does",
            );
        }
        let tags =
            object.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if !matches!(tags, [Value::String(tag)] if known.contains(tag.as_str())) {
            self.report("/operation/tags", format!("has to be one tag of {COMMON}"));
        }
    }

    fn parameters(&mut self) {
        let empty = Vec::new();
        let listed =
            self.operation.object.get("parameters").and_then(Value::as_array).unwrap_or(&empty);
        let mut seen = BTreeSet::new();
        for (index, parameter) in listed.iter().enumerate() {
            let place = format!("/operation/parameters/{index}");
            parameter_object(self.file, &place, parameter, self.problems);
            let parameter = followed(self.bundle, parameter);
            let (name, within) = (
                parameter["name"].as_str().unwrap_or_default(),
                parameter["in"].as_str().unwrap_or_default(),
            );
            if !seen.insert((within, name)) {
                self.report(&place, format!("the {within} parameter `{name}` is listed twice"));
            }
        }
        for (one, other) in clashes(seen.iter().map(|(_, name)| *name)) {
            let text = format!("`{one}` and `{other}` become the same argument; only one can stay");
            self.report("/operation/parameters", text);
        }
        let in_path: BTreeSet<&str> =
            seen.iter().filter(|(within, _)| *within == "path").map(|(_, name)| *name).collect();
        let path = self.operation.path.as_str();
        let braced: BTreeSet<&str> =
            path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        for name in braced.difference(&in_path) {
            self.report("/path", format!("has {{{name}}}, which no path parameter declares"));
        }
        for name in in_path.difference(&braced) {
            self.report(
                "/operation/parameters",
                format!("declares the path parameter `{name}`, which the path does not hold"),
            );
        }
        if !path.starts_with("/v") {
            self.report("/path", "does not begin with a version such as /v1");
        }
    }

    fn request(&mut self) {
        let Some(body) = self.operation.object.get("requestBody") else { return };
        let place = "/operation/requestBody";
        self.keys(place, body, &BODY);
        if body["required"] != true {
            self.report(place, "is not required; the generated method always sends a body, so write `required: true`");
        }
        let types: Vec<&str> = body["content"]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect();
        match types.as_slice() {
            [JSON] => media_object(
                self.file,
                &format!("{place}/content/application~1json"),
                &body["content"][JSON],
                self.problems,
            ),
            [kind] if kind.starts_with("multipart/") => {
                self.report(
                    place,
                    format!("is {kind}, which the generator cannot write; leave the operation out"),
                );
            }
            _ => {
                let types = listed(&types);
                self.report(place, format!("has the content types {types}; exactly {JSON} works"));
            }
        }
    }

    fn responses(&mut self, object: &Value) {
        let place = "/operation/responses";
        let responses = object["responses"].as_object();
        for (status, response) in responses.into_iter().flatten() {
            let place = format!("{place}/{status}");
            if status == "default" {
                self.report(&place, "counts as an answer of success; name 4XX and 5XX instead");
            } else if !is_status(status) {
                self.report(&place, "is no status such as '200' or 4XX");
            }
            response_object(self.file, &place, response, self.problems);
        }
        let successes: Vec<_> = successes(object).collect();
        let [(status, response)] = successes.as_slice() else {
            let found: Vec<&str> = successes.iter().map(|(status, _)| *status).collect();
            let found = if found.is_empty() { "none".into() } else { listed(&found) };
            return self.report(place, format!("needs exactly one status of success, has {found}"));
        };
        let place = format!("{place}/{status}");
        if *status == "2XX" {
            self.report(&place, "is a range; name the one status that the page prints");
        }
        let content = followed(self.bundle, response)["content"].as_object();
        let types: Vec<&str> =
            content.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        match (*status, types.as_slice()) {
            ("204", []) => {}
            ("204", _) => self.report(&place, "has content, which a 204 never has"),
            (_, [JSON]) => {}
            (_, []) => {
                self.report(&place, format!("has no content; it needs {JSON}, or the status 204"));
            }
            _ => {
                let types = listed(&types);
                self.report(&place, format!("has the content types {types}; exactly {JSON} works"));
            }
        }
    }

    fn about(&mut self) {
        let about = &self.operation.about;
        if about.read.is_empty() {
            self.report("/x-cph/read", "is empty; name the page it was transcribed from");
        }
        if about
            .read
            .iter()
            .any(|read| read.page.trim().is_empty() || read.vintage.trim().is_empty())
        {
            self.report("/x-cph/read", "has a page or a vintage without a word");
        }
        if about.job_family.is_some() && !about.asynchronous {
            self.report("/x-cph/job_family", "is given, so `asynchronous` has to be true");
        }
        if about.rate_limit.as_ref().is_some_and(|limit| limit.calls == 0) {
            self.report("/x-cph/rate_limit", "allows no call");
        }
        let body = self.operation.object.get("requestBody").unwrap_or(&Value::Null);
        let schema = followed(self.bundle, &body["content"][JSON]["schema"]);
        for (field, values) in &about.fixed {
            let place = format!("/x-cph/fixed/{field}");
            if schema["properties"][field]["type"] != "string" {
                self.report(&place, format!("`{field}` is no string of the request body"));
            }
            if values.is_empty() {
                self.report(&place, "is empty, so no call could be made");
            }
        }
        if let Some(batch) = &about.batch {
            if schema["properties"][&batch.field]["type"] != "array" {
                self.report(
                    "/x-cph/batch/field",
                    format!("`{}` is no array of the request body", batch.field),
                );
            }
            if batch.part == 0 || batch.maximum.is_some_and(|maximum| maximum < batch.part) {
                self.report("/x-cph/batch/part", "has to be at least 1 and at most `maximum`");
            }
        }
        let mut names = BTreeSet::new();
        for (index, limit) in about.limits.iter().enumerate() {
            let place = format!("/x-cph/limits/{index}");
            if !words::is_lower(&limit.name, '_') {
                self.report(&place, format!("`{}` is no name like property_bytes", limit.name));
            }
            if !names.insert(&limit.name) {
                self.report(&place, format!("`{}` is given twice", limit.name));
            }
        }
    }
}

fn is_status(status: &str) -> bool {
    matches!(status.as_bytes(), [b'1'..=b'5', rest @ ..] if rest == b"XX" || (rest.len() == 2 && rest.iter().all(u8::is_ascii_digit)))
}

fn parameter_object(file: &str, place: &str, parameter: &Value, problems: &mut Problems) {
    unknown_keys(file, place, parameter, &PARAMETER, problems);
    if parameter.get("$ref").is_some() {
        return;
    }
    let name = parameter["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        problems.report(file, place, "has no `name`");
    }
    if words::folded(name) == "body" {
        problems.report(
            file,
            place,
            "is called `body`, as the generated argument for the request body is; it cannot be had",
        );
    }
    match parameter["in"].as_str() {
        Some("path") if parameter["required"] != true => {
            problems.report(
                file,
                place,
                format!("the path parameter `{name}` needs `required: true`"),
            );
        }
        Some("path" | "query" | "header") => {}
        Some("cookie") => {
            problems.report(file, place, "is a cookie, which the generator cannot send");
        }
        _ => problems.report(file, place, "needs `in`: path, query or header"),
    }
    if parameter["style"] == "deepObject" {
        problems.report(file, place, "has the style deepObject, which the generator cannot send; list its fields as parameters");
    }
    if parameter["explode"] == false {
        problems.report(file, place, "is not exploded, but the generator sends each item by itself; make it a string with commas");
    }
    if parameter["schema"].is_null() {
        problems.report(file, place, "has no `schema`");
    }
}

fn response_object(file: &str, place: &str, response: &Value, problems: &mut Problems) {
    unknown_keys(file, place, response, &RESPONSE, problems);
    if response.get("$ref").is_some() {
        return;
    }
    if response["description"].as_str().unwrap_or_default().is_empty() {
        problems.report(file, place, "has no `description`, which OpenAPI asks for");
    }
    for (kind, media) in response["content"].as_object().into_iter().flatten() {
        media_object(file, &format!("{place}/content/{}", escaped(kind)), media, problems);
    }
}

fn media_object(file: &str, place: &str, media: &Value, problems: &mut Problems) {
    unknown_keys(file, place, media, &MEDIA, problems);
    match &media["schema"] {
        Value::Null => problems.report(file, place, "has no `schema`"),
        schema if schema.get("$ref").is_none() => {
            problems.report(
                file,
                format!("{place}/schema"),
                "stands in place; name it under `schemas` and refer to it",
            );
        }
        _ => {}
    }
}
