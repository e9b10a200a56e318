//! The document that describes the simulator's own paths, for programs in any language.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use super::{
    Problem,
    clock::{ClockChange, ClockState},
    events::{Change, Snapshot},
    state::SimulatorState,
};
use crate::{Assumptions, Fault, FaultState, JournalEntry, Ledger};

/// An OpenAPI document, whose shapes are those of the types that are written and read.
pub(super) fn document() -> Value {
    let mut generator = SchemaSettings::openapi3().for_serialize().into_generator();
    let mut shapes = Shapes { answers: &mut generator };
    let ledger = shapes
        .answer::<Ledger>("What each phone, server and encoding service was really made to do");
    let journal = shapes.answer::<Vec<JournalEntry>>("The calls that came in, the oldest first");
    let state = shapes.answer::<SimulatorState<'_>>("Everything that there is");
    let faults = shapes.answer::<Vec<FaultState>>(
        "The fault rules, how often each struck and how often it still will",
    );
    let assumptions = shapes.answer::<Assumptions>("The switches in force");
    let clock = shapes.answer::<ClockState>("The time, and what happens next");
    let events = shapes.events();
    let filters = [
        ("operation", json!({ "type": "string" })),
        ("status", json!({ "type": "integer" })),
        ("after", json!({ "type": "integer", "minimum": 0 })),
    ];
    let filters =
        filters.map(|(name, schema)| json!({ "name": name, "in": "query", "schema": schema }));
    let paths = json!({
        "/_sim/ledger": { "get": ledger },
        "/_sim/journal": { "get": with("parameters", json!(filters), journal) },
        "/_sim/state": { "get": state },
        "/_sim/faults": {
            "get": faults,
            "post": taking::<Vec<Fault>>("Adds rules", &faults),
            "delete": with("summary", json!("Removes every rule"), faults.clone()),
        },
        "/_sim/assumptions": {
            "get": assumptions,
            "post": taking::<Assumptions>("Turns the switches that are named", &assumptions),
        },
        "/_sim/clock": {
            "get": clock,
            "post": taking::<ClockChange>("Stops, runs or moves the clock", &clock),
        },
        "/_sim/events": { "get": events },
    });
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "The simulator's own paths",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "They need no signature. They are not the service's, and are no calls in the journal.",
        },
        "paths": paths,
        "components": { "schemas": generator.take_definitions(true) },
    })
}

/// Puts the shapes of answers into the document.
struct Shapes<'a> {
    answers: &'a mut SchemaGenerator,
}

impl Shapes<'_> {
    fn answer<T: JsonSchema>(&mut self, summary: &str) -> Value {
        let schema = self.answers.subschema_for::<T>();
        self.responses(summary, "application/json", &json!(schema))
    }

    fn events(&mut self) -> Value {
        self.answers.subschema_for::<Snapshot<'_>>();
        self.answers.subschema_for::<Change<'_>>();
        let summary = "What happens, as server-sent events: a `snapshot`, then each `change`";
        let description = "The data of an event is JSON: the schema Snapshot or Change.";
        self.responses(
            summary,
            "text/event-stream",
            &json!({ "type": "string", "description": description }),
        )
    }

    fn responses(&mut self, summary: &str, kind: &str, schema: &Value) -> Value {
        let problem = self.answers.subschema_for::<Problem>();
        json!({
            "summary": summary,
            "responses": {
                "200": { "description": summary, "content": { kind: { "schema": schema } } },
                "4XX": {
                    "description": "Why not",
                    "content": { "application/json": { "schema": problem } },
                },
            },
        })
    }
}

/// The same operation with a body to send.
fn taking<T: JsonSchema>(summary: &str, operation: &Value) -> Value {
    let inline = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    let mut schema = inline.into_generator().into_root_schema_for::<T>();
    schema.remove("$schema");
    let body = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    with("requestBody", body, with("summary", json!(summary), operation.clone()))
}

fn with(name: &str, value: Value, mut operation: Value) -> Value {
    operation[name] = value;
    operation
}
