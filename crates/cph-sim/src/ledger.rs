//! What each phone was really made to do.

use std::time::SystemTime;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::jobs::Kind;

/// Every change that the simulator made to a phone, whatever the caller was told about it.
///
/// It is how a test proves that no phone was restarted twice. Phones that nobody touched are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Ledger {
    /// By phone id, in the order in which phones were first touched.
    pub phones: IndexMap<String, Vec<LedgerEntry>>,
    /// The same for what was done to whole servers.
    #[serde(default)]
    pub servers: IndexMap<String, Vec<LedgerEntry>>,
    /// The same for encoding services.
    #[serde(default)]
    pub encode_servers: IndexMap<String, Vec<LedgerEntry>>,
}

/// One thing that a phone was made to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// The vendor's name of the operation.
    pub operation: String,
    /// The call that did it.
    pub request_id: String,
    /// The job that it started.
    pub job_id: String,
    /// When the job was started.
    #[serde(with = "crate::timestamp")]
    #[schemars(schema_with = "crate::timestamp::schema")]
    pub at: SystemTime,
}

impl Ledger {
    pub(crate) fn kind(&self, kind: Kind) -> &IndexMap<String, Vec<LedgerEntry>> {
        match kind {
            Kind::Phone => &self.phones,
            Kind::Server => &self.servers,
            Kind::EncodeServer => &self.encode_servers,
        }
    }

    /// What was done to targets of this kind.
    pub(crate) fn kind_mut(&mut self, kind: Kind) -> &mut IndexMap<String, Vec<LedgerEntry>> {
        match kind {
            Kind::Phone => &mut self.phones,
            Kind::Server => &mut self.servers,
            Kind::EncodeServer => &mut self.encode_servers,
        }
    }

    /// What was done to one phone.
    pub fn of(&self, phone_id: impl AsRef<str>) -> &[LedgerEntry] {
        self.phones.get(phone_id.as_ref()).map_or(&[], Vec::as_slice)
    }
}
