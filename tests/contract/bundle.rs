//! The bundle, `openapi/cph.json`, read as any other tool would read it.

use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

static BUNDLE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi/cph.json")).unwrap());

/// One operation of the vendor.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// What bundle and raw client call it together with the others of its method and path; its own name where it is
    /// alone.
    pub(crate) raw_name: &'static str,
    /// In capitals.
    pub(crate) method: String,
    /// A template, such as `/v1/{project_id}/cloud-phone/phones`.
    pub(crate) path: &'static str,
    definition: &'static Value,
    /// What the bundle keeps of it alone.
    own: Option<&'static Value>,
}

/// An example that a page prints, with the name it has in the bundle.
pub(crate) type Example = (&'static str, &'static Value);

/// Every operation, in the order of the bundle.
pub(crate) fn operations() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in BUNDLE["paths"].as_object().unwrap() {
        for (method, definition) in methods.as_object().unwrap() {
            let raw_name = definition["operationId"].as_str().unwrap();
            let operation = |name, own| Operation {
                name,
                raw_name,
                method: method.to_uppercase(),
                path,
                definition,
                own,
            };
            match definition["x-cph"]["operations"].as_object() {
                Some(each) => {
                    operations.extend(each.iter().map(|(name, own)| operation(name, Some(own))));
                }
                None => operations.push(operation(raw_name, None)),
            }
        }
    }
    operations
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

    pub(crate) fn has_answer_body(&self) -> bool {
        self.success().1.get("content").is_some()
    }

    pub(crate) fn request_examples(&self) -> Vec<Example> {
        self.examples(&self.definition["requestBody"])
    }

    /// Examples of the documented success.
    pub(crate) fn answer_examples(&self) -> Vec<Example> {
        self.examples(self.success().1)
    }

    pub(crate) fn request_schema(&self) -> Validator {
        validator(self.schema("request", &self.definition["requestBody"]))
    }

    /// What the documented success has to look like.
    pub(crate) fn answer_schema(&self) -> Validator {
        validator(self.schema("response", self.success().1))
    }

    /// The same as it stands in the bundle.
    pub(crate) fn answer(&self) -> &'static Value {
        followed(self.schema("response", self.success().1))
    }

    /// The status of the documented success.
    pub(crate) fn success_status(&self) -> u16 {
        self.success().0.parse().unwrap()
    }

    /// Where a call has its arguments, as pointers: parameters by name, fields of the body under `body`, a list by its
    /// first item. The project is not among them.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for parameter in self.definition["parameters"].as_array().unwrap() {
            let parameter = followed(parameter);
            let name = parameter["name"].as_str().unwrap();
            if name != "project_id" {
                leaves(&parameter["schema"], &format!("/{name}"), &mut arguments);
            }
        }
        if self.has_request_body() {
            let body = self.schema("request", &self.definition["requestBody"]);
            leaves(body, "/body", &mut arguments);
        }
        arguments
    }

    fn success(&self) -> (&'static str, &'static Value) {
        let responses = self.definition["responses"].as_object().unwrap();
        let success = responses.iter().find(|(status, _)| status.starts_with('2'));
        success.map(|(status, response)| (status.as_str(), response)).unwrap()
    }

    /// Those of `body`, which has the examples of every operation of this method and path, that are this operation's.
    fn examples(&self, body: &'static Value) -> Vec<Example> {
        let mine = |(name, _): &Example| {
            let rest = name.strip_prefix(self.name);
            self.own.is_none() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        examples(body).into_iter().filter(mine).collect()
    }

    fn schema(&self, own: &str, body: &'static Value) -> &'static Value {
        self.own.map_or_else(|| schema(body), |this| &this[own])
    }
}

/// What a refusal has to look like.
pub(crate) fn refusal_schema() -> Validator {
    validator(schema(&BUNDLE["components"]["responses"]["Error"]))
}

/// Where `value` differs from a schema, in one text; empty if nowhere.
pub(crate) fn differences(schema: &Validator, value: &Value) -> String {
    let errors =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path()));
    errors.collect::<Vec<_>>().join("; ")
}

/// `value` without members that are null, since pages do not tell null from absent, and with 2 for 2.0, since a field
/// such as `cpu` of a phone model is printed without a fraction where it has none (`openapi/corrections.toml`,
/// `ListCloudPhoneModels` at `/schemas/PhoneModel/properties/cpu`).
pub(crate) fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name.clone(), plain(member)))
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Number(number) => {
            let text = number.to_string();
            let whole = text.strip_suffix(".0").and_then(|whole| whole.parse::<i64>().ok());
            whole.map_or_else(|| value.clone(), Value::from)
        }
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

fn schema(body: &'static Value) -> &'static Value {
    &body["content"]["application/json"]["schema"]
}

/// What it refers to, or itself.
pub(crate) fn followed(value: &'static Value) -> &'static Value {
    let reference = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.map_or(value, |pointer| BUNDLE.pointer(pointer).unwrap())
}

fn leaves(schema: &'static Value, at: &str, found: &mut Vec<String>) {
    let schema = followed(schema);
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            leaves(property, &format!("{at}/{name}"), found);
        }
    } else if schema["type"] == "array" {
        leaves(&schema["items"], &format!("{at}/0"), found);
    } else {
        found.push(at.to_owned());
    }
}

fn validator(schema: &Value) -> Validator {
    assert!(schema.is_object(), "no schema of a JSON body");
    let mut schema = schema.clone();
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
