//! Where phones are and what they are doing, as a listing of the project shows it.

use std::{collections::HashMap, pin::pin, sync::Arc};

use cph_core::PhoneStatus;
use futures_util::TryStreamExt as _;

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

    /// How many phones were listed.
    pub fn len(&self) -> usize {
        self.phones.len()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.phones.is_empty()
    }
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
