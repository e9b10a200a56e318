//! Where phones are and what they are doing, as a listing of the project shows it.

use std::{
    collections::{BTreeMap, HashMap},
    pin::pin,
    sync::Arc,
};

use cph_core::PhoneStatus;
use futures_util::TryStreamExt as _;

use super::outcome::NotSentReason;
use crate::{Client, Phone, Result};

/// What a listing of the project says of its phones; cheap to clone. See [`Phones::survey`](crate::Phones::survey).
#[derive(Debug, Clone, Default)]
pub struct Survey {
    phones: Arc<HashMap<String, Surveyed>>,
}

#[derive(Debug)]
struct Surveyed {
    server: Option<Arc<str>>,
    status: PhoneStatus,
}

impl Survey {
    pub(crate) async fn of(client: &Client) -> Result<Self> {
        let mut listed = pin!(client.phones().list().stream());
        let mut phones = Vec::new();
        while let Some(phone) = listed.try_next().await? {
            phones.push(phone);
        }
        Ok(phones.iter().collect())
    }

    /// The server that the phone is on, if it was listed.
    pub fn server(&self, phone_id: &str) -> Option<&str> {
        self.phones.get(phone_id)?.server.as_deref()
    }

    /// What the phone was doing, if it was listed.
    pub fn status(&self, phone_id: &str) -> Option<PhoneStatus> {
        self.phones.get(phone_id).map(|phone| phone.status)
    }

    /// Which of these phones take no call in the state that they are in, and why.
    pub(crate) fn held_back<'a>(
        &self,
        targets: impl Iterator<Item = (usize, &'a str)>,
    ) -> BTreeMap<usize, NotSentReason> {
        let held_back = targets.filter_map(|(place, id)| {
            let status = self.status(id).filter(|status| !takes_calls(*status))?;
            Some((place, NotSentReason::Status(status)))
        });
        held_back.collect()
    }

    /// How many phones were listed.
    pub fn len(&self) -> usize {
        self.phones.len()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.phones.is_empty()
    }
}

/// Whether a phone in this state takes a call that changes it: it is there, and busy with no other.
fn takes_calls(status: PhoneStatus) -> bool {
    use PhoneStatus::{Creating, CreationFailed, Frozen, Resetting, Restarting, ShuttingDown};
    let is_busy = matches!(status, Creating | Resetting | Restarting | ShuttingDown);
    !is_busy && !matches!(status, CreationFailed | Frozen)
}

/// For phones that have been listed already.
impl<'a> FromIterator<&'a Phone> for Survey {
    fn from_iter<I: IntoIterator<Item = &'a Phone>>(phones: I) -> Self {
        let mut servers: HashMap<&str, Arc<str>> = HashMap::new();
        let mut surveyed = HashMap::new();
        for phone in phones {
            let server = phone.server_id.as_ref().map(|id| {
                let id = id.as_str();
                Arc::clone(servers.entry(id).or_insert_with(|| Arc::from(id)))
            });
            let id = phone.phone_id.to_string();
            surveyed.insert(id, Surveyed { server, status: phone.status });
        }
        Self { phones: Arc::new(surveyed) }
    }
}
