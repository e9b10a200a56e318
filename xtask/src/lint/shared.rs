//! Operations that share method and path can be one operation of `OpenAPI`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::clashes;
use crate::{
    bundle::{JSON, Schemas},
    problem::Problems,
    shared::{Group, Union, groups},
    spec::Spec,
    words,
};

const PLACE: &str = "/x-cph/shared";

pub(super) fn check(spec: &Spec, problems: &mut Problems) {
    let schemas: Schemas<'_> = spec.schemas().map(|(_, _, name, schema)| (name, schema)).collect();
    for group in groups(spec) {
        names(spec, &group, problems);
        alike(&group, problems);
        for union in [group.request(), group.response()] {
            united(&union, &schemas, problems);
        }
    }
}

fn names(spec: &Spec, group: &Group<'_>, problems: &mut Problems) {
    let name = group.name;
    let file = &group.members[0].file;
    if !words::is_pascal(name) {
        problems.report(file, PLACE, format!("`{name}` is no name like SendPhoneCommand"));
    }
    if spec.operations.iter().any(|operation| operation.id == name) {
        problems.report(
            file,
            PLACE,
            format!("{name} is also an operation; the union needs a name of its own"),
        );
    }
    if group.members.len() == 1 {
        problems.report(file, PLACE, format!("no other operation shares {name}; remove it"));
    }
    for (file, place, taken, _) in spec.schemas() {
        if taken == group.request().name || taken == group.response().name {
            problems.report(
                file,
                place,
                format!("has the name of what is generated for {name}; rename it"),
            );
        }
    }
}

/// Holds the members against the first: what the bundle takes from one has to go for all.
fn alike(group: &Group<'_>, problems: &mut Problems) {
    let (first, others) = (group.members[0], &group.members[1..]);
    for other in others {
        if (&other.method, &other.path) != (&first.method, &first.path) {
            let text =
                format!("{} says so too, but is {} {}", first.file, first.method, first.path);
            problems.report(&other.file, PLACE, text);
            continue;
        }
        for part in ["tags", "parameters", "requestBody", "responses", "deprecated"] {
            let of = |object: &Map<String, Value>| object.get(part).map(frame);
            if of(&first.object) != of(&other.object) {
                let text = format!(
                    "differs from that of {}, and not only in descriptions, examples and schemas of bodies; make them alike, as one operation stands for both",
                    first.file
                );
                problems.report(&other.file, format!("/operation/{part}"), text);
            }
        }
    }
}

/// What is left without what may differ: words, examples and schemas of bodies.
fn frame(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| !["description", "example", "examples"].contains(&key.as_str()))
            .map(|(key, value)| {
                let is_json = key == JSON;
                (key.clone(), if is_json { Value::Null } else { frame(value) })
            })
            .collect(),
        Value::Array(items) => items.iter().map(frame).collect(),
        plain => plain.clone(),
    }
}

fn united<'a>(union: &Union<'a>, schemas: &Schemas<'a>, problems: &mut Problems) {
    let names: BTreeMap<&str, &str> = union
        .parts
        .iter()
        .filter_map(|part| Some((part.operation.id.as_str(), part.schema_name()?)))
        .collect();
    for part in &union.parts {
        if let Some(name) = part.schema_name()
            && !schemas.get(name).is_some_and(|schema| schema["properties"].is_object())
        {
            problems.report(
                &part.operation.file,
                format!("/schemas/{name}"),
                "has no `properties`, which the union of the operations is made of",
            );
        }
    }
    let properties = union.properties(schemas);
    for (name, holders) in &properties {
        let (first, of_first) = holders[0];
        for (other, of_other) in &holders[1..] {
            if undescribed(of_first) != undescribed(of_other) {
                problems.report(
                    &other.file,
                    format!("/schemas/{}/properties/{name}", names[other.id.as_str()]),
                    format!("differs from {name} in {}, and not only in its description; make them equal, as one property stands for both", first.file),
                );
            }
        }
    }
    for (one, other) in clashes(properties.iter().map(|(name, _)| *name)) {
        let text = format!(
            "{} has the properties `{one}` and `{other}`, which become the same field",
            union.name
        );
        problems.report(&union.parts[0].operation.file, PLACE, text);
    }
}

fn undescribed(schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema.as_object_mut().map(|keywords| keywords.remove("description"));
    schema
}
