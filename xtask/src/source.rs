//! Reads `openapi/`: documents as they stand, table rows by type.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use toml::Spanned;

use crate::problem::Problems;

pub(crate) const COMMON: &str = "openapi/common.yaml";
pub(crate) const OPERATIONS: &str = "openapi/operations";
pub(crate) const CORRECTIONS: &str = "openapi/corrections.toml";
pub(crate) const CODES: &str = "openapi/error-codes.toml";
pub(crate) const PROPERTIES: &str = "openapi/properties.toml";
pub(crate) const REGIONS: &str = "openapi/regions.toml";
pub(crate) const ASSUMPTIONS: &str = "openapi/assumptions.toml";
pub(crate) const RETIRED: &str = "openapi/retired.toml";

/// All of `openapi/` that is written by hand.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) common: Value,
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) tables: Tables,
}

/// One operation's file.
#[derive(Debug)]
pub(crate) struct Fragment {
    /// From the root of the repository, such as `openapi/operations/list-jobs.yaml`.
    pub(crate) file: String,
    pub(crate) document: Value,
}

/// The rows of the TOML files.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) corrections: Vec<Row<Correction>>,
    pub(crate) history: Vec<Row<History>>,
    pub(crate) codes: Vec<Row<CodeEntry>>,
    pub(crate) properties: Vec<Row<Property>>,
    pub(crate) regions: Vec<Row<Region>>,
    pub(crate) assumptions: Vec<Row<Assumption>>,
    pub(crate) retired: Vec<Row<Retired>>,
}

/// A table row and the line it begins on.
#[derive(Debug)]
pub(crate) struct Row<T> {
    pub(crate) line: usize,
    pub(crate) row: T,
}

