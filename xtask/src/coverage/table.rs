//! The table: operations, columns, and the fields that nobody offers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use serde::Deserialize;
use serde_json::Value;

use super::{BUNDLE, COMMAND, NOT_OFFERED, PAGE};
use crate::{
    bundle::{Call, JSON, calls, successes},
    problem::Problems,
    walk::followed,
};

/// One line that a test wrote.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    column: Column,
    operation: String,
    arguments: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Column {
    Raw,
    Ergonomic,
    Cli,
    Example,
    Wire,
    Simulated,
}

impl Column {
    const ALL: [Self; 6] =
        [Self::Raw, Self::Ergonomic, Self::Cli, Self::Example, Self::Wire, Self::Simulated];

    fn title(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Ergonomic => "ergonomic",
            Self::Cli => "CLI",
            Self::Example => "example",
            Self::Wire => "wire",
            Self::Simulated => "simulated",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Raw => "`cph-raw` calls it",
            Self::Ergonomic => "`cph` calls it",
            Self::Cli => "the command line calls it",
            Self::Example => "the examples of its pages come out of the raw types as they went in",
            Self::Wire => "the official SDK's requests are sent as the SDK sends them",
            Self::Simulated => "the simulator answers it",
        }
    }
}

/// Why fields are not offered.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reasons {
    #[serde(default)]
    not_offered: Vec<NotOffered>,
}

/// One of them, of an operation and a pointer to its field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotOffered {
    operation: String,
    argument: String,
    reason: String,
}

/// What is covered of each operation, by name.
#[derive(Debug)]
pub(super) struct Table<'a> {
    operations: BTreeMap<&'a str, Operation>,
    /// Why a field is not offered, by operation and argument.
    reasons: BTreeMap<(&'a str, &'a str), &'a str>,
}

#[derive(Debug)]
struct Operation {
    arguments: Vec<String>,
    has_example: bool,
    /// The arguments that were seen, where a test has passed.
    passed: BTreeMap<Column, BTreeSet<String>>,
}

impl<'a> Table<'a> {
    pub(super) fn new(
        bundle: &'a Value,
        evidence: &[Evidence],
        reasons: &'a Reasons,
        problems: &mut Problems,
    ) -> Self {
        let operations =
            calls(bundle).map(|call| (call.name, Operation::new(bundle, &call))).collect();
        let mut table = Self { operations, reasons: BTreeMap::new() };
        table.note(evidence, problems);
        let lacking: BTreeSet<_> =
            OFFERING.iter().flat_map(|column| table.lacking(*column)).collect();
        let mut explained = BTreeMap::new();
        for NotOffered { operation, argument, reason } in &reasons.not_offered {
            let field = (operation.as_str(), argument.as_str());
            let again = explained.insert(field, reason.as_str()).is_some();
            if again || !lacking.contains(&field) {
                let place = format!("{operation} {argument}");
                problems.report(NOT_OFFERED, place, "explains nothing; remove the row");
            }
        }
        table.reasons = explained;
        table
    }

    fn note(&mut self, evidence: &[Evidence], problems: &mut Problems) {
        for Evidence { column, operation, arguments } in evidence {
            let Some(row) = self.operations.get_mut(operation.as_str()) else {
                problems.report(BUNDLE, operation, "has evidence, but is no operation");
                continue;
            };
            let passed = row.passed.entry(*column).or_default();
            for seen in arguments {
                let shown = row.arguments.iter().filter(|argument| shows(seen, argument));
                let shown: Vec<_> = shown.cloned().collect();
                if shown.is_empty() {
                    let place = format!("{operation} {seen}");
                    problems.report(BUNDLE, place, "was sent, but is no argument");
                }
                passed.extend(shown);
            }
        }
    }

    /// The arguments that are not offered, of the operations that are.
    fn lacking(&self, column: Column) -> impl Iterator<Item = (&str, &str)> {
        self.operations.iter().flat_map(move |(name, operation)| {
            let seen = operation.passed.get(&column);
            let lacks =
                move |argument: &&String| seen.is_some_and(|seen| !seen.contains(*argument));
            let lacking = operation.arguments.iter().filter(lacks);
            lacking.map(move |argument| (*name, argument.as_str()))
        })
    }

    pub(super) fn unexplained(&self) -> BTreeSet<String> {
        let lacking = OFFERING.iter().flat_map(|column| self.lacking(*column));
        lacking
            .filter(|field| !self.reasons.contains_key(field))
            .map(|(operation, argument)| format!("{operation} {argument}"))
            .collect()
    }

    fn total(&self, column: Column) -> String {
        let passed = self.operations.values().filter(|row| row.passed.contains_key(&column));
        format!("{} of {}", passed.count(), self.operations.len())
    }

    pub(super) fn summary(&self) -> String {
        Column::ALL.map(|column| format!("{}: {}", column.title(), self.total(column))).join(", ")
    }

