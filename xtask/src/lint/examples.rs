//! Examples fit the schemas that they stand with.

use serde_json::{Map, Value};

use crate::{
    problem::Problems,
    schemas::{definitions, translated},
    source::COMMON,
    spec::Spec,
    walk::{self, Position},
};

pub(super) fn check(spec: &Spec, bundle: &Value, problems: &mut Problems) {
    let mut lint = Lint { definitions: definitions(bundle), problems };
    for (file, place, _, schema) in spec.schemas() {
        lint.schema(file, &place, schema);
    }
    for operation in &spec.operations {
        let object = &operation.object;
        for (index, parameter) in
            object.get("parameters").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            lint.parameter(&operation.file, &format!("/operation/parameters/{index}"), parameter);
        }
        if let Some(body) = object.get("requestBody") {
            lint.contents(&operation.file, "/operation/requestBody", body);
        }
        for (status, response) in
            object.get("responses").and_then(Value::as_object).into_iter().flatten()
        {
            lint.contents(&operation.file, &format!("/operation/responses/{status}"), response);
        }
    }
    for (name, parameter) in &spec.common.components.parameters {
        lint.parameter(COMMON, &format!("/components/parameters/{name}"), parameter);
    }
    for (name, response) in &spec.common.components.responses {
        lint.contents(COMMON, &format!("/components/responses/{name}"), response);
    }
}

struct Lint<'a> {
    definitions: Map<String, Value>,
    problems: &'a mut Problems,
}

impl Lint<'_> {
    fn schema(&mut self, file: &str, place: &str, schema: &Value) {
        let mut found = Vec::new();
        walk::schemas(place, Position::Named, schema, &mut |place, _, schema| {
            for keyword in ["example", "default"] {
                if let Some(example) = schema.get(keyword) {
                    found.push((format!("{place}/{keyword}"), schema.clone(), example.clone()));
                }
            }
        });
        for (place, schema, example) in found {
            self.fits(file, &place, &schema, &example);
        }
    }

    fn parameter(&mut self, file: &str, place: &str, parameter: &Value) {
        self.schema(file, &format!("{place}/schema"), &parameter["schema"]);
        self.media(file, place, parameter);
    }

    fn contents(&mut self, file: &str, place: &str, holder: &Value) {
        for (kind, media) in holder["content"].as_object().into_iter().flatten() {
            self.media(file, &format!("{place}/content/{}", walk::escaped(kind)), media);
        }
    }

    fn media(&mut self, file: &str, place: &str, media: &Value) {
        if let Some(example) = media.get("example") {
            self.fits(file, &format!("{place}/example"), &media["schema"], example);
        }
        for (name, example) in media["examples"].as_object().into_iter().flatten() {
            self.fits(
                file,
                &format!("{place}/examples/{}/value", walk::escaped(name)),
                &media["schema"],
                &example["value"],
            );
        }
    }

    fn fits(&mut self, file: &str, place: &str, schema: &Value, example: &Value) {
        let Value::Object(mut schema) = translated(schema) else { return };
        schema.insert("$defs".into(), self.definitions.clone().into());
        let validator = match jsonschema::draft202012::new(&schema.into()) {
            Ok(validator) => validator,
            Err(error) => {
                return self.problems.report(
                    file,
                    place,
                    format!("cannot be checked: its schema is wrong: {error}"),
                );
            }
        };
        for error in validator.iter_errors(example) {
            let text = format!(
                "does not fit its schema: {error}; correct the transcription, or add a correction with the evidence"
            );
            self.problems.report(file, format!("{place}{}", error.instance_path()), text);
        }
    }
}
