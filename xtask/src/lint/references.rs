//! Every `$ref` leads to something that is here.

use serde_json::{Value, json};

use crate::{
    problem::Problems,
    source::{COMMON, listed},
    spec::Spec,
    walk::{references, resolve},
};

const KINDS: [&str; 3] =
    ["#/components/schemas/", "#/components/parameters/", "#/components/responses/"];

pub(super) fn check(spec: &Spec, bundle: &Value, problems: &mut Problems) {
    for operation in &spec.operations {
        let parts = json!({ "operation": operation.object, "schemas": operation.schemas });
        each(&operation.file, "", &parts, bundle, problems);
    }
    let components = &spec.common.components;
    let parts = json!({ "parameters": components.parameters, "responses": components.responses, "schemas": components.schemas });
    each(COMMON, "/components", &parts, bundle, problems);
}

fn each(file: &str, place: &str, value: &Value, bundle: &Value, problems: &mut Problems) {
    references(place, value, &mut |place, target| {
        if !target.starts_with('#') {
            problems.report(
                file,
                place,
                format!("refers to `{target}`, outside of this API; transcribe it here"),
            );
        } else if !KINDS.iter().any(|kind| target.starts_with(kind)) {
            let kinds = listed(&KINDS);
            problems.report(
                file,
                place,
                format!("refers to `{target}`; a reference begins with one of {kinds}"),
            );
        } else if resolve(bundle, target).is_none() {
            problems.report(
                file,
                place,
                format!("refers to `{target}`, which no fragment and not {COMMON} defines"),
            );
        }
    });
}
