//! What a reviewer must see when it changes: tables, types and bodies, one fact a line.

use std::{fmt::Write as _, fs, path::Path};

use cph_core::{CodeEntry, Limit, Operation, PropertyKey};
use serde_json::json;
use syn::Item;

use crate::{bundle, calls::call, ergonomic::refused_client, outline::outline};

/// Rows in columns as wide as their widest cell.
fn table<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| text.to_string())
}

/// With what older lists gave.
fn default_of(property: &PropertyKey) -> String {
    let former = property.default_history.iter();
    let former = former.map(|(default, source)| format!(", {default:?} in {source}"));
    or_dash(property.default.map(|default| format!("{default:?}"))) + &former.collect::<String>()
}

/// `word` where it holds.
fn if_so(holds: bool, word: &str) -> String {
    if holds { word.to_owned() } else { "-".to_owned() }
}

#[test]
fn operations() {
    let head = ["operation", "method", "path", "async", "family", "batch", "sent twice", "asks"];
    let rows = Operation::all().iter().map(|operation| {
        let batch = operation.batch.map(|batch| {
            let maximum = batch
                .maximum
                .map_or_else(|| "no maximum".to_owned(), |maximum| format!("at most {maximum}"));
            format!("{} in parts of {}, {maximum}, {}", batch.field, batch.part, batch.basis)
        });
        [
            operation.name.to_owned(),
            operation.method.to_owned(),
            operation.path.to_owned(),
            if_so(operation.asynchronous, "async"),
            or_dash(operation.job_family),
            or_dash(batch),
            if operation.idempotent { "same as once" } else { "does more" }.to_owned(),
            or_dash(operation.asks),
        ]
    });
    insta::assert_snapshot!(table([head.map(str::to_owned)].into_iter().chain(rows)));
}

#[test]
fn the_operation_table_is_that_of_the_bundle() {
    let of_core = Operation::all()
        .iter()
        .map(|operation| (operation.name, operation.method.to_owned(), operation.path));
    let mut of_bundle: Vec<_> = bundle::operations()
        .into_iter()
        .map(|operation| (operation.name, operation.method, operation.path))
        .collect();
    of_bundle.sort();
    assert!(of_core.eq(of_bundle));
}

#[test]
fn limits() {
    let rows = Limit::all().iter().map(|limit| {
        [
            limit.operation.to_owned(),
            limit.name.to_owned(),
            format!("{} {}", limit.value, limit.unit),
            limit.basis.to_string(),
        ]
    });
    insta::assert_snapshot!(table(rows));
}

#[test]
fn codes() {
    let head = ["code", "name", "class", "effect", "scope"];
    let rows = CodeEntry::all().iter().map(|entry| {
        [
            entry.code.to_owned(),
            or_dash(entry.name),
            entry.class.to_string(),
            entry.effect.to_string(),
            entry.scope.to_string(),
        ]
    });
    insta::assert_snapshot!(table([head.map(str::to_owned)].into_iter().chain(rows)));
}

#[test]
fn properties() {
    let head = ["key", "vintage", "takes", "default", "effect", "not on", "personal"];
    let rows = PropertyKey::all().iter().map(|property| {
        [
            property.key.to_owned(),
            property.vintage.to_string(),
            property.expects.to_owned(),
            default_of(property),
            or_dash(property.takes_effect.map(|when| format!("after {when}"))),
            or_dash((!property.refused_by.is_empty()).then(|| property.refused_by.join(" "))),
            if_so(property.personal, "personal"),
        ]
    });
    insta::assert_snapshot!(table([head.map(str::to_owned)].into_iter().chain(rows)));
}

#[test]
fn raw_types() {
    let source = syn::parse_file(include_str!("../../crates/cph-raw/src/generated.rs")).unwrap();
    let types = source.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "types" => module.content.as_ref(),
        _ => None,
    });
    let (_, items) = types.expect("the generated file has a module of types");
    let outlines: Vec<_> = items.iter().filter_map(outline).collect();
    insta::assert_snapshot!(outlines.join("\n"));
}

/// Without the generated tables: `operations`, `limits`, `codes` and `properties` have their rows and what is named in them.
#[test]
fn core_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cph-core/src");
    let items = |module: &str| {
        let source = fs::read_to_string(folder.join(module).with_extension("rs")).unwrap();
        syn::parse_file(&source).unwrap().items
    };
    let modules = items("lib").into_iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
        _ => None,
    });
    let outlines = modules
        .filter(|module| module != "tables")
        .flat_map(|module| items(&module).iter().filter_map(outline).collect::<Vec<_>>());
    insta::assert_snapshot!(outlines.collect::<Vec<_>>().join("\n"));
}

#[tokio::test(start_paused = true)]
async fn bodies_of_the_examples() {
    let mut text = String::new();
    for operation in bundle::operations() {
        for (name, example) in operation.request_examples() {
            // The others are held against openapi/wire.json alone.
            if operation.name != "RestartCloudPhone" {
                continue;
            }
            let (client, sent) = refused_client(None);
            call(&client, operation.name, &json!({"body": example})).await.unwrap();
            let sent = sent.lock().unwrap();
            let body = str::from_utf8(sent[0].body()).unwrap();
            writeln!(
                text,
                "{} {name}\n{} {}\n{body}\n",
                operation.name,
                sent[0].method(),
                sent[0].uri().path()
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(text);
}
