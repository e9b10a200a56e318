//! What is assumed is named where code relies on it: `Assumed: a-name, another.` in a comment, or `(assumed: a-name)`.

use std::{collections::BTreeSet, fs, path::Path};

use cph_core::Assumption;
use cph_sim::Assumptions;

/// A name in the sources of a crate.
struct Reference {
    krate: String,
    file: String,
    name: String,
}

/// Every name in the sources of the crates, generated ones aside.
fn references() -> Vec<Reference> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut references = Vec::new();
    for folder in fs::read_dir(crates).unwrap() {
        let folder = folder.unwrap();
        let krate = folder.file_name().into_string().unwrap();
        collect(&krate, &folder.path().join("src"), &mut references);
    }
    references
}

fn collect(krate: &str, folder: &Path, references: &mut Vec<Reference>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(krate, &path, references);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            if !source.starts_with("// @generated") {
                references.extend(source.lines().flat_map(names).map(|name| Reference {
                    krate: krate.to_owned(),
                    file: path.display().to_string(),
                    name: name.to_owned(),
                }));
            }
        }
    }
}

/// The names in the comment of a line.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let names = line.split_once("//").and_then(|(_, comment)| {
        let (_, names) =
            comment.split_once("Assumed:").or_else(|| comment.split_once("(assumed:"))?;
        Some(names.find(['.', ')']).map_or(names, |end| &names[..end]))
    });
    names.into_iter().flat_map(|names| names.split(',')).map(str::trim)
}

#[test]
fn every_assumption_is_named_by_whoever_relies_on_it() {
    let references = references();
    for assumption in Assumption::all() {
        for &reliant in assumption.relied_on_by {
            let relies = |krate: &str| (krate == "cph-sim") == (reliant == "simulator");
            let named = |reference: &Reference| {
                relies(&reference.krate) && reference.name == assumption.name
            };
            assert!(references.iter().any(named), "{reliant}: {}", assumption.name);
        }
    }
}

#[test]
fn nothing_else_is_called_an_assumption() {
    for Reference { file, name, .. } in references() {
        let known = Assumption::all().iter().any(|assumption| assumption.name == name);
        assert!(known, "{file}: `{name}`");
    }
}

#[test]
fn every_switch_of_the_simulator_belongs_to_an_assumption() {
    let named: BTreeSet<_> = Assumption::all().iter().filter_map(|one| one.switch).collect();
    let fields = serde_json::to_value(Assumptions::default()).unwrap();
    let fields: BTreeSet<_> = fields.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, named);
}
