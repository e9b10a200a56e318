//! The vendor's examples, the bundle and the raw types.

use cph_tests::evidence::{Column, passed};

use crate::{
    bundle::{Example, Operation, differences, operations, plain},
    raw::{RoundTrip, Types},
};

/// Each example must come back as it went in; not even a corrected field is excepted, since a correction makes a type
/// that takes what the page prints.
fn check(operation: &Operation, what: &str, examples: Vec<Example>, again: RoundTrip) {
    let is_any = !examples.is_empty();
    for (name, example) in examples {
        let what = format!("{what} {name} of {}", operation.name);
        match again(example) {
            Ok(written) => assert_eq!(plain(&written), plain(example), "{what}"),
            Err(error) => panic!("{what} does not parse: {error}"),
        }
    }
    if is_any {
        passed(Column::Example, operation.name, []);
    }
}

#[test]
fn every_operation_has_raw_types() {
    for operation in operations() {
        let types = Types::of(operation.raw_name);
        let types = types.unwrap_or_else(|| panic!("raw.rs has no {}", operation.raw_name));
        assert_eq!(types.request.is_some(), operation.has_request_body(), "{}", operation.name);
        assert_eq!(types.answer.is_some(), operation.has_answer_body(), "{}", operation.name);
    }
}

#[test]
fn example_requests_survive_the_raw_types() {
    for operation in operations() {
        let Some(again) = Types::of(operation.raw_name).unwrap().request else { continue };
        check(&operation, "request", operation.request_examples(), again);
    }
}

#[test]
fn example_answers_survive_the_raw_types() {
    for operation in operations() {
        let Some(again) = Types::of(operation.raw_name).unwrap().answer else { continue };
        check(&operation, "answer", operation.answer_examples(), again);
    }
}

#[test]
fn only_where_none_was_found_is_an_example_missing() {
    let without = |has_body: fn(&Operation) -> bool, examples: fn(&Operation) -> Vec<Example>| {
        let operations = operations().into_iter();
        let without =
            operations.filter(|operation| has_body(operation) && examples(operation).is_empty());
        without.map(|operation| operation.name).collect::<Vec<_>>()
    };
    assert_eq!(
        without(Operation::has_request_body, Operation::request_examples),
        ["AttachShareFilesystem", "DetachShareFilesystem", "DeleteCloudPhoneServer"]
    );
    assert_eq!(
        without(Operation::has_answer_body, Operation::answer_examples),
        [
            "ListScheduledEvents",
            "ListCloudPhoneServerModelOfferings",
            "AttachShareFilesystem",
            "DetachShareFilesystem",
            "ListShareAppsSnapshot",
            "DeleteCloudPhoneServer",
        ]
    );
}

#[test]
fn examples_fit_the_schemas_of_the_bundle() {
    for operation in operations() {
        for (name, example) in operation.answer_examples() {
            let differences = differences(&operation.answer_schema(), example);
            assert_eq!(differences, "", "answer {name} of {}", operation.name);
        }
        for (name, example) in operation.request_examples() {
            let differences = differences(&operation.request_schema(), example);
            assert_eq!(differences, "", "request {name} of {}", operation.name);
        }
    }
}

#[test]
fn a_field_that_no_type_knows_would_be_noticed() {
    let example = serde_json::json!({"jobs": [{"job_id": "1564567b8bab40f34711234cb80d0123", "progress": 50}]});
    let written = Types::of("ListJobs").unwrap().answer.unwrap()(&example).unwrap();
    assert_ne!(written, example);
}
