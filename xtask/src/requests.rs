//! What a call may send: `cph-cli/src/requests.json`, which the command line holds a call against before it is sent.

use serde_json::{Map, Value, json};

use crate::{
    bundle::{Call, calls},
    schemas::{definitions, parameters, sorted, translated},
    walk,
};

pub(crate) fn generated(bundle: &Value) -> Value {
    let operations = sorted(calls(bundle).map(|call| {
        let parameters = parameters(bundle, call.operation);
        (call.name.to_owned(), json!({ "parameters": parameters, "body": body(&call) }))
    }));
    let sent = calls(bundle).flat_map(|call| [&call.operation["parameters"], call.request]);
    let used = walk::reached(bundle, sent);
    let mut definitions = definitions(bundle);
    definitions.retain(|name, _| used.contains(name.as_str()));
    definitions.values_mut().for_each(|schema| walk::schemas_mut(schema, &mut close));
    json!({ "operations": operations, "$defs": definitions })
}

/// The schema of a body with what its fixed fields may say; null if the call has none.
fn body(call: &Call<'_>) -> Value {
    let mut body = translated(call.request);
    let fixed = call.about["fixed"].as_object().into_iter().flatten();
    for (field, values) in fixed {
        body["properties"][field] = json!({ "enum": values });
    }
    body
}

/// Refuses fields that no page knows. A map such as `custom_property` takes any.
fn close(schema: &mut Map<String, Value>) {
    if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".into(), false.into());
    }
}
