//! Puts the parts together into one `OpenAPI` document, in an order that does not depend on how they are written.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::spec::{Operation, Spec};

pub(crate) fn bundle(spec: &Spec) -> Value {
    let common = &spec.common;
    let mut paths: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    for operation in &spec.operations {
        paths
            .entry(&operation.path)
            .or_default()
            .insert(&operation.method, operation_object(operation));
    }
    let schemas: BTreeMap<&str, &Value> =
        spec.schemas().map(|(_, _, name, schema)| (name, schema)).collect();
    json!({
        "openapi": "3.0.3",
        "info": common.info,
        "servers": common.servers,
        "security": common.security,
        "tags": common.tags,
        "paths": paths,
        "components": {
            "securitySchemes": common.components.security_schemes,
            "parameters": sorted(&common.components.parameters),
            "responses": sorted(&common.components.responses),
            "schemas": schemas,
        },
    })
}

/// The operations of a bundle: path, method and object.
pub(crate) fn operations(bundle: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = bundle["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// The answers of an operation that mean success, by status.
pub(crate) fn successes(operation: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let responses = operation["responses"].as_object().into_iter().flatten();
    responses
        .map(|(status, response)| (status.as_str(), response))
        .filter(|(status, _)| status.starts_with('2'))
}

fn operation_object(operation: &Operation) -> Value {
    let mut object = Map::new();
    object.insert("operationId".into(), operation.id.as_str().into());
    object.extend(operation.object.clone());
    object.insert("x-cph".into(), operation.x_cph.clone());
    Value::Object(object)
}

fn sorted(map: &Map<String, Value>) -> BTreeMap<&String, &Value> {
    map.iter().collect()
}
