//! Writes the tables of the vocabulary: `cph-core/src/tables.rs`.

use std::fmt::Write as _;

use crate::{
    source::{Basis, CodeEntry, Property, Tables},
    spec::{Batch, Interval, Limit, Operation, RateLimit, Spec},
    words,
};

pub(crate) fn generated(spec: &Spec, tables: &Tables) -> Result<String, String> {
    let mut operations: Vec<&Operation> = spec.operations.iter().collect();
    operations.sort_by_key(|operation| &operation.id);
    let mut codes: Vec<&CodeEntry> = tables.codes.iter().map(|row| &row.row).collect();
    codes.sort_by_key(|code| &code.code);

    let text = [
        "use crate::{
            Asks, Assumption, Basis, Batch, Class, CodeEntry, Effect, ErrorCode, JobFamily, Limit, Operation, PropertyKey, PropertyKind,
            RateLimit, Region, Scope, TakesEffect, Vintage,
        };"
        .to_owned(),
        table("OPERATIONS", "Operation", operations.iter().copied().map(operation_row)),
        table("LIMITS", "Limit", limits(&operations).map(|(operation, limit)| limit_row(operation, limit))),
        table("CODES", "CodeEntry", codes.iter().copied().map(code_row)),
        table("PROPERTIES", "PropertyKey", tables.properties.iter().map(|row| property_row(&row.row))),
        table(
            "REGIONS",
            "Region",
            tables.regions.iter().map(|row| {
                let region = &row.row;
                format!("Region {{ id: {:?}, endpoint: {:?}, name: {:?} }}", region.id, region.endpoint, region.name)
            }),
        ),
        table(
            "ASSUMPTIONS",
            "Assumption",
            tables.assumptions.iter().map(|row| {
                let assumption = &row.row;
                let relied_on_by: Vec<_> = assumption.relied_on_by.iter().map(|reliant| reliant.word()).collect();
                format!(
                    "Assumption {{ name: {:?}, statement: {:?}, relied_on_by: &{relied_on_by:?}, would_show: {:?}, switch: {:?} }}",
                    assumption.name, assumption.statement, assumption.would_show, assumption.switch
                )
            }),
        ),
        code_constants(&codes),
        limit_constants(&operations),
    ]
    .join("\n");
    let file =
        syn::parse_file(&text).map_err(|error| format!("the tables are no Rust: {error}"))?;
    Ok(prettyplease::unparse(&file))
}

fn table(name: &str, kind: &str, rows: impl Iterator<Item = String>) -> String {
    let rows = rows.collect::<Vec<_>>().join(",\n");
    format!("pub(crate) static {name}: &[{kind}] = &[{rows}];")
}

fn limits<'a>(operations: &'a [&Operation]) -> impl Iterator<Item = (&'a str, &'a Limit)> {
    operations.iter().flat_map(|operation| {
        let mut limits: Vec<&Limit> = operation.about.limits.iter().collect();
        limits.sort_by_key(|limit| &limit.name);
        limits.into_iter().map(|limit| (operation.id.as_str(), limit))
    })
}

fn operation_row(operation: &Operation) -> String {
    let Operation { id, method, path, about, .. } = operation;
    let method = method.to_uppercase();
    let summary =
        operation.object.get("summary").and_then(|summary| summary.as_str()).unwrap_or_default();
    let job_family = about
        .job_family
        .map_or_else(|| "None".into(), |family| format!("Some(JobFamily::{family:?})"));
    let asks = about.asks.map_or_else(|| "None".into(), |asks| format!("Some(Asks::{asks:?})"));
    let batch = about.batch.as_ref().map_or_else(
        || "None".into(),
        |Batch { field, maximum, part, basis }| {
            format!("Some(Batch {{ field: {field:?}, maximum: {maximum:?}, part: {part}, basis: Basis::{basis:?} }})")
        },
    );
    let rate_limit = about.rate_limit.as_ref().map_or_else(
        || "None".into(),
        |RateLimit { calls, per, .. }| {
            let seconds = match per {
                Interval::Second => 1,
                Interval::Minute => 60,
                Interval::Hour => 3_600,
                Interval::Day => 86_400,
            };
            format!("Some(RateLimit {{ calls: {calls}, seconds: {seconds} }})")
        },
    );
    let mut pages: Vec<&str> = about.read.iter().map(|read| read.page.as_str()).collect();
    pages.dedup();
    // A name that nobody documents is kept in the fragment and told to nobody as a fact.
    let documented = about.iam_action.as_ref().filter(|action| action.basis == Basis::Documented);
    let iam_action = documented.map(|action| &action.name);
    format!(
        "Operation {{ name: {id:?}, method: {method:?}, path: {path:?}, shared: {:?}, summary: {summary:?}, asynchronous: {}, job_family: {job_family}, \
         batch: {batch}, rate_limit: {rate_limit}, idempotent: {}, asks: {asks}, pages: &{pages:?}, iam_action: {iam_action:?} }}",
        about.shared, about.asynchronous, about.idempotent
    )
}

