//! Values that calls can name: from the examples of the pages, and from what was answered.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Map, Value};

/// The oldest go when there are more of one name.
const MOST: usize = 40;

/// What pages name outside examples.
const WORDS: [(&str, &str); 6] = [
    ("type", "sfs_turbo"),
    ("status", "accepted"),
    ("status", "rejected"),
    ("authorization_type", "maintenance"),
    ("authorization_type", "redeploy"),
    ("not_before", ""),
];

/// What the examples of the pages name.
static EXAMPLES: LazyLock<Pool> = LazyLock::new(|| {
    let bundle: Value =
        serde_json::from_str(include_str!("../../../../../openapi/cph.json")).unwrap();
    let mut pool = Pool(BTreeMap::new());
    pool.learn_examples(&bundle);
    for (name, word) in WORDS {
        pool.learn(name, &word.into());
    }
    pool
});

/// Scalars by the name of their field.
#[derive(Clone)]
pub(crate) struct Pool(BTreeMap<String, Vec<Value>>);

impl Pool {
    pub(crate) fn new() -> Self {
        EXAMPLES.clone()
    }

    pub(crate) fn of(&self, name: &str) -> &[Value] {
        let name = match name {
            "marker" => "next_marker",
            "resource_id" => "server_id",
            name => name.strip_suffix('s').unwrap_or(name),
        };
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Remembers every scalar of an answer.
    pub(crate) fn learn(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| self.learn(name, value));
            }
            Value::Array(values) => {
                values.iter().take(MOST).for_each(|value| self.learn(name, value));
            }
            Value::Null => {}
            scalar => {
                let known =
                    self.0.entry(name.strip_suffix('s').unwrap_or(name).to_owned()).or_default();
                if !known.contains(scalar) {
                    if known.len() == MOST {
                        known.remove(0);
                    }
                    known.push(scalar.clone());
                }
            }
        }
    }

    fn learn_examples(&mut self, value: &Value) {
        let name = |fields: &Map<String, Value>| {
            fields.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match key.as_str() {
                        "example" => self.learn(&name(fields), value),
                        "examples" => {
                            for example in value.as_object().into_iter().flat_map(Map::values) {
                                self.learn("", &example["value"]);
                            }
                        }
                        _ => self.learn_examples(value),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn_examples(value)),
            _ => {}
        }
    }
}
