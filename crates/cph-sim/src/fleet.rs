//! Which phones there are when the simulation begins.

use std::{collections::HashSet, fmt, io};

use cph_core::PhoneStatus;
use indexmap::IndexMap;
use serde::Deserialize;

use crate::chance;

/// The phones that a simulator starts with.
///
/// ```
/// use cph_sim::Fleet;
///
/// let fleet = Fleet::from_csv("phone_id,status\n1678567b8bab40f93711234cb80d0764,shut-down\n".as_bytes()).unwrap();
/// assert_eq!(fleet.len(), 1);
///
/// let error = Fleet::from_csv("phone_id\nphone-7\n".as_bytes()).unwrap_err();
/// assert_eq!(error.to_string(), "line 2: `phone-7` is no phone id: one has 32 hexadecimal digits");
/// ```
#[derive(Clone, Default)]
pub struct Fleet(pub(crate) Vec<FleetPhone>);

#[derive(Clone)]
pub(crate) struct FleetPhone {
    pub(crate) phone_id: String,
    pub(crate) server_id: Option<String>,
    pub(crate) phone_name: Option<String>,
    pub(crate) status: PhoneStatus,
    pub(crate) image_id: Option<String>,
    pub(crate) property: Option<IndexMap<String, String>>,
    pub(crate) phone_model_name: Option<String>,
}

/// A table of phones that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
#[non_exhaustive]
pub struct FleetError {
    /// The line of the table, the header being line 1.
    pub line: u64,
    /// What is wrong there.
    pub problem: String,
}

/// One row of the table.
#[derive(Deserialize)]
struct Row {
    phone_id: String,
    server_id: Option<String>,
    phone_name: Option<String>,
    status: Option<String>,
    image_id: Option<String>,
    property: Option<String>,
    phone_model_name: Option<String>,
}

/// What lists of phones have beside it; the simulator makes it up by itself.
const IGNORED: [&str; 13] = [
    "image_version",
    "imei",
    "type",
    "traffic_type",
    "volume_mode",
    "availability_zone",
    "has_encrypt",
    "vnc_enable",
    "order_id",
    "product_id",
    "create_time",
    "update_time",
    "access_infos",
];

const COLUMNS: [&str; 7] =
    ["phone_id", "server_id", "phone_name", "status", "image_id", "property", "phone_model_name"];

impl Fleet {
    /// Reads a table with a header line.
    ///
    /// `phone_id` is required; `server_id`, `phone_name`, `status` (a number or a word, running by default),
    /// `image_id`, `property` (a JSON object) and `phone_model_name` may be given. What else a list of phones has, such as
    /// `create_time`, is passed over, so that a list makes a fleet.
    pub fn from_csv(reader: impl io::Read) -> Result<Self, FleetError> {
        let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
        let header = table.headers().map_err(|error| unreadable(&error))?.clone();
        for column in &header {
            if !COLUMNS.contains(&column) && !IGNORED.contains(&column) {
                return Err(wrong(
                    1,
                    format!("there is no column `{column}`; there are {}", COLUMNS.join(", ")),
                ));
            }
        }
        if !header.iter().any(|column| column == "phone_id") {
            return Err(wrong(1, "the column `phone_id` is missing"));
        }
        let mut seen = HashSet::new();
        let mut phones = Vec::new();
        for record in table.records() {
            let record = record.map_err(|error| unreadable(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let row: Row = record
                .deserialize(Some(&header))
                .map_err(|error| FleetError { line, ..unreadable(&error) })?;
            let phone = row.phone().map_err(|problem| wrong(line, problem))?;
            if !seen.insert(phone.phone_id.clone()) {
                return Err(wrong(
                    line,
                    format!("phone `{}` stands above already", phone.phone_id),
                ));
            }
            phones.push(phone);
        }
        Ok(Self(phones))
    }

    /// Running phones with ids from the seed.
    pub(crate) fn of_size(phones: usize, seed: u64) -> Self {
        let phone = |ordinal| FleetPhone {
            phone_id: chance::id(seed, "phone", ordinal),
            server_id: None,
            phone_name: None,
            status: PhoneStatus::Running,
            image_id: None,
            property: None,
            phone_model_name: None,
        };
        Self((0..phones as u64).map(phone).collect())
    }

    /// How many phones there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no phone.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Row {
    fn phone(self) -> Result<FleetPhone, String> {
        let property = match given(self.property) {
            Some(text) => {
                Some(property(&text).ok_or("`property` is no JSON object of strings and numbers")?)
            }
            None => None,
        };
        Ok(FleetPhone {
            phone_id: checked("phone", self.phone_id)?,
            server_id: given(self.server_id).map(|id| checked("server", id)).transpose()?,
            phone_name: given(self.phone_name),
            status: match given(self.status) {
                Some(status) => {
                    status.parse().map_err(|_| format!("`{status}` is no status of a phone"))?
                }
                None => PhoneStatus::Running,
            },
            image_id: given(self.image_id).map(|id| checked("image", id)).transpose()?,
            property,
            phone_model_name: given(self.phone_model_name),
        })
    }
}

/// Properties with their values as strings; `None` if the text is no flat JSON object.
pub(crate) fn property(text: &str) -> Option<IndexMap<String, String>> {
    let values: IndexMap<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    values.into_iter().map(|(key, value)| Some((key, value_text(&value)?))).collect()
}

/// A property value as the text that the service keeps.
pub(crate) fn value_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether this is an id as the service prints them: 32 hexadecimal digits.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn checked(kind: &str, id: String) -> Result<String, String> {
    if is_id(&id) {
        Ok(id)
    } else {
        Err(format!("`{id}` is no {kind} id: one has 32 hexadecimal digits"))
    }
}

fn given(cell: Option<String>) -> Option<String> {
    cell.filter(|cell| !cell.is_empty())
}

fn wrong(line: u64, problem: impl Into<String>) -> FleetError {
    FleetError { line, problem: problem.into() }
}

/// What the reader says, without the cells: they may hold personal values.
fn unreadable(error: &csv::Error) -> FleetError {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::Io(error) => format!("cannot be read: {error}"),
        csv::ErrorKind::Utf8 { .. } => "is no UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells where the header has {expected_len}")
        }
        _ => "cannot be read as a row of the table".to_owned(),
    };
    wrong(line, problem)
}

impl fmt::Debug for Fleet {
    /// Shows how many phones there are; their properties are personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fleet({} phones)", self.len())
    }
}
