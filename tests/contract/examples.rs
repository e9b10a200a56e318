//! The vendor's examples, the bundle and the raw types.

use serde_json::Value;

use crate::{
    bundle::{differences, operations, without_nulls},
    raw::{RoundTrip, Types},
};

/// The example must come back as it went in; not even a corrected field is excepted, since a correction makes a type
/// that takes what the page prints.
fn check(what: &str, example: &Value, again: RoundTrip) {
    match again(example) {
        Ok(written) => assert_eq!(without_nulls(&written), without_nulls(example), "{what}"),
        Err(error) => panic!("{what} does not parse: {error}"),
    }
}

#[test]
fn every_operation_has_raw_types() {
    for operation in operations() {
        let types = Types::of(operation.name);
        let types = types.unwrap_or_else(|| panic!("raw.rs names no types for {}", operation.name));
        assert_eq!(types.request.is_some(), operation.has_request_body(), "{}", operation.name);
    }
}

#[test]
fn example_requests_survive_the_raw_types() {
    let mut seen = 0;
    for operation in operations() {
        let Some(again) = Types::of(operation.name).and_then(|types| types.request) else {
            continue;
        };
        for (name, example) in operation.request_examples() {
            check(&format!("request {name} of {}", operation.name), example, again);
            seen += 1;
        }
    }
    assert!(seen >= 2, "the restart page prints two vintages of its example");
}

#[test]
fn example_answers_survive_the_raw_types() {
    for operation in operations() {
        let examples = operation.answer_examples();
        assert!(!examples.is_empty(), "{} has no example of an answer", operation.name);
        let types = Types::of(operation.name).unwrap();
        for (name, example) in examples {
            check(&format!("answer {name} of {}", operation.name), example, types.answer);
        }
    }
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
    let written = (Types::of("ListJobs").unwrap().answer)(&example).unwrap();
    assert_ne!(written, example);
}
