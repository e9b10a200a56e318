//! Temporary keys.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{chance, timestamp};

/// How long the keys of the metadata service are good.
const METADATA_KEYS_LAST: Duration = Duration::from_hours(24);

/// It hands out new ones when less than this is left of them. Assumed: metadata-keys.
const METADATA_KEYS_RENEWED: Duration = Duration::from_hours(1);

/// Keys that are good for a time, and the security token that must go with them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemporaryKeys {
    /// The access key.
    pub access_key: String,
    /// The secret key that belongs to it.
    pub secret_key: String,
    /// What a request must carry as `X-Security-Token`.
    pub security_token: String,
    /// From when on they are refused.
    pub expires_at: SystemTime,
}

impl TemporaryKeys {
    /// As IAM and the metadata service answer them.
    pub(super) fn credential(&self) -> Value {
        json!({ "credential": {
            "access": self.access_key,
            "secret": self.secret_key,
            "securitytoken": self.security_token,
            "expires_at": timestamp::to_microsecond(self.expires_at),
        } })
    }
}

impl fmt::Debug for TemporaryKeys {
    /// Shows no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryKeys")
            .field("access_key", &self.access_key)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The temporary keys that were handed out, by access key.
pub(crate) struct Keys {
    seed: u64,
    issued: HashMap<String, TemporaryKeys>,
    /// The access key that the metadata service hands out.
    of_metadata: Option<String>,
}

impl Keys {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, issued: HashMap::new(), of_metadata: None }
    }

    pub(super) fn find(&self, access_key: &str) -> Option<&TemporaryKeys> {
        self.issued.get(access_key)
    }

    pub(super) fn issue(&mut self, now: SystemTime, lasting: Duration) -> &TemporaryKeys {
        let number = self.issued.len();
        let key =
            |what, length| chance::key(self.seed, &format!("temporary {what} {number}"), length);
        let keys = TemporaryKeys {
            access_key: key("access key", 20),
            secret_key: key("secret key", 40),
            security_token: key("security token", 64),
            expires_at: now + lasting,
        };
        self.issued.entry(keys.access_key.clone()).insert_entry(keys).into_mut()
    }

    /// The keys that the metadata service hands out at this time.
    pub(crate) fn of_metadata(&mut self, now: SystemTime) -> TemporaryKeys {
        let present = self.of_metadata.as_ref().and_then(|access_key| self.find(access_key));
        if let Some(keys) = present.filter(|keys| now + METADATA_KEYS_RENEWED <= keys.expires_at) {
            return keys.clone();
        }
        let keys = self.issue(now, METADATA_KEYS_LAST).clone();
        self.of_metadata = Some(keys.access_key.clone());
        keys
    }
}
