//! Which way a schema goes: answers are read leniently, and a schema of both ways would loosen the request.

use serde_json::Value;

use crate::{
    bundle::{calls, operations},
    problem::Problems,
    spec::Spec,
    walk::reached,
};

pub(super) fn check(spec: &Spec, bundle: &Value, problems: &mut Problems) {
    let used = reached(bundle, [&bundle["paths"]]);
    let sent = reached(
        bundle,
        operations(bundle)
            .map(|(_, _, operation)| &operation["parameters"])
            .chain(calls(bundle).map(|call| call.request)),
    );
    let answered = reached(bundle, calls(bundle).map(|call| call.response));
    for (file, place, name, _) in spec.schemas() {
        if !used.contains(name) {
            problems.report(file, place, "is not used by any operation; remove it");
        } else if sent.contains(name) && answered.contains(name) {
            problems.report(
                file,
                place,
                "stands in a request and in an answer; make two schemas of it",
            );
        }
    }
}
