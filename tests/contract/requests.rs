//! What the command line holds a call against before it is sent: `crates/cph-cli/src/requests.json`.

use std::{collections::BTreeSet, sync::LazyLock};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::{
    bundle::{Operation, differences, operations},
    wire::recorded_requests,
};

static REQUESTS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../crates/cph-cli/src/requests.json")).unwrap()
});

fn schema(schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["$defs"] = REQUESTS["$defs"].clone();
    jsonschema::options().with_draft(Draft::Draft202012).build(&schema).unwrap()
}

/// The schema of the body; `None` if the operation has none.
fn body_schema(operation: &str) -> Option<Validator> {
    let body = &REQUESTS["operations"][operation]["body"];
    (!body.is_null()).then(|| schema(body))
}

/// The bodies that the pages print and that the official SDK sends: operation, what it is, body.
fn bodies() -> Vec<(&'static str, String, Value)> {
    let printed = operations().into_iter().flat_map(|operation| {
        operation.request_examples().into_iter().map(move |(name, example)| {
            (operation.name, format!("{}, {name}", operation.name), example.clone())
        })
    });
    let recorded = recorded_requests()
        .filter(|(.., sent)| !sent.body.is_null())
        .map(|(operation, what, sent)| (operation, what, sent.body));
    printed.chain(recorded).collect()
}

#[test]
fn every_operation_has_its_request() {
    let requests = REQUESTS["operations"].as_object().unwrap();
    assert!(requests.keys().eq(cph_core::Operation::all().iter().map(|operation| operation.name)));
    for operation in operations() {
        let body = &requests[operation.name]["body"];
        assert_eq!(body.is_object(), operation.has_request_body(), "{}", operation.name);
    }
}

#[test]
fn printed_and_recorded_bodies_pass() {
    for (operation, what, body) in bodies() {
        assert_eq!(differences(&body_schema(operation).unwrap(), &body), "", "{what}");
    }
}

/// The example of one page asks for more than the page allows: `openapi/corrections.toml` has a row on `ListShareFiles`.
#[test]
fn recorded_queries_pass() {
    let mut wrong = Vec::new();
    for (operation, what, sent) in recorded_requests() {
        let parameters = REQUESTS["operations"][operation]["parameters"].as_array().unwrap();
        let in_query = || parameters.iter().filter(|parameter| parameter["in"] == "query");
        for parameter in in_query().filter(|parameter| parameter["required"] == true) {
            assert!(sent.query.iter().any(|(name, _)| parameter["name"] == **name), "{what}");
        }
        for (name, text) in &sent.query {
            let parameter = in_query().find(|parameter| parameter["name"] == **name);
            let own = &parameter.unwrap_or_else(|| panic!("{what}: {name} is unknown"))["schema"];
            let value = match own["type"].as_str().unwrap() {
                "integer" => json!(text.parse::<i64>().unwrap()),
                "array" => json!([text]),
                _ => json!(text),
            };
            if !schema(own).is_valid(&value) {
                wrong.push(format!("{what}: {name}"));
            }
        }
    }
    assert_eq!(wrong, ["ListShareFiles, page example: limit"]);
}

/// In every object of every body, however deep; maps such as `custom_property` excepted.
#[test]
fn an_unknown_field_is_refused() {
    let mut refused = BTreeSet::new();
    for (operation, what, body) in bodies() {
        let schema = body_schema(operation).unwrap();
        for place in objects(&body, "") {
            if !place.ends_with("/custom_property") {
                let mut spoilt = body.clone();
                spoilt.pointer_mut(&place).unwrap()["no_such_field"] = json!("");
                assert!(!schema.is_valid(&spoilt), "{what}: unknown field at {place:?}");
            }
        }
        refused.insert(operation);
    }
    let with_body = operations().into_iter().filter(Operation::has_request_body);
    assert_eq!(refused.len(), with_body.count());
}

fn objects(value: &Value, place: &str) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let inner = members
                .iter()
                .flat_map(|(name, member)| objects(member, &format!("{place}/{name}")));
            std::iter::once(place.to_owned()).chain(inner).collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(index, item)| objects(item, &format!("{place}/{index}"))).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_body_of_another_operation_of_the_same_method_and_path_is_refused() {
    let mut refused = 0;
    for (operation, what, body) in bodies() {
        let Some(group) = cph_core::Operation::find(operation).unwrap().shared else { continue };
        let others = cph_core::Operation::all().iter().filter(|other| other.shared == Some(group));
        for other in others.filter(|other| other.name != operation) {
            assert!(!body_schema(other.name).unwrap().is_valid(&body), "{what}: {}", other.name);
            refused += 1;
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_list_longer_than_documented_is_refused() {
    for operation in cph_core::Operation::all() {
        let Some(maximum) = operation.batch.and_then(|batch| batch.maximum) else { continue };
        let field = operation.batch.unwrap().field;
        let (_, _, mut body) =
            bodies().into_iter().find(|(name, ..)| *name == operation.name).unwrap();
        let schema = body_schema(operation.name).unwrap();
        let item = body[field][0].clone();
        body[field] = vec![item.clone(); maximum].into();
        assert_eq!(differences(&schema, &body), "", "{} {field}", operation.name);
        body[field] = vec![item; maximum + 1].into();
        assert!(!schema.is_valid(&body), "{} {field}", operation.name);
    }
}
