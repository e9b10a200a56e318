//! Puts the parts together into one `OpenAPI` document, in an order that does not depend on how they are written.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    shared::groups,
    spec::{Operation, Spec},
    walk::followed,
};

/// The one content type of the API.
pub(crate) const JSON: &str = "application/json";

/// Schemas by name.
pub(crate) type Schemas<'a> = BTreeMap<&'a str, &'a Value>;

pub(crate) fn bundle(spec: &Spec) -> Value {
    let common = &spec.common;
    let mut paths: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    let groups = groups(spec);
    let own: Schemas<'_> = spec.schemas().map(|(_, _, name, schema)| (name, schema)).collect();
    let mut schemas: BTreeMap<String, Value> =
        own.iter().map(|(name, schema)| ((*name).to_owned(), (*schema).clone())).collect();
    for union in groups.iter().flat_map(|group| [group.request(), group.response()]) {
        schemas.extend(union.schema(&own).map(|schema| (union.name, schema)));
    }
    let alone = spec.operations.iter().filter(|operation| operation.about.shared.is_none());
    let objects = alone
        .map(|operation| (operation, operation_object(operation)))
        .chain(groups.iter().map(|group| (group.members[0], group.object(&own))));
    for (operation, object) in objects {
        paths.entry(&operation.path).or_default().insert(&operation.method, object);
    }
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

/// An operation by the vendor's name, also where the bundle holds one for several.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) name: &'a str,
    /// The name of the one for several.
    pub(crate) shared: Option<&'a str>,
    pub(crate) path: &'a str,
    pub(crate) method: &'a str,
    /// The operation as the bundle holds it.
    pub(crate) operation: &'a Value,
    /// The call's own `x-cph`.
    pub(crate) about: &'a Value,
    /// The call's own schema of its body; null if it has none.
    pub(crate) request: &'a Value,
    /// The call's own schema of its answer; null if it has none.
    pub(crate) response: &'a Value,
}

pub(crate) fn calls(bundle: &Value) -> impl Iterator<Item = Call<'_>> {
    operations(bundle).flat_map(|(path, method, operation)| {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let own = operation["x-cph"]["operations"].as_object();
        let alone = own.is_none().then(|| {
            let schema = |holder| &followed(bundle, holder)["content"][JSON]["schema"];
            let response = successes(operation).next().map_or(&Value::Null, |(_, answer)| answer);
            (id, None, &operation["x-cph"], schema(&operation["requestBody"]), schema(response))
        });
        let shared = own.into_iter().flatten().map(move |(name, own)| {
            (name.as_str(), Some(id), &own["x-cph"], &own["request"], &own["response"])
        });
        alone.into_iter().chain(shared).map(move |(name, shared, about, request, response)| Call {
            name,
            shared,
            path,
            method,
            operation,
            about,
            request,
            response,
        })
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
