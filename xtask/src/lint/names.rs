//! Names of files, operations and schemas; what may stand only once.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    problem::Problems,
    source::{OPERATIONS, listed},
    spec::{Operation, Spec},
    words,
};

pub(super) const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

pub(super) fn check(spec: &Spec, problems: &mut Problems) {
    operations(spec, problems);
    schemas(spec, problems);
}

fn operations(spec: &Spec, problems: &mut Problems) {
    let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
    let mut routes: BTreeMap<(&str, &str), &Operation> = BTreeMap::new();
    for operation in &spec.operations {
        let (file, id) = (operation.file.as_str(), operation.id.as_str());
        if words::is_pascal(id) {
            let wanted = format!("{OPERATIONS}/{}.yaml", words::joined(id, "-"));
            if file != wanted {
                problems.report(file, "/operationId", format!("is {id}; call the file {wanted}"));
            }
        } else {
            problems.report(
                file,
                "/operationId",
                format!("`{id}` is no name like RestartCloudPhone"),
            );
        }
        if let Some(other) = ids.insert(id, file) {
            problems.report(
                file,
                "/operationId",
                format!("{id} is also in {other}; an operation has one file"),
            );
        }
        if !METHODS.contains(&operation.method.as_str()) {
            let methods = listed(&METHODS);
            problems.report(
                file,
                "/method",
                format!("`{}` is none of {methods}", operation.method),
            );
        }
        if let Some(other) = routes.insert((&operation.path, &operation.method), operation)
            && (operation.about.shared.is_none() || operation.about.shared != other.about.shared)
        {
            let text = format!(
                "{} {} is also in {}; OpenAPI holds one operation for it, so give both the same `x-cph.shared`",
                operation.method, operation.path, other.file
            );
            problems.report(file, "/path", text);
        }
    }
}

fn schemas(spec: &Spec, problems: &mut Problems) {
    let mut first = BTreeMap::new();
    for (file, place, name, schema) in spec.schemas() {
        if !words::is_pascal(name) {
            problems.report(
                file,
                &place,
                "is no name like PhoneJob (one capital a word); rename it",
            );
        }
        match first.insert(name, (file, schema)) {
            Some((other, before)) if before != schema => {
                problems.report(
                    file,
                    place,
                    format!(
                        "differs from {name} in {other}; make them equal, or give one another name"
                    ),
                );
            }
            _ => {}
        }
    }
    let names: BTreeSet<&str> = first.keys().copied().collect();
    for (one, other) in super::clashes(names) {
        let (file, _) = first[other];
        problems.report(
            file,
            "/schemas",
            format!("{other} differs from {one} only in case; rename one"),
        );
    }
}