    /// For README.
    pub(super) fn totals(&self) -> String {
        let titles = Column::ALL.map(Column::title).join(" | ");
        let totals = Column::ALL.map(|column| self.total(column)).join(" | ");
        format!(
            "How many of the documented operations a passing test has shown ([each of them]({PAGE})):\n\n\
             | {titles} |\n|{}\n| {totals} |\n\n",
            "---|".repeat(Column::ALL.len())
        )
    }

    pub(super) fn page(&self) -> String {
        let mut page = format!(
            "<!-- @generated by `{COMMAND}` from what passing tests wrote; do not edit. -->\n\n\
             # What is covered\n\n| column | operations | what a test has shown |\n|---|---|---|\n"
        );
        for column in Column::ALL {
            let (title, total) = (column.title(), self.total(column));
            let _ = writeln!(page, "| {title} | {total} | {} |", column.meaning());
        }
        let titles = Column::ALL.map(Column::title).join(" | ");
        let rule = "---|".repeat(Column::ALL.len() + 1);
        let _ = writeln!(page, "\n| operation | {titles} |\n|{rule}");
        for (name, row) in &self.operations {
            let cells = Column::ALL.map(|column| row.cell(column)).join(" | ");
            let _ = writeln!(page, "| {name} | {cells} |");
        }
        let without: Vec<_> = self
            .operations
            .iter()
            .filter(|(_, row)| !row.has_example)
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        if !without.is_empty() {
            let _ = writeln!(page, "\n`-`: no example is known of {}.", without.join(", "));
        }
        for column in OFFERING {
            self.list(column, &mut page);
        }
        page
    }

    /// The fields that a column does not offer.
    fn list(&self, column: Column, page: &mut String) {
        let who = if column == Column::Cli { "the command line" } else { "`cph`" };
        let _ = writeln!(page, "\n## Request fields that {who} does not offer\n");
        let mut lines = String::new();
        for (operation, argument) in self.lacking(column) {
            let reason = self.reasons.get(&(operation, argument)).unwrap_or(&"no reason given");
            let _ = writeln!(lines, "- `{operation} {argument}`: {reason}");
        }
        let offered = |row: &Operation| row.passed.contains_key(&column);
        for (name, _) in self.operations.iter().filter(|(_, row)| !offered(row)) {
            let _ = writeln!(lines, "- `{name}`: nothing offered yet");
        }
        page.push_str(if lines.is_empty() { "None.\n" } else { &lines });
    }
}

/// The columns of what people use: what they do not offer is listed field by field.
const OFFERING: [Column; 2] = [Column::Ergonomic, Column::Cli];

impl Operation {
    fn new(bundle: &Value, call: &Call<'_>) -> Self {
        let mut arguments = Vec::new();
        for parameter in call.operation["parameters"].as_array().into_iter().flatten() {
            let parameter = followed(bundle, parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            if name != "project_id" {
                leaves(bundle, &parameter["schema"], &format!("/{name}"), &mut arguments);
            }
        }
        if !call.request.is_null() {
            leaves(bundle, call.request, "/body", &mut arguments);
        }
        Self { arguments, has_example: has_example(call), passed: BTreeMap::new() }
    }

    fn cell(&self, column: Column) -> &'static str {
        if self.passed.contains_key(&column) {
            "yes"
        } else if column == Column::Example && !self.has_example {
            "-"
        } else {
            ""
        }
    }
}

fn leaves(bundle: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    let schema = followed(bundle, schema);
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            leaves(bundle, property, &format!("{at}/{name}"), found);
        }
    } else if schema["type"] == "array" {
        leaves(bundle, &schema["items"], &format!("{at}/0"), found);
    } else {
        found.push(at.to_owned());
    }
}

