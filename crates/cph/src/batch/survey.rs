//! Where phones are and what they are doing, as a listing of the project shows it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
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
    listed: Arc<Listed>,
}

#[derive(Debug, Clone, Default)]
struct Listed {
    phones: HashMap<String, Surveyed>,
    /// Servers and flavors, which many phones have in common.
    names: HashSet<Arc<str>>,
}

#[derive(Debug, Clone)]
struct Surveyed {
    server: Option<Arc<str>>,
    flavor: Option<Arc<str>>,
    status: PhoneStatus,
}

impl Survey {
    pub(crate) async fn of(client: &Client) -> Result<Self> {
        let mut listed = pin!(client.phones().list().stream());
        let mut survey = Self::default();
        while let Some(phone) = listed.try_next().await? {
            survey.extend([&phone]);
        }
        Ok(survey)
    }

    /// The server that the phone is on, if it was listed.
    pub fn server(&self, phone_id: &str) -> Option<&str> {
        self.listed.phones.get(phone_id)?.server.as_deref()
    }

    /// The name of the phone's flavor, if it was listed.
    pub fn flavor(&self, phone_id: &str) -> Option<&str> {
        self.listed.phones.get(phone_id)?.flavor.as_deref()
    }

    /// What the phone was doing, if it was listed.
    pub fn status(&self, phone_id: &str) -> Option<PhoneStatus> {
        self.listed.phones.get(phone_id).map(|phone| phone.status)
    }

    /// The state in which the phone takes no call that changes it, if it is in such a state.
    pub fn hindrance(&self, phone_id: &str) -> Option<PhoneStatus> {
        self.status(phone_id).filter(|status| !takes_calls(*status))
    }

    /// Which of these phones take no call in the state that they are in, and why.
    pub(crate) fn held_back<'a>(
        &self,
        targets: impl Iterator<Item = (usize, &'a str)>,
    ) -> BTreeMap<usize, NotSentReason> {
        let held_back = targets
            .filter_map(|(place, id)| Some((place, NotSentReason::Status(self.hindrance(id)?))));
        held_back.collect()
    }

    /// How many phones were listed.
    pub fn len(&self) -> usize {
        self.listed.phones.len()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.listed.phones.is_empty()
    }
}

/// Whether a phone in this state takes a call that changes it: it is there, and busy with no other.
fn takes_calls(status: PhoneStatus) -> bool {
    use PhoneStatus::{Creating, CreationFailed, Frozen, Resetting, Restarting, ShuttingDown};
    let is_busy = matches!(status, Creating | Resetting | Restarting | ShuttingDown);
    !is_busy && !matches!(status, CreationFailed | Frozen)
}

/// For phones that have been listed already.
impl<'a> Extend<&'a Phone> for Survey {
    fn extend<I: IntoIterator<Item = &'a Phone>>(&mut self, phones: I) {
        let listed = Arc::make_mut(&mut self.listed);
        for phone in phones {
            let surveyed = Surveyed {
                server: phone.server_id.as_ref().map(|id| listed.name(id.as_str())),
                flavor: phone.phone_model_name.as_ref().map(|name| listed.name(name)),
                status: phone.status,
            };
            listed.phones.insert(phone.phone_id.to_string(), surveyed);
        }
    }
}

/// The same.
impl<'a> FromIterator<&'a Phone> for Survey {
    fn from_iter<I: IntoIterator<Item = &'a Phone>>(phones: I) -> Self {
        let mut survey = Self::default();
        survey.extend(phones);
        survey
    }
}

impl Listed {
    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = Arc::from(name);
        self.names.insert(Arc::clone(&name));
        name
    }
}
