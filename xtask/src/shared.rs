//! Operations of one method and path, told apart by their bodies: `OpenAPI` has room for one, so the bundle holds their
//! union, and each of them under `x-cph.operations`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    bundle::{JSON, Schemas},
    spec::{Operation, Spec},
    walk,
};

/// Operations that share method and path, in the order of their files.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// What `x-cph.shared` calls them together.
    pub(crate) name: &'a str,
    pub(crate) members: Vec<&'a Operation>,
}

/// The request bodies of a group, or its answers.
#[derive(Debug)]
pub(crate) struct Union<'a> {
    /// The schema that unites theirs.
    pub(crate) name: String,
    pub(crate) parts: Vec<Part<'a>>,
}

/// The request body of one operation, or its answer.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) operation: &'a Operation,
    holder: &'a Value,
}

/// The groups, by name.
pub(crate) fn groups(spec: &Spec) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in &spec.operations {
        if let Some(name) = &operation.about.shared {
            groups.entry(name).or_default().push(operation);
        }
    }
    groups.into_iter().map(|(name, members)| Group { name, members }).collect()
}

impl<'a> Group<'a> {
    pub(crate) fn request(&self) -> Union<'a> {
        self.union("RequestBody", |operation| operation.object.get("requestBody"))
    }

    pub(crate) fn response(&self) -> Union<'a> {
        self.union("Response", |operation| {
            let responses = operation.object.get("responses")?.as_object()?;
            responses.iter().find(|(status, _)| status.starts_with('2')).map(|(_, success)| success)
        })
    }

    fn union(&self, suffix: &str, of: impl Fn(&'a Operation) -> Option<&'a Value>) -> Union<'a> {
        let parts = self
            .members
            .iter()
            .map(|&operation| Part { operation, holder: of(operation).unwrap_or(&Value::Null) });
        Union { name: format!("{}{suffix}", self.name), parts: parts.collect() }
    }

    /// The one operation that the bundle holds for all.
    pub(crate) fn object(&self, schemas: &Schemas<'a>) -> Value {
        let (request, response) = (self.request(), self.response());
        let names: Vec<&str> = self.members.iter().map(|member| member.id.as_str()).collect();
        let operations: Map<String, Value> = request
            .parts
            .iter()
            .zip(&response.parts)
            .map(|(request, response)| {
                (request.operation.id.clone(), own(request, response, schemas))
            })
            .collect();

        let mut object = Map::from_iter([("operationId".into(), self.name.into())]);
        object.extend(self.members[0].object.clone());
        object
            .insert("summary".into(), format!("{}, as the body says.", names.join(" or ")).into());
        let summaries = self.members.iter().map(|member| (*member, member.object.get("summary")));
        object.insert("description".into(), labelled(summaries).into());
        if let Some(body) = object.get_mut("requestBody") {
            *body = request.holder();
        }
        let responses = object.get_mut("responses").and_then(Value::as_object_mut);
        for (status, answer) in responses.into_iter().flatten() {
            if status.starts_with('2') {
                *answer = response.holder();
            }
        }
        object.insert("x-cph".into(), json!({ "operations": operations }));
        Value::Object(object)
    }
}

/// What the bundle keeps of one operation of a group.
fn own<'a>(request: &Part<'a>, response: &Part<'a>, schemas: &Schemas<'a>) -> Value {
    let operation = request.operation;
    let mut own = Map::new();
    for key in ["summary", "description"] {
        own.extend(operation.object.get(key).map(|text| (key.into(), text.clone())));
    }
    own.insert(
        "required".into(),
        request.schema(schemas).map(required).into_iter().flatten().collect(),
    );
    for (key, part) in [("request", request), ("response", response)] {
        own.extend(part.media().map(|media| (key.into(), media["schema"].clone())));
    }
    own.insert("x-cph".into(), operation.x_cph.clone());
    Value::Object(own)
}

