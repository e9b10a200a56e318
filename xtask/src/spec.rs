//! The documents by their parts: what every later step works on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    problem::Problems,
    source::{Basis, COMMON, Fragment, Source},
};

/// What was transcribed, corrections applied.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) common: Common,
    pub(crate) operations: Vec<Operation>,
}

/// `common.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Common {
    pub(crate) info: Value,
    pub(crate) servers: Value,
    pub(crate) security: Value,
    pub(crate) tags: Vec<Tag>,
    pub(crate) components: Components,
}

#[derive(Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) description: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Components {
    pub(crate) security_schemes: Value,
    #[serde(default)]
    pub(crate) parameters: Map<String, Value>,
    #[serde(default)]
    pub(crate) responses: Map<String, Value>,
    #[serde(default)]
    pub(crate) schemas: Map<String, Value>,
}

/// One fragment.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) file: String,
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) about: About,
    /// `about` as it is written, for the bundle.
    pub(crate) x_cph: Value,
    /// The OpenAPI Operation Object.
    pub(crate) object: Map<String, Value>,
    pub(crate) schemas: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FragmentParts {
    operation_id: String,
    method: String,
    path: String,
    #[serde(rename = "x-cph")]
    x_cph: Value,
    operation: Map<String, Value>,
    #[serde(default)]
    schemas: Map<String, Value>,
}

/// What the pages say of an operation that `OpenAPI` has no word for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    pub(crate) read: Vec<Reading>,
    /// What the operations of this method and path are called together, where there are several.
    pub(crate) shared: Option<String>,
    pub(crate) asynchronous: bool,
    pub(crate) job_family: Option<JobFamily>,
    pub(crate) batch: Option<Batch>,
    #[serde(default)]
    pub(crate) limits: Vec<Limit>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) idempotent: bool,
    /// Why a tool asks a person before it makes such a call, where it has to.
    pub(crate) asks: Option<Asks>,
    /// Fields of the body for which the page prescribes words, with the words.
    #[serde(default)]
    pub(crate) fixed: BTreeMap<String, Vec<String>>,
    pub(crate) iam_action: Option<IamAction>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    pub(crate) page: String,
    pub(crate) vintage: String,
    #[serde(default)]
    #[expect(dead_code, reason = "read by people, and by the comparison with saved pages")]
    pub(crate) address: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum JobFamily {
    Phone,
    Server,
    Encoder,
}

/// Variants print as the ones of `cph-core` that the tables name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Asks {
    Erases,
    Spends,
    Interrupts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    pub(crate) field: String,
    pub(crate) maximum: Option<usize>,
    pub(crate) part: usize,
    pub(crate) basis: Basis,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) name: String,
    pub(crate) value: usize,
    pub(crate) unit: String,
    pub(crate) basis: Basis,
    pub(crate) source: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    pub(crate) calls: u32,
    pub(crate) per: Interval,
    #[expect(dead_code, reason = "checked for its spelling; the bundle carries it")]
    pub(crate) basis: Basis,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Interval {
    Second,
    Minute,
    Hour,
    Day,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IamAction {
    pub(crate) name: String,
    pub(crate) basis: Basis,
}

impl Spec {
    /// `None` if a document lacks a part or has one too many.
    pub(crate) fn read(source: &Source, problems: &mut Problems) -> Option<Self> {
        let operations: Vec<_> =
            source.fragments.iter().filter_map(|fragment| operation(fragment, problems)).collect();
        let common = Common::deserialize(&source.common)
            .map_err(|error| problems.report(COMMON, "", error.to_string()))
            .ok()?;
        (operations.len() == source.fragments.len()).then_some(Self { common, operations })
    }

    /// Every schema with its name, its file, and its place there.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = (&str, String, &str, &Value)> {
        let common = self.common.components.schemas.iter();
        common
            .map(|(name, schema)| {
                (COMMON, format!("/components/schemas/{name}"), name.as_str(), schema)
            })
            .chain(self.operations.iter().flat_map(|operation| {
                let schemas = operation.schemas.iter();
                schemas.map(|(name, schema)| {
                    (operation.file.as_str(), format!("/schemas/{name}"), name.as_str(), schema)
                })
            }))
    }
}

fn operation(fragment: &Fragment, problems: &mut Problems) -> Option<Operation> {
    let file = &fragment.file;
    let parts = FragmentParts::deserialize(&fragment.document)
        .map_err(|error| problems.report(file, "", format!("is no fragment: {error}")))
        .ok()?;
    let about = About::deserialize(&parts.x_cph)
        .map_err(|error| problems.report(file, "/x-cph", error.to_string()))
        .ok()?;
    Some(Operation {
        file: file.clone(),
        id: parts.operation_id,
        method: parts.method,
        path: parts.path,
        about,
        x_cph: parts.x_cph,
        object: parts.operation,
        schemas: parts.schemas,
    })
}