/// Whether a page prints a request or an answer of the call.
fn has_example(call: &Call<'_>) -> bool {
    let is_own = |name: &String| {
        let rest = name.strip_prefix(call.name);
        call.shared.is_none() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let answers = successes(call.operation).map(|(_, answer)| answer);
    answers.chain([&call.operation["requestBody"]]).any(|body| {
        let body = &body["content"][JSON];
        let named = body["examples"].as_object();
        body.get("example").is_some() || named.is_some_and(|named| named.keys().any(is_own))
    })
}

/// Whether a request that has `seen` has used `argument`: the same, a field of an open object, or a list in the query,
/// where it has but its name.
fn shows(seen: &str, argument: &str) -> bool {
    let inside = seen.strip_prefix(argument);
    inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || argument.strip_suffix("/0") == Some(seen)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn bundle() -> Value {
        let query = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
        let text = json!({"type": "string"});
        let phone = json!({"type": "object", "properties": {
            "phone_id": text,
            "custom_property": {"type": "object", "additionalProperties": text},
        }});
        let command =
            |name: &str| json!({"type": "object", "properties": {"command": text, name: text}});
        let body = |content: Value| json!({"content": {JSON: content}});
        json!({
            "paths": {
                "/v1/{project_id}/events": {"get": {
                    "operationId": "ListEvents",
                    "parameters": [
                        {"$ref": "#/components/parameters/ProjectId"},
                        query("limit"),
                        {"name": "state", "in": "query", "schema": {"type": "array", "items": text}},
                    ],
                    "responses": {"200": body(json!({"schema": text})), "400": body(json!({"example": 1}))},
                }},
                "/v1/{project_id}/phones": {"post": {
                    "operationId": "ChangePhones",
                    "parameters": [{"$ref": "#/components/parameters/ProjectId"}],
                    "requestBody": body(json!({"schema": {"type": "object", "properties": {
                        "phones": {"type": "array", "items": {"$ref": "#/components/schemas/Phone"}},
                    }}})),
                    "responses": {"200": body(json!({"schema": text, "example": {}}))},
                }},
                "/v1/{project_id}/commands": {"post": {
                    "operationId": "SendCommand",
                    "parameters": [],
                    "requestBody": body(json!({"schema": {}, "examples": {"Push-two": {"value": {}}}})),
                    "responses": {"200": body(json!({"schema": {}}))},
                    "x-cph": {"operations": {
                        "Push": {"request": command("file")},
                        "PushAgain": {"request": command("app")},
                    }},
                }},
            },
            "components": {
                "parameters": {"ProjectId": {"name": "project_id", "in": "path", "schema": text}},
                "schemas": {"Phone": phone},
            },
        })
    }

    fn seen(column: Column, operation: &str, arguments: &[&str]) -> Evidence {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Evidence { column, operation: operation.into(), arguments }
    }

    fn reasons() -> Reasons {
        let row = r#"
            [[not_offered]]
            operation = "ListEvents"
            argument = "/limit"
            reason = "pages are of the largest size"
        "#;
        toml::from_str(row).unwrap()
    }

    #[test]
    fn a_cell_is_set_by_evidence_and_a_field_that_none_has_is_listed() {
        let evidence = [
            seen(Column::Raw, "Push", &["/body/command", "/body/file"]),
            seen(Column::Example, "Push", &[]),
            seen(Column::Ergonomic, "ListEvents", &["/state"]),
            seen(Column::Cli, "ListEvents", &["/limit"]),
            seen(Column::Cli, "ListEvents", &["/state"]),
            seen(Column::Ergonomic, "ChangePhones", &["/body/phones/0/custom_property/color"]),
        ];
        let (bundle, reasons, mut problems) = (bundle(), reasons(), Problems::default());
        let table = Table::new(&bundle, &evidence, &reasons, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        assert_snapshot!(table.page(), @r#"
        <!-- @generated by `cargo xtask coverage` from what passing tests wrote; do not edit. -->

        # What is covered

        | column | operations | what a test has shown |
        |---|---|---|
        | raw | 1 of 4 | `cph-raw` calls it |
        | ergonomic | 2 of 4 | `cph` calls it |
        | CLI | 1 of 4 | the command line calls it |
        | example | 1 of 4 | the examples of its pages come out of the raw types as they went in |
        | wire | 0 of 4 | the official SDK's requests are sent as the SDK sends them |
        | simulated | 0 of 4 | the simulator answers it |

        | operation | raw | ergonomic | CLI | example | wire | simulated |
        |---|---|---|---|---|---|---|
        | ChangePhones |  | yes |  |  |  |  |
        | ListEvents |  | yes | yes | - |  |  |
        | Push | yes |  |  | yes |  |  |
        | PushAgain |  |  |  | - |  |  |

        `-`: no example is known of `ListEvents`, `PushAgain`.

        ## Request fields that `cph` does not offer

        - `ChangePhones /body/phones/0/phone_id`: no reason given
        - `ListEvents /limit`: pages are of the largest size
        - `Push`: nothing offered yet
        - `PushAgain`: nothing offered yet

        ## Request fields that the command line does not offer

        - `ChangePhones`: nothing offered yet
        - `Push`: nothing offered yet
        - `PushAgain`: nothing offered yet
        "#);
        assert_snapshot!(table.totals(), @r#"
        How many of the documented operations a passing test has shown ([each of them](tests/coverage.md)):

        | raw | ergonomic | CLI | example | wire | simulated |
        |---|---|---|---|---|---|
        | 1 of 4 | 2 of 4 | 1 of 4 | 1 of 4 | 0 of 4 | 0 of 4 |
        "#);
        assert!(table.unexplained().iter().eq(["ChangePhones /body/phones/0/phone_id"]));
    }

    #[test]
    fn what_fits_nothing_is_a_problem() {
        let evidence = [
            seen(Column::Raw, "SendCommand", &[]),
            seen(Column::Raw, "Push", &["/body/files"]),
            seen(Column::Ergonomic, "ListEvents", &["/limit", "/state"]),
        ];
        let (bundle, reasons, mut problems) = (bundle(), reasons(), Problems::default());
        Table::new(&bundle, &evidence, &reasons, &mut problems);
        let problems = problems.sorted().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_snapshot!(problems.join("\n"), @r#"
        openapi/cph.json: Push /body/files: was sent, but is no argument
        openapi/cph.json: SendCommand: has evidence, but is no operation
        tests/not-offered.toml: ListEvents /limit: explains nothing; remove the row
        "#);
    }
}
