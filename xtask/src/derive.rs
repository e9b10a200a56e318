//! Makes, from the exact document, the relaxed one that the generator reads.
//!
//! An answer that breaks a rule of its page must still be read: one odd field would turn an accepted restart into a
//! decode error. Requests keep their types; whether their values are good is checked before the raw client is called.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{bundle::operations, walk};

/// Keywords that narrow a plain type or give it another Rust type.
const NARROWING: [&str; 12] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
    "format",
    "default",
];

/// What the generator reads, and which of its schemas stand in answers.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) document: Value,
    pub(crate) answers: BTreeSet<String>,
}

pub(crate) fn derive(bundle: &Value) -> Derived {
    let mut document = bundle.clone();
    each_operation(&mut document, |operation| {
        operation.remove("x-cph");
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            responses.retain(|status, _| status.starts_with('2'));
            responses.values_mut().for_each(without_examples);
        }
        if let Some(body) = operation.get_mut("requestBody") {
            without_examples(body);
        }
        for parameter in
            operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
        {
            plain_parameter(parameter);
        }
    });
    let answers = owned(walk::reached(
        &document,
        operations(&document).map(|(_, _, operation)| &operation["responses"]),
    ));
    let used =
        owned(walk::reached(&document, operations(&document).map(|(_, _, operation)| operation)));
    if let Some(components) = document["components"].as_object_mut() {
        components.remove("responses");
        for parameter in
            components["parameters"].as_object_mut().into_iter().flat_map(Map::values_mut)
        {
            plain_parameter(parameter);
        }
        if let Some(schemas) = components["schemas"].as_object_mut() {
            schemas.retain(|name, _| used.contains(name));
            for (name, schema) in schemas {
                walk::schemas_mut(schema, &mut plain);
                if answers.contains(name) {
                    walk::schemas_mut(schema, &mut lenient);
                }
            }
        }
    }
    Derived { document, answers }
}

fn each_operation(document: &mut Value, mut change: impl FnMut(&mut Map<String, Value>)) {
    for methods in document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        for operation in methods.as_object_mut().into_iter().flat_map(Map::values_mut) {
            operation.as_object_mut().map(&mut change);
        }
    }
}

fn without_examples(body: &mut Value) {
    let content = body.get_mut("content").and_then(Value::as_object_mut);
    for media in content.into_iter().flat_map(Map::values_mut) {
        if let Some(media) = media.as_object_mut() {
            media.remove("example");
            media.remove("examples");
        }
    }
}

fn plain_parameter(parameter: &mut Value) {
    if let Some(parameter) = parameter.as_object_mut() {
        parameter.remove("example");
        parameter.remove("examples");
        if let Some(schema) = parameter.get_mut("schema") {
            walk::schemas_mut(schema, &mut plain);
        }
    }
}

fn plain(schema: &mut Map<String, Value>) {
    schema.retain(|keyword, _| keyword != "example" && !NARROWING.contains(&keyword.as_str()));
}

fn lenient(schema: &mut Map<String, Value>) {
    schema.retain(|keyword, _| keyword != "required" && keyword != "enum");
    for property in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::values_mut)
    {
        if matches!(property["type"].as_str(), Some("array" | "object")) {
            property["nullable"] = true.into();
        }
    }
}

fn owned(names: BTreeSet<&str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}
