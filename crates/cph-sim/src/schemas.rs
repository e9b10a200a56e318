//! The documented shapes of requests and answers, which calls are held against.

use std::sync::{LazyLock, OnceLock};

use jsonschema::{Draft, Validator};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::refusal::Refusal;

/// Every operation of the bundle, by name.
pub(crate) static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(operations);

/// One documented operation.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) starts_jobs: bool,
    pub(crate) method: String,
    pub(crate) path: String,
    parameters: Vec<Parameter>,
    request: Option<Schema>,
    response: Option<Schema>,
}

struct Parameter {
    name: String,
    is_query: bool,
    required: bool,
    is_integer: bool,
    schema: Schema,
}

/// A schema that is compiled when it is first needed.
struct Schema {
    document: Value,
    validator: OnceLock<Validator>,
}

impl Schema {
    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| {
            let options = jsonschema::options().with_draft(Draft::Draft202012);
            options.build(&self.document).expect("a schema of the bundle")
        })
    }
}

impl Operation {
    /// Refuses a query or body that is not as documented, with the code of the first wrong field.
    pub(crate) fn check_request(
        &self,
        query: impl Fn(&str) -> Option<String>,
        body: &Value,
    ) -> Result<(), Refusal> {
        for parameter in self.parameters.iter().filter(|parameter| parameter.is_query) {
            let Some(text) = query(&parameter.name) else {
                if parameter.required {
                    return Err(Refusal::of(code_of(&parameter.name)));
                }
                continue;
            };
            let value = match text.parse::<i64>() {
                Ok(number) if parameter.is_integer => json!(number),
                _ => json!(text),
            };
            if !parameter.schema.validator().is_valid(&value) {
                return Err(Refusal::of(code_of(&parameter.name)));
            }
        }
        let Some(schema) = &self.request else {
            return Ok(());
        };
        let wrong = schema.validator().iter_errors(body).find(|error| !is_about_form_of_id(error));
        match wrong {
            None => Ok(()),
            Some(error) if error.kind().keyword() == "minItems" => Err(Refusal::of("CPS.0009")),
            Some(error)
                if error.kind().keyword() == "maxItems"
                    && error.instance_path().as_str().ends_with("/phone_ids") =>
            {
                Err(Refusal::of("CPS.0190"))
            }
            Some(error) => {
                let missing = match error.kind() {
                    jsonschema::error::ValidationErrorKind::Required { property } => {
                        property.as_str()
                    }
                    _ => None,
                };
                let path = error.instance_path().as_str();
                let field = missing
                    .or_else(|| path.rsplit('/').find(|step| step.parse::<usize>().is_err()));
                Err(Refusal::of(code_of(field.unwrap_or_default())))
            }
        }
    }

    /// Where an answer of the simulator differs from the documented shape.
    pub(crate) fn difference(&self, answer: &Value) -> Option<String> {
        let errors = self.response.as_ref()?.validator().iter_errors(answer);
        let errors = errors.map(|error| format!("{}: {}", error.instance_path(), error.masked()));
        errors.reduce(|all, error| format!("{all}; {error}"))
    }
}

/// Whether only the form of a phone id is wrong: that is refused per phone, not for the call.
fn is_about_form_of_id(error: &jsonschema::ValidationError<'_>) -> bool {
    let path = error.instance_path().as_str();
    let listed = path.rsplit_once('/').is_some_and(|(list, _)| list.ends_with("/phone_ids"));
    (path.ends_with("/phone_id") || listed) && error.instance().is_string()
}

/// The code that the error table has for a wrong field.
fn code_of(field: &str) -> &'static str {
    match field {
        "offset" | "limit" => "CPS.0002",
        "phone_id" => "CPS.0004",
        "status" => "CPS.0010",
        "phone_name" => "CPS.0025",
        "image_id" => "CPS.0030",
        "job_id" => "CPS.0048",
        "request_id" | "request_ids" => "CPS.0049",
        "property" | "custom_property" => "CPS.0078",
        "phone_ids" => "CPS.0080",
        "server_ids" => "CPS.0094",
        "server_id" => "CPS.0097",
        "type" | "traffic_type" | "client_type" => "CPS.0116",
        "command" => "CPS.0117",
        "content" => "CPS.0118",
        "bucket_name" => "CPS.0134",
        "object_path" => "CPS.0135",
        "storage_infos" => "CPS.0167",
        "include_files" => "CPS.0168",
        "exclude_files" => "CPS.0169",
        "restore_infos" => "CPS.0171",
        "new_size" => "CPS.0347",
        _ => "CPS.0077",
    }
}

#[derive(Deserialize)]
struct Document {
    operations: Map<String, Value>,
    #[serde(rename = "$defs")]
    defs: Value,
}

#[derive(Deserialize)]
struct OperationDocument {
    method: String,
    path: String,
    parameters: Vec<ParameterDocument>,
    request: Option<Value>,
    response: Option<Value>,
}

#[derive(Deserialize)]
struct ParameterDocument {
    name: String,
    #[serde(rename = "in")]
    place: String,
    #[serde(default)]
    required: bool,
    schema: Value,
}

fn operations() -> Vec<Operation> {
    let document: Document =
        serde_json::from_str(include_str!("schemas.json")).expect("the schemas as generated");
    let schema = |mut schema: Value| {
        schema["$defs"] = document.defs.clone();
        Schema { document: schema, validator: OnceLock::new() }
    };
    let operation = |(name, operation): (&String, &Value)| {
        let operation: OperationDocument =
            serde_json::from_value(operation.clone()).expect("an operation as generated");
        let parameter = |parameter: ParameterDocument| Parameter {
            name: parameter.name,
            is_query: parameter.place == "query",
            required: parameter.required,
            is_integer: parameter.schema["type"] == "integer",
            schema: schema(parameter.schema),
        };
        let known = cph_core::Operation::find(name);
        Operation {
            starts_jobs: known.is_some_and(|known| known.job_family.is_some()),
            name: name.clone(),
            method: operation.method.to_ascii_uppercase(),
            path: operation.path,
            parameters: operation.parameters.into_iter().map(parameter).collect(),
            request: operation.request.map(schema),
            response: operation.response.map(schema),
        }
    };
    document.operations.iter().map(operation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(name: &str) -> &'static Operation {
        OPERATIONS.iter().find(|operation| operation.name == name).unwrap()
    }

    #[test]
    fn every_schema_compiles() {
        for operation in OPERATIONS.iter() {
            let schemas = operation.request.iter().chain(&operation.response);
            for schema in
                schemas.chain(operation.parameters.iter().map(|parameter| &parameter.schema))
            {
                schema.validator();
            }
        }
    }

    #[test]
    fn says_where_an_answer_differs_from_its_page_but_not_what_stands_there() {
        let answer = json!({ "request_id": "r", "phones": [{ "phone_id": 7, "imei": [869_287_243_397_729_u64] }] });
        let difference = operation("ListCloudPhones").difference(&answer).unwrap();
        assert!(difference.contains("/phones/0/phone_id: "), "{difference}");
        assert!(!difference.contains("869287243397729"), "{difference}");
        assert_eq!(
            operation("ListCloudPhones").difference(&json!({ "request_id": "r", "phones": [] })),
            None
        );
    }
}
