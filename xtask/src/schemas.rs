//! Turns the schemas of the bundle into JSON Schema 2020-12: `cph-sim/src/schemas.json`, and what examples are held against.

use serde_json::{Map, Value, json};

use crate::{
    bundle::{Call, calls, successes},
    walk,
};

pub(crate) fn generated(bundle: &Value) -> Value {
    let operations: Map<String, Value> = sorted(calls(bundle).filter_map(|call| {
        let Call { name, shared, path, method, operation, request, response, .. } = call;
        let (status, _) = successes(operation).next()?;
        Some((
            name.to_owned(),
            json!({
                "method": method.to_uppercase(),
                "path": path,
                "shared": shared,
                "parameters": parameters(bundle, operation),
                "request": translated(request),
                "response": translated(response),
                "status": status.parse::<u16>().ok(),
            }),
        ))
    }));
    json!({ "operations": operations, "$defs": definitions(bundle) })
}

/// Every named schema of the bundle.
pub(crate) fn definitions(bundle: &Value) -> Map<String, Value> {
    let schemas = bundle["components"]["schemas"].as_object().into_iter().flatten();
    schemas.map(|(name, schema)| (name.clone(), translated(schema))).collect()
}

/// A schema of `OpenAPI` 3.0 as JSON Schema; what only describes is left out.
pub(crate) fn translated(schema: &Value) -> Value {
    let Some(keywords) = schema.as_object() else { return schema.clone() };
    if let Some(name) =
        schema["$ref"].as_str().and_then(|target| target.strip_prefix(walk::SCHEMAS))
    {
        return json!({ "$ref": format!("#/$defs/{name}") });
    }
    let mut out = Map::new();
    for (keyword, value) in keywords {
        let translation = match (keyword.as_str(), value) {
            (
                "example" | "default" | "nullable" | "description" | "title" | "deprecated"
                | "readOnly" | "writeOnly",
                _,
            ) => continue,
            (own, _) if own.starts_with("x-") => continue,
            ("properties", Value::Object(properties)) => properties
                .iter()
                .map(|(name, property)| (name.clone(), translated(property)))
                .collect(),
            ("items" | "additionalProperties" | "not", value) => translated(value),
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                branches.iter().map(translated).collect()
            }
            // A flag beside the bound in OpenAPI 3.0, the bound itself in JSON Schema.
            ("exclusiveMinimum" | "exclusiveMaximum", _) => continue,
            ("minimum", value) if schema["exclusiveMinimum"] == true => {
                out.insert("exclusiveMinimum".into(), value.clone());
                continue;
            }
            ("maximum", value) if schema["exclusiveMaximum"] == true => {
                out.insert("exclusiveMaximum".into(), value.clone());
                continue;
            }
            (_, value) => value.clone(),
        };
        out.insert(keyword.clone(), translation);
    }
    if schema["nullable"] == true { or_null(out) } else { Value::Object(out) }
}

fn or_null(mut schema: Map<String, Value>) -> Value {
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    match schema.get_mut("type") {
        Some(kind) => {
            *kind = json!([kind, "null"]);
            Value::Object(schema)
        }
        None => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

pub(crate) fn parameters(bundle: &Value, operation: &Value) -> Value {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .map(|parameter| {
            let parameter = walk::followed(bundle, parameter);
            json!({
                "name": parameter["name"],
                "in": parameter["in"],
                "required": parameter["required"] == true,
                "schema": translated(&parameter["schema"]),
            })
        })
        .collect()
}

pub(crate) fn sorted(pairs: impl Iterator<Item = (String, Value)>) -> Map<String, Value> {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_by(|left, right| left.0.cmp(&right.0));
    pairs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_openapi_says_otherwise_is_translated() {
        let rows = [
            (json!({ "type": "string", "nullable": true }), json!({ "type": ["string", "null"] })),
            (
                json!({ "type": "string", "enum": ["a"], "nullable": true }),
                json!({ "type": ["string", "null"], "enum": ["a", null] }),
            ),
            (
                json!({ "oneOf": [{ "type": "string", "example": "a" }], "nullable": true }),
                json!({ "anyOf": [{ "oneOf": [{ "type": "string" }] }, { "type": "null" }] }),
            ),
            (
                json!({ "minimum": 1, "exclusiveMinimum": true, "maximum": 3, "exclusiveMaximum": false }),
                json!({ "exclusiveMinimum": 1, "maximum": 3 }),
            ),
            (json!({ "$ref": "#/components/schemas/Job" }), json!({ "$ref": "#/$defs/Job" })),
            (
                json!({ "properties": { "description": { "type": "string", "x-cph-source": "sdk" } } }),
                json!({ "properties": { "description": { "type": "string" } } }),
            ),
        ];
        for (openapi, expected) in rows {
            assert_eq!(translated(&openapi), expected, "{openapi}");
        }
    }
}
