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
    /// The status of success; with 204 there is no body.
    pub(crate) status: u16,
    /// Whether the body of its answer has the request id.
    pub(crate) names_request: bool,
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

impl Parameter {
    fn is_list(&self) -> bool {
        self.schema.document["type"] == "array"
    }
}

impl Operation {
    /// Whether several values may be given for a parameter of the query.
    pub(crate) fn is_list(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|known| known.name == parameter && known.is_list())
    }

    /// Refuses a query or body that is not as documented, with the code of the first wrong field.
    pub(crate) fn check_request(
        &self,
        query: impl Fn(&str) -> Option<String>,
        body: &Value,
    ) -> Result<(), Refusal> {
        for parameter in self.parameters.iter().filter(|parameter| parameter.is_query) {
            let Some(text) = query(&parameter.name) else {
                if parameter.required {
                    return Err(Refusal::of_field(&parameter.name));
                }
                continue;
            };
            let value = match text.parse::<i64>() {
                Ok(number) if parameter.is_integer => json!(number),
                _ if parameter.is_list() => text.split(',').collect(),
                _ => json!(text),
            };
            if !parameter.schema.validator().is_valid(&value) {
                return Err(Refusal::of_field(&parameter.name));
            }
        }
        let Some(schema) = &self.request else {
            return Ok(());
        };
        let wrong = schema.validator().iter_errors(body).find(|error| !is_about_form_of_id(error));
        match wrong {
            None => Ok(()),
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
                let field = field.unwrap_or_default();
                let code = match (error.kind().keyword(), field) {
                    ("minItems", "server_ids") => "CPS.0095",
                    ("minItems", _) => "CPS.0009",
                    ("maxItems", "server_ids") => "CPS.0096",
                    ("maxItems", "phone_ids") => "CPS.0190",
                    ("required", field) => code_of_missing(field),
                    (_, field) => return Err(Refusal::of_field(field)),
                };
                Err(Refusal::of(code))
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

/// Whether only the form of a phone or server id is wrong: that is refused per target, not for the call.
fn is_about_form_of_id(error: &jsonschema::ValidationError<'_>) -> bool {
    let path = error.instance_path().as_str();
    let listed = path.rsplit_once('/').is_some_and(|(list, _)| {
        ["/phone_ids", "/server_ids", "/encode_server_ids"].iter().any(|ids| list.ends_with(ids))
    });
    let is_id = path.ends_with("/phone_id") || path.ends_with("/server_id") || listed;
    is_id && error.instance().is_string()
}

/// The code that the error table has for a missing field.
fn code_of_missing(field: &str) -> &'static str {
    match field {
        "phone_model_name" => "CPS.0027",
        "image_id" => "CPS.0029",
        "keypair_name" => "CPS.0068",
        "server_model_name" => "CPS.0088",
        "server_ids" => "CPS.0095",
        field => code_of(field),
    }
}

impl Refusal {
    /// What is said of a wrong field. Assumed: wrong-field-without-a-code.
    pub(crate) fn of_field(field: &str) -> Self {
        match (code_of(field), field) {
            ("CPS.0077", field) if !matches!(field, "" | "phones") => {
                Self::new(400, "CPS.0077", format!("Parameter: {field} is invalid."))
            }
            (code, _) => Self::of(code),
        }
    }
}

/// The code that the error table has for a wrong field.
fn code_of(field: &str) -> &'static str {
    match field {
        "offset" | "limit" => "CPS.0002",
        "phone_id" => "CPS.0004",
        "status" => "CPS.0010",
        "phone_name" => "CPS.0025",
        "image_id" => "CPS.0030",
        "member" | "member_id" => "CPS.0046",
        "action" => "CPS.0047",
        "job_id" => "CPS.0048",
        "request_id" | "request_ids" => "CPS.0049",
        "property" | "custom_property" => "CPS.0078",
        "phone_ids" => "CPS.0080",
        "server_ids" | "servers" => "CPS.0094",
        "resource_id" => "CPS.0086",
        "server_id" => "CPS.0097",
        "count" => "CPS.0024",
        "phone_model_name" => "CPS.0028",
        "band_width" => "CPS.0031",
        "band_width_id" => "CPS.0033",
        "band_width_share_type" => "CPS.0034",
        "band_width_charge_mode" => "CPS.0035",
        "band_width_size" => "CPS.0036",
        "ports" => "CPS.0037",
        "listen_port" => "CPS.0040",
        "extend_param" => "CPS.0055",
        "charging_mode" => "CPS.0056",
        "period_type" => "CPS.0057",
        "period_num" => "CPS.0058",
        "is_auto_renew" => "CPS.0059",
        "is_auto_pay" => "CPS.0060",
        "keypair_name" => "CPS.0067",
        "server_name" => "CPS.0087",
        "server_model_name" => "CPS.0089",
        "internet_accessible" => "CPS.0093",
        "encode_server_ids" => "CPS.0122",
        "product_type" => "CPS.0144",
        "file_paths" => "CPS.0155",
        "package_name" => "CPS.0173",
        "path" => "CPS.0199",
        "tenant_vpc_id" => "CPS.0223",
        "subnet_id" => "CPS.0224",
        "nics" => "CPS.0226",
        "public_ip" => "CPS.0238",
        "eip" => "CPS.0239",
        "network_version" => "CPS.0240",
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
    status: u16,
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
        let names_request = operation.response.as_ref().is_some_and(|response| {
            let name = response["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
            let response = name.map_or(response, |name| &document.defs[name]);
            response["properties"].get("request_id").is_some()
        });
        Operation {
            status: operation.status,
            names_request,
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
