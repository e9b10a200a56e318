//! `cph schema`: what is read and written, as JSON Schema.

use cph::{OutcomeRecord, Properties, PropertyKey, RunFile};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{Console, Exit, args::SchemaName, exit::Failure};

pub(super) fn schema(name: SchemaName, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = match name {
        SchemaName::Property => generator.into_root_schema_for::<Properties>(),
        SchemaName::Outcome => generator.into_root_schema_for::<OutcomeRecord>(),
        SchemaName::Target => target(generator),
        SchemaName::RunFile => RunFile::schema(),
    };
    serde_json::to_writer_pretty(&mut *console.out, &schema).map_err(std::io::Error::from)?;
    writeln!(console.out)?;
    console.out.flush()?;
    Ok(Exit::Done)
}

/// What a property may be: whole numbers are sent as their digits, null means not given.
const VALUE: [&str; 3] = ["string", "integer", "null"];

/// A line of `--from`: an id, and what is wanted of that phone alone.
fn target(generator: SchemaGenerator) -> Schema {
    let keys = generator.into_root_schema_for::<Properties>();
    let documented = keys.get("properties").and_then(Value::as_object);
    let mut properties = Map::new();
    properties.insert("phone_id".to_owned(), json!({"type": "string"}));
    properties.insert("set_image_id".to_owned(), json!({"type": ["string", "null"]}));
    for key in PropertyKey::all() {
        let own = documented.and_then(|documented| documented.get(key.key)).cloned();
        let mut own = own.unwrap_or_else(|| json!({}));
        own["type"] = json!(VALUE);
        properties.insert(key.key.to_owned(), own);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Target",
        "description": "One phone on a line of its own. Fields that cph phone list prints are ignored; any other is an error.",
        "type": "object",
        "required": ["phone_id"],
        "properties": properties,
        "patternProperties": {"^property\\.": {"type": VALUE}},
    });
    Schema::try_from(schema).unwrap_or_default()
}