impl<T> Row<T> {
    pub(crate) fn place(&self) -> String {
        format!("line {}", self.line)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Correction {
    pub(crate) operation: String,
    pub(crate) at: String,
    pub(crate) page: Value,
    pub(crate) read: Value,
    pub(crate) evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct History {
    pub(crate) operation: String,
    pub(crate) vintage: String,
    pub(crate) said: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeEntry {
    pub(crate) code: String,
    pub(crate) name: Option<String>,
    pub(crate) message: String,
    pub(crate) meaning: String,
    pub(crate) advice: String,
    pub(crate) class: Class,
    pub(crate) effect: Effect,
    pub(crate) basis: Basis,
    pub(crate) scope: Scope,
    #[serde(default)]
    pub(crate) http: Vec<u16>,
    #[serde(default)]
    pub(crate) texts: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Property {
    pub(crate) key: String,
    #[serde(rename = "type")]
    pub(crate) kind: PropertyKind,
    pub(crate) vintage: Vintage,
    pub(crate) pattern: String,
    pub(crate) expects: String,
    pub(crate) basis: Basis,
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) default_history: Vec<FormerDefault>,
    #[serde(default)]
    pub(crate) values: Vec<PropertyValue>,
    #[serde(default)]
    pub(crate) deprecated: bool,
    pub(crate) replaced_by: Option<String>,
    #[serde(default)]
    pub(crate) personal: bool,
    pub(crate) code: Option<String>,
    pub(crate) takes_effect: Option<TakesEffect>,
    #[serde(default)]
    pub(crate) refused_by: Vec<String>,
    pub(crate) summary: String,
}

/// What an older list gave as the default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormerDefault {
    pub(crate) default: String,
    pub(crate) source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PropertyValue {
    pub(crate) value: String,
    pub(crate) meaning: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Region {
    pub(crate) id: String,
    pub(crate) endpoint: String,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assumption {
    pub(crate) name: String,
    pub(crate) statement: String,
    pub(crate) relied_on_by: Vec<Reliant>,
    #[serde(rename = "where")]
    pub(crate) place: String,
    pub(crate) would_show: String,
    /// The field of the simulator's assumptions that turns it round.
    pub(crate) switch: Option<String>,
    /// Why the simulator has no such field.
    pub(crate) no_switch: Option<String>,
}

/// An operation that older pages know and the service no longer has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retired {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) why: String,
    pub(crate) replaced_by: Option<String>,
    pub(crate) source: String,
}

/// Variants print as the ones of `cph-core` that the tables name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    Permission,
    Account,
    Authentication,
    Throttled,
    NotFound,
    InvalidInput,
    InvalidProperty,
    Precondition,
    Busy,
    Quota,
    Limit,
    ServerFault,
    Gateway,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Effect {
    None,
    Possible,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    Target,
    Size,
    Call,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Basis {
    Documented,
    Assumed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum PropertyKind {
    #[serde(rename = "integer")]
    Integer,
    #[serde(rename = "string")]
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Vintage {
    Old,
    New,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TakesEffect {
    Restart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reliant {
    Client,
    Simulator,
}

impl Reliant {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Simulator => "simulator",
        }
    }
}

impl Source {
    pub(crate) fn load(root: &Path, problems: &mut Problems) -> Self {
        Self {
            common: document(root, COMMON, problems),
            fragments: fragment_files(root, problems)
                .into_iter()
                .map(|file| Fragment { document: document(root, &file, problems), file })
                .collect(),
            tables: Tables::load(root, problems),
        }
    }

    pub(crate) fn has_all_documents(&self) -> bool {
        let mut documents = self.fragments.iter().map(|fragment| &fragment.document);
        !self.common.is_null() && !documents.any(Value::is_null)
    }
}

impl Tables {
    fn load(root: &Path, problems: &mut Problems) -> Self {
        let mut corrections = tables(root, CORRECTIONS, &["correction", "history"], problems);
        let mut of =
            |file, key| tables(root, file, &[key], problems).remove(key).unwrap_or_default();
        let (codes, properties) = (of(CODES, "code"), of(PROPERTIES, "property"));
        let (regions, assumptions) = (of(REGIONS, "region"), of(ASSUMPTIONS, "assumption"));
        let retired = of(RETIRED, "retired");
        Self {
            history: rows(CORRECTIONS, corrections.remove("history").unwrap_or_default(), problems),
            corrections: rows(
                CORRECTIONS,
                corrections.remove("correction").unwrap_or_default(),
                problems,
            ),
            codes: rows(CODES, codes, problems),
            properties: rows(PROPERTIES, properties, problems),
            regions: rows(REGIONS, regions, problems),
            assumptions: rows(ASSUMPTIONS, assumptions, problems),
            retired: rows(RETIRED, retired, problems),
        }
    }
}

fn read(root: &Path, file: &str, problems: &mut Problems) -> Option<String> {
    fs::read_to_string(root.join(file))
        .map_err(|error| problems.report(file, "", format!("cannot be read: {error}")))
        .ok()
}

fn fragment_files(root: &Path, problems: &mut Problems) -> Vec<String> {
    let listed = fs::read_dir(root.join(OPERATIONS)).and_then(|entries| {
        entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()
    });
    let mut names = match listed {
        Ok(names) => names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect(),
        Err(error) => {
            problems.report(OPERATIONS, "", format!("cannot be listed: {error}"));
            Vec::new()
        }
    };
    names.sort();
    let (fragments, others): (Vec<_>, Vec<_>) = names
        .into_iter()
        .map(|name| format!("{OPERATIONS}/{name}"))
        .partition(|file| Path::new(file).extension().is_some_and(|kind| kind == "yaml"));
    for file in others {
        problems.report(&file, "", "is no .yaml file; only fragments live here");
    }
    fragments
}

fn document(root: &Path, file: &str, problems: &mut Problems) -> Value {
    let Some(text) = read(root, file, problems) else { return Value::Null };
    parse_document(&text).unwrap_or_else(|error| {
        problems.report(file, "", format!("is no usable YAML: {error}"));
        Value::Null
    })
}

/// Goes through the YAML value, which refuses a key that stands twice.
pub(crate) fn parse_document(text: &str) -> Result<Value, yaml_serde::Error> {
    yaml_serde::from_str::<yaml_serde::Value>(text).and_then(yaml_serde::from_value)
}

type SpannedRows = Vec<(usize, toml::Value)>;

fn tables(
    root: &Path,
    file: &str,
    keys: &[&str],
    problems: &mut Problems,
) -> BTreeMap<String, SpannedRows> {
    let Some(text) = read(root, file, problems) else { return BTreeMap::new() };
    let line = |at: usize| text[..at].lines().count() + 1;
    let parsed: BTreeMap<String, Vec<Spanned<toml::Value>>> = match toml::from_str(&text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let place =
                error.span().map_or_else(String::new, |span| format!("line {}", line(span.start)));
            problems.report(file, place, format!("is no usable TOML: {}", error.message()));
            return BTreeMap::new();
        }
    };
    for key in parsed.keys().filter(|key| !keys.contains(&key.as_str())) {
        problems.report(file, "", format!("has `[[{key}]]`, known are {}", listed(keys)));
    }
    parsed
        .into_iter()
        .map(|(key, rows)| {
            (key, rows.into_iter().map(|row| (line(row.span().start), row.into_inner())).collect())
        })
        .collect()
}

fn rows<T: DeserializeOwned>(
    file: &str,
    rows: SpannedRows,
    problems: &mut Problems,
) -> Vec<Row<T>> {
    let mut read = Vec::with_capacity(rows.len());
    for (line, value) in rows {
        match value.try_into() {
            Ok(row) => read.push(Row { line, row }),
            Err(error) => problems.report(
                file,
                format!("line {line}"),
                error.to_string().trim_end().replace('\n', " "),
            ),
        }
    }
    read
}

pub(crate) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
