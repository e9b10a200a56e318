//! What has to hold before anything is generated: most of it lies where the generator would panic, or write what does
//! not compile or is wrong, without a word on where it comes from.

mod directions;
mod examples;
mod names;
mod operations;
mod references;
mod schemas;
mod shared;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    problem::Problems,
    source::{Tables, listed},
    spec::Spec,
    words,
};

pub(crate) fn check(spec: &Spec, tables: &Tables, bundle: &Value, problems: &mut Problems) {
    names::check(spec, problems);
    references::check(spec, bundle, problems);
    operations::check(spec, bundle, problems);
    shared::check(spec, problems);
    schemas::check(spec, problems);
    directions::check(spec, bundle, problems);
    examples::check(spec, bundle, problems);
    tables::check(spec, tables, problems);
}

/// Reports the members of an object that are not among the known keys; extensions (`x-…`) may be.
fn unknown_keys(file: &str, place: &str, object: &Value, known: &[&str], problems: &mut Problems) {
    for key in object.as_object().into_iter().flat_map(|object| object.keys()) {
        if !key.starts_with("x-") && !known.contains(&key.as_str()) {
            let text = format!("has the unknown key `{key}`; known here are {}", listed(known));
            problems.report(file, place, text);
        }
    }
}

/// The pairs of names that generated code cannot tell apart.
fn clashes<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<(&'a str, &'a str)> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut clashes = Vec::new();
    for name in names {
        match seen.insert(words::folded(name), name) {
            Some(other) if other != name => clashes.push((other, name)),
            _ => {}
        }
    }
    clashes
}