impl<'a> Union<'a> {
    /// Every property, with the operations that have it.
    pub(crate) fn properties(
        &self,
        schemas: &Schemas<'a>,
    ) -> Vec<(&'a str, Vec<(&'a Operation, &'a Value)>)> {
        let mut properties: Vec<(&str, Vec<_>)> = Vec::new();
        for part in &self.parts {
            let own = part.schema(schemas).and_then(|schema| schema["properties"].as_object());
            for (name, property) in own.into_iter().flatten() {
                let holder = (part.operation, property);
                match properties.iter_mut().find(|(known, _)| known == name) {
                    Some((_, holders)) => holders.push(holder),
                    None => properties.push((name, vec![holder])),
                }
            }
        }
        properties
    }

    /// `None` where the operations have no body.
    pub(crate) fn schema(&self, schemas: &Schemas<'a>) -> Option<Value> {
        let own: Vec<(&Operation, &Value)> = self
            .parts
            .iter()
            .filter_map(|part| Some((part.operation, part.schema(schemas)?)))
            .collect();
        let count = self.parts.len();
        let properties = self.properties(schemas).into_iter();
        let (_, first) = own.first()?;
        let everywhere: Vec<&str> = required(first)
            .filter(|name| {
                own.iter().all(|(_, schema)| required(schema).any(|other| other == *name))
            })
            .collect();

        let mut schema = described(&own, count);
        schema["properties"] =
            properties.map(|(name, holders)| (name, described(&holders, count))).collect();
        // OpenAPI 3.0 knows no empty list here.
        if everywhere.is_empty() {
            schema.as_object_mut()?.remove("required");
        } else {
            schema["required"] = everywhere.into();
        }
        Some(schema)
    }

    /// Body or answer with the schema of the union and the examples of all.
    fn holder(&self) -> Value {
        let holders: Vec<_> = self.parts.iter().map(|part| (part.operation, part.holder)).collect();
        let mut holder = described(&holders, holders.len());
        if let Some(media) = holder.pointer_mut("/content/application~1json") {
            let examples: Map<String, Value> = self.parts.iter().flat_map(Part::examples).collect();
            *media = json!({ "schema": { "$ref": format!("{}{}", walk::SCHEMAS, self.name) } });
            if !examples.is_empty() {
                media["examples"] = examples.into();
            }
        }
        holder
    }
}

impl<'a> Part<'a> {
    fn media(&self) -> Option<&'a Value> {
        self.holder["content"].get(JSON)
    }

    pub(crate) fn schema_name(&self) -> Option<&'a str> {
        self.media()?["schema"]["$ref"].as_str()?.strip_prefix(walk::SCHEMAS)
    }

    fn schema(&self, schemas: &Schemas<'a>) -> Option<&'a Value> {
        schemas.get(self.schema_name()?).copied()
    }

    /// Named after the operation, and after themselves where one has several.
    fn examples(&self) -> Vec<(String, Value)> {
        let id = &self.operation.id;
        let Some(media) = self.media() else { return Vec::new() };
        let single = media.get("example").map(|value| (id.clone(), json!({ "value": value })));
        let several = media["examples"].as_object().into_iter().flatten();
        let several = several.map(|(name, example)| (format!("{id}-{name}"), example.clone()));
        single.into_iter().chain(several).collect()
    }
}

/// The first of several values with the description of all; one that does not go for all `count` operations names those
/// that it goes for.
fn described(values: &[(&Operation, &Value)], count: usize) -> Value {
    let mut first = values[0].1.clone();
    let common = &values[0].1["description"];
    let for_all =
        values.len() == count && values.iter().all(|(_, value)| &value["description"] == common);
    if !for_all && first.get("$ref").is_none() {
        let texts = values.iter().map(|(operation, value)| (*operation, value.get("description")));
        let text = labelled(texts);
        if !text.is_empty() {
            first["description"] = text.into();
        }
    }
    first
}

/// A paragraph for each operation.
fn labelled<'a>(texts: impl Iterator<Item = (&'a Operation, Option<&'a Value>)>) -> String {
    let paragraphs = texts
        .filter_map(|(operation, text)| Some(format!("{}: {}", operation.id, text?.as_str()?)));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}
