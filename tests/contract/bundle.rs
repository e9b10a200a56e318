//! The bundle, `openapi/cph.json`, read as any other tool would read it.

use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

static BUNDLE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi/cph.json")).unwrap());

/// One operation of the bundle.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// In capitals.
    pub(crate) method: String,
    /// A template, such as `/v1/{project_id}/cloud-phone/phones`.
    pub(crate) path: &'static str,
    definition: &'static Value,
}

/// An example that a page prints, with the name it has in the bundle.
pub(crate) type Example = (&'static str, &'static Value);

/// Every operation, in the order of the bundle.
pub(crate) fn operations() -> Vec<Operation> {
    let paths = BUNDLE["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(|(method, definition)| Operation {
            name: definition["operationId"].as_str().unwrap(),
            method: method.to_uppercase(),
            path,
            definition,
        })
    });
    operations.collect()
}

impl Operation {
    /// The operation that a request is for.
    pub(crate) fn of(method: &str, path: &str) -> Option<Self> {
        let fits = |template: &str| {
            let (template, path) = (template.split('/'), path.split('/'));
            template.clone().count() == path.clone().count()
                && template
                    .zip(path)
                    .all(|(expected, found)| expected.starts_with('{') || expected == found)
        };
        operations()
            .into_iter()
            .find(|operation| operation.method == method && fits(operation.path))
    }

    pub(crate) fn has_request_body(&self) -> bool {
        self.definition.get("requestBody").is_some()
    }

    pub(crate) fn request_examples(&self) -> Vec<Example> {
        examples(&self.definition["requestBody"])
    }

    /// Examples of the documented success.
    pub(crate) fn answer_examples(&self) -> Vec<Example> {
        examples(&self.definition["responses"]["200"])
    }

    pub(crate) fn request_schema(&self) -> Validator {
        validator(&self.definition["requestBody"])
    }

    /// What the documented success has to look like.
    pub(crate) fn answer_schema(&self) -> Validator {
        validator(&self.definition["responses"]["200"])
    }
}

/// What a refusal has to look like.
pub(crate) fn refusal_schema() -> Validator {
    validator(&BUNDLE["components"]["responses"]["Error"])
}

/// Where `value` differs from a schema, in one text; empty if nowhere.
pub(crate) fn differences(schema: &Validator, value: &Value) -> String {
    let errors =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path()));
    errors.collect::<Vec<_>>().join("; ")
}

/// `value` without members that are null: pages do not tell null from absent.
pub(crate) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name.clone(), without_nulls(member)))
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        _ => value.clone(),
    }
}

fn examples(body: &'static Value) -> Vec<Example> {
    let body = &body["content"]["application/json"];
    let single = body.get("example").map(|example| ("example", example));
    let named = body["examples"].as_object().into_iter().flatten();
    single
        .into_iter()
        .chain(named.map(|(name, example)| (name.as_str(), &example["value"])))
        .collect()
}

fn validator(body: &Value) -> Validator {
    let mut schema = body["content"]["application/json"]["schema"].clone();
    assert!(schema.is_object(), "no schema of a JSON body in {body}");
    schema["components"] = BUNDLE["components"].clone();
    allow_nulls(&mut schema);
    jsonschema::options().with_draft(Draft::Draft202012).build(&schema).unwrap()
}

/// Says `nullable`, which is OpenAPI's own word, in the words of JSON Schema.
fn allow_nulls(schema: &mut Value) {
    if schema["nullable"] == true {
        schema["type"] = json!([schema["type"], "null"]);
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(allow_nulls),
        Value::Array(items) => items.iter_mut().for_each(allow_nulls),
        _ => {}
    }
}
