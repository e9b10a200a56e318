//! Which calls came in and what became of them.

use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One call, without its body, its signature and the values in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct JournalEntry {
    /// Its place in the journal; the first is 0.
    pub index: usize,
    /// The vendor's name of the operation; `None` where the path belongs to none.
    pub operation: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// When the call came in.
    #[serde(with = "crate::timestamp")]
    #[schemars(schema_with = "crate::timestamp::schema")]
    pub at: SystemTime,
    /// The status that was answered, if an answer went out.
    pub status: Option<u16>,
    /// The error code that was answered for the whole call.
    pub error_code: Option<String>,
    /// The effect of the fault rule that spoiled the answer.
    pub fault: Option<String>,
    /// How many phones, or request ids, the call was about.
    pub targets: usize,
    /// Those of them that have the form of an id.
    pub target_ids: Vec<String>,
    /// The id of the call.
    pub request_id: String,
}

impl JournalEntry {
    /// Whether nothing will be added to it any more.
    pub(crate) fn is_settled(&self) -> bool {
        self.status.is_some() || self.fault.is_some()
    }
}
