//! What a schema may say, for the generator to write a type that is right.

use serde_json::{Map, Value};

use super::clashes;
use crate::{
    problem::Problems,
    source::{COMMON, listed},
    spec::Spec,
    walk::{self, Position},
};

const KEYWORDS: [&str; 29] = [
    "$ref",
    "title",
    "description",
    "type",
    "format",
    "nullable",
    "deprecated",
    "readOnly",
    "writeOnly",
    "example",
    "default",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "properties",
    "required",
    "additionalProperties",
    "oneOf",
    "allOf",
];
const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

pub(super) fn check(spec: &Spec, problems: &mut Problems) {
    let mut each = |file: &str, place: &str, position: Position, schema: &Value| {
        walk::schemas(place, position, schema, &mut |place, position, schema| {
            let mut report = |text: String| problems.report(file, place, text);
            keywords(schema, &mut report);
            shape(position, schema, &mut report);
            members(schema, &mut report);
        });
    };
    for (file, place, _, schema) in spec.schemas() {
        each(file, &place, Position::Named, schema);
    }
    for operation in &spec.operations {
        let parameters = operation.object.get("parameters").and_then(Value::as_array);
        for (index, parameter) in parameters.into_iter().flatten().enumerate() {
            parameter_schema(
                &operation.file,
                &format!("/operation/parameters/{index}"),
                parameter,
                &mut each,
            );
        }
    }
    for (name, parameter) in &spec.common.components.parameters {
        parameter_schema(COMMON, &format!("/components/parameters/{name}"), parameter, &mut each);
    }
}

fn parameter_schema(
    file: &str,
    place: &str,
    parameter: &Value,
    each: &mut impl FnMut(&str, &str, Position, &Value),
) {
    if let Some(schema) = parameter.get("schema") {
        each(file, &format!("{place}/schema"), Position::Parameter, schema);
    }
}

fn keywords(schema: &Value, report: &mut impl FnMut(String)) {
    let Some(keywords) = schema.as_object() else { return report("is no schema".into()) };
    for keyword in keywords.keys().filter(|keyword| !keyword.starts_with("x-")) {
        match keyword.as_str() {
            "not" => report("has `not`, which makes the generator panic; say it in the description".into()),
            "anyOf" => report("has `anyOf`, which the generator gets wrong; use `oneOf`, or a plain type with a description".into()),
            keyword if !KEYWORDS.contains(&keyword) => report(format!("has the keyword `{keyword}`, which OpenAPI 3.0 has not")),
            _ => {}
        }
    }
    if keywords.contains_key("$ref") && keywords.len() > 1 {
        report("has keywords beside `$ref`, which every reader of OpenAPI passes over; move them into what is referred to".into());
    }
    match keywords.get("type") {
        None => {}
        Some(Value::String(kind)) if TYPES.contains(&kind.as_str()) => {}
        Some(kind) => report(format!("has the type {kind}; OpenAPI 3.0 has {}", listed(&TYPES))),
    }
    if schema["additionalProperties"] == false {
        report("has `additionalProperties: false`, which would refuse an answer with a new field; remove it".into());
    }
    if schema["uniqueItems"] == true {
        report(
            "has `uniqueItems`, which the generator does not keep; say it in the description"
                .into(),
        );
    }
    if !schema["minItems"].is_null() && schema["minItems"] == schema["maxItems"] {
        report("has equal `minItems` and `maxItems`, which makes an array of fixed length; leave one out".into());
    }
}

fn shape(position: Position, schema: &Value, report: &mut impl FnMut(String)) {
    let has = |keyword: &str| schema.get(keyword).is_some();
    let is_map = schema["additionalProperties"].is_object() && !has("properties");
    let is_object = schema["type"] == "object" || has("properties");
    if is_object && !is_map && position != Position::Named {
        report("is an object without a name; name it under `schemas` and refer to it".into());
    }
    if is_object && position == Position::Parameter {
        report("is an object, which a parameter cannot carry".into());
    }
    if (has("oneOf") || has("allOf")) && position != Position::Named {
        report(
            "is a choice or a union without a name; name it under `schemas` and refer to it".into(),
        );
    }
    if schema["type"] == "array" && !has("items") {
        report("is an array without `items`".into());
    }
    if !["$ref", "type", "oneOf", "allOf"].into_iter().any(has) {
        report("has no `type`, so anything would pass".into());
    }
}

fn members(schema: &Value, report: &mut impl FnMut(String)) {
    let properties: Vec<&str> = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    for name in strings(&schema["required"]).filter(|name| !properties.contains(name)) {
        report(format!("requires `{name}`, which is none of its properties"));
    }
    for (one, other) in clashes(properties) {
        report(format!("has the properties `{one}` and `{other}`, which become the same field"));
    }
    for (one, other) in clashes(strings(&schema["enum"])) {
        report(format!(
            "has the values `{one}` and `{other}`, which become the same variant; describe them instead"
        ));
    }
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