fn limit_row(operation: &str, limit: &Limit) -> String {
    let Limit { name, value, unit, basis, .. } = limit;
    format!(
        "Limit {{ operation: {operation:?}, name: {name:?}, value: {value}, unit: {unit:?}, basis: Basis::{basis:?} }}"
    )
}

fn code_row(entry: &CodeEntry) -> String {
    let CodeEntry { code, name, message, meaning, advice, class, effect, basis, scope, .. } = entry;
    format!(
        "CodeEntry {{ code: {code:?}, name: {name:?}, message: {message:?}, meaning: {meaning:?}, advice: {advice:?}, \
         class: Class::{class:?}, effect: Effect::{effect:?}, basis: Basis::{basis:?}, scope: Scope::{scope:?} }}"
    )
}

fn property_row(property: &Property) -> String {
    let Property {
        key,
        kind,
        vintage,
        pattern,
        expects,
        basis,
        default,
        deprecated,
        replaced_by,
        personal,
        code,
        takes_effect,
        refused_by,
        summary,
        ..
    } = property;
    let takes_effect =
        takes_effect.map_or_else(|| "None".into(), |when| format!("Some(TakesEffect::{when:?})"));
    let default_history: Vec<(&str, &str)> = property
        .default_history
        .iter()
        .map(|former| (former.default.as_str(), former.source.as_str()))
        .collect();
    let values: Vec<(&str, &str)> = property
        .values
        .iter()
        .map(|value| (value.value.as_str(), value.meaning.as_str()))
        .collect();
    format!(
        "PropertyKey {{ key: {key:?}, summary: {summary:?}, kind: PropertyKind::{kind:?}, vintage: Vintage::{vintage:?}, \
         pattern: {pattern:?}, expects: {expects:?}, basis: Basis::{basis:?}, default: {default:?}, \
         default_history: &{default_history:?}, values: &{values:?}, takes_effect: {takes_effect}, refused_by: &{refused_by:?}, \
         deprecated: {deprecated}, replaced_by: {replaced_by:?}, personal: {personal}, code: {code:?} }}"
    )
}

fn code_constants(codes: &[&CodeEntry]) -> String {
    let mut constants = String::from("impl ErrorCode {");
    for code in codes {
        let (Some(name), Some((family, number))) = (&code.name, code.code.split_once('.')) else {
            continue;
        };
        let function = family.to_lowercase();
        let number = number.trim_start_matches('0');
        let text = format!(" {}: {}.", code.code, code.meaning.trim_end_matches('.'));
        let _ = writeln!(
            constants,
            "#[doc = {text:?}] pub const {name}: Self = Self::{function}({number});"
        );
    }
    constants + "}"
}

fn limit_constants(operations: &[&Operation]) -> String {
    let mut constants = String::from(
        "#[doc = \" Limits of single operations, each as a constant.\"] pub mod limits {",
    );
    for (operation, Limit { name, value, unit, basis, source }) in limits(operations) {
        let basis = format!("{basis:?}").to_lowercase();
        let source = source.as_ref().map_or_else(String::new, |source| format!(": {source}"));
        let text = format!(" `{name}` of `{operation}`, counted in {unit}; {basis}{source}.");
        let name = words::constant(&[operation, name]);
        let _ = writeln!(constants, "#[doc = {text:?}] pub const {name}: usize = {value};");
    }
    constants + "}"
}
