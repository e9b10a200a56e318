//! What each phone was really made to do.

use std::{sync::Arc, time::SystemTime};

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
    /// What was done to one phone.
    pub fn of(&self, phone_id: impl AsRef<str>) -> &[LedgerEntry] {
        self.phones.get(phone_id.as_ref()).map_or(&[], Vec::as_slice)
    }
}

/// The ledger while it is written: ids are shared with the jobs, since a fleet makes millions of entries.
#[derive(Default)]
pub(crate) struct Deeds {
    phones: IndexMap<Arc<str>, Vec<Deed>>,
    servers: IndexMap<Arc<str>, Vec<Deed>>,
    encode_servers: IndexMap<Arc<str>, Vec<Deed>>,
}

pub(crate) struct Deed {
    pub(crate) operation: &'static str,
    pub(crate) request_id: Arc<str>,
    pub(crate) job_id: Arc<str>,
    pub(crate) at: SystemTime,
}

impl Deeds {
    pub(crate) fn kind(&self, kind: Kind) -> &IndexMap<Arc<str>, Vec<Deed>> {
        match kind {
            Kind::Phone => &self.phones,
            Kind::Server => &self.servers,
            Kind::EncodeServer => &self.encode_servers,
        }
    }

    fn kind_mut(&mut self, kind: Kind) -> &mut IndexMap<Arc<str>, Vec<Deed>> {
        match kind {
            Kind::Phone => &mut self.phones,
            Kind::Server => &mut self.servers,
            Kind::EncodeServer => &mut self.encode_servers,
        }
    }

    /// The id of a target as it is shared, and how often something was done to it.
    pub(crate) fn known(&self, kind: Kind, target: &str) -> (Arc<str>, usize) {
        let known = self.kind(kind).get_key_value(target);
        known.map_or_else(|| (target.into(), 0), |(id, deeds)| (id.clone(), deeds.len()))
    }

    pub(crate) fn add(&mut self, kind: Kind, target: Arc<str>, deed: Deed) {
        self.kind_mut(kind).entry(target).or_default().push(deed);
    }

    pub(crate) fn read(&self) -> Ledger {
        let entry = |deed: &Deed| LedgerEntry {
            operation: deed.operation.to_owned(),
            request_id: deed.request_id.to_string(),
            job_id: deed.job_id.to_string(),
            at: deed.at,
        };
        let read = |kind| {
            let targets = self.kind(kind).iter();
            targets.map(|(id, deeds)| (id.to_string(), deeds.iter().map(entry).collect())).collect()
        };
        Ledger {
            phones: read(Kind::Phone),
            servers: read(Kind::Server),
            encode_servers: read(Kind::EncodeServer),
        }
    }
}
