//! Steps from a schema to the schemas inside it, and from a value to all it refers to.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Where a schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// Under `components/schemas`, with a name.
    Named,
    /// The schema of a parameter.
    Parameter,
    /// Inside another schema.
    Inner,
}

/// Visits a schema and every schema inside it, with its JSON pointer.
pub(crate) fn schemas(
    place: &str,
    position: Position,
    schema: &Value,
    visit: &mut impl FnMut(&str, Position, &Value),
) {
    visit(place, position, schema);
    let Some(keywords) = schema.as_object() else { return };
    for (keyword, value) in keywords {
        let place = format!("{place}/{keyword}");
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    schemas(
                        &format!("{place}/{}", escaped(name)),
                        Position::Inner,
                        property,
                        visit,
                    );
                }
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                for (index, branch) in branches.iter().enumerate() {
                    schemas(&format!("{place}/{index}"), Position::Inner, branch, visit);
                }
            }
            ("items" | "additionalProperties" | "not", Value::Object(_)) => {
                schemas(&place, Position::Inner, value, visit);
            }
            _ => {}
        }
    }
}

/// Changes a schema and every schema inside it, the outer one first.
pub(crate) fn schemas_mut(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Some(keywords) = schema.as_object_mut() else { return };
    change(keywords);
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for property in properties.values_mut() {
                    schemas_mut(property, change);
                }
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                for branch in branches {
                    schemas_mut(branch, change);
                }
            }
            ("items" | "additionalProperties" | "not", value) => schemas_mut(value, change),
            _ => {}
        }
    }
}

/// Visits every `$ref` inside a value, examples excepted.
pub(crate) fn references<'a>(place: &str, value: &'a Value, visit: &mut impl FnMut(&str, &'a str)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("$ref", Value::String(target)) => visit(place, target),
                    ("example" | "examples", _) => {}
                    _ => references(&format!("{place}/{}", escaped(key)), member, visit),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                references(&format!("{place}/{index}"), item, visit);
            }
        }
        _ => {}
    }
}

/// The names of all schemas that a value of the bundle refers to, directly or through others.
pub(crate) fn reached<'a>(
    bundle: &'a Value,
    from: impl IntoIterator<Item = &'a Value>,
) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&Value> = from.into_iter().collect();
    while let Some(value) = open.pop() {
        references("", value, &mut |_, target| {
            if seen.insert(target) {
                open.extend(resolve(bundle, target));
            }
        });
    }
    seen.into_iter().filter_map(|target| target.strip_prefix(SCHEMAS)).collect()
}

/// How a reference to a schema begins.
pub(crate) const SCHEMAS: &str = "#/components/schemas/";

/// What a reference of the bundle points to.
pub(crate) fn resolve<'a>(bundle: &'a Value, target: &str) -> Option<&'a Value> {
    bundle.pointer(target.strip_prefix('#')?)
}

/// The value itself, or what its `$ref` points to.
pub(crate) fn followed<'a>(bundle: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().and_then(|target| resolve(bundle, target)).unwrap_or(value)
}

/// A key as it stands in a JSON pointer.
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
