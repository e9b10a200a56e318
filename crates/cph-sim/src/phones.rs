//! The phones, what they are busy with, and how they are shown.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::SystemTime,
};

use cph_core::PhoneStatus;
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    chance,
    fleet::{FleetPhone, is_id},
    refusal::Refusal,
    timestamp,
};

pub(crate) struct Phone {
    pub(crate) id: String,
    pub(crate) image_id: String,
    ordinal: u64,
    pub(crate) name: String,
    model_name: String,
    pub(crate) server_id: String,
    /// `None`: as it came from the factory.
    pub(crate) property: Option<IndexMap<String, String>>,
    pub(crate) custom_property: IndexMap<String, String>,
    pub(crate) traffic_type: &'static str,
    /// Of its data disk, in GiB.
    pub(crate) volume_size: i64,
    /// The package names of what was installed.
    pub(crate) packages: BTreeSet<String>,
    status: PhoneStatus,
    work: Option<Busy>,
    /// When it began to run, before what it is doing now.
    booted: SystemTime,
    pub(crate) create_time: SystemTime,
    pub(crate) update_time: SystemTime,
}

/// What a phone is doing.
pub(crate) struct Busy {
    pub(crate) request_id: Arc<str>,
    pub(crate) status: PhoneStatus,
    /// `None`: it never ends.
    pub(crate) end: Option<SystemTime>,
    pub(crate) afterwards: PhoneStatus,
}

/// Every phone, in the order of the fleet.
#[expect(clippy::struct_field_names, reason = "the phones are what it holds")]
pub(crate) struct Phones {
    phones: IndexMap<String, Phone>,
    seed: u64,
    /// How many there ever were.
    made: u64,
}

impl Phone {
    pub(crate) fn status(&self, now: SystemTime) -> PhoneStatus {
        match &self.work {
            Some(work) if work.end.is_some_and(|end| end <= now) => work.afterwards,
            Some(work) => work.status,
            None => self.status,
        }
    }

    /// When it began to run last.
    pub(crate) fn booted(&self, now: SystemTime) -> SystemTime {
        use PhoneStatus::{Creating, Resetting, Restarting, Running, ShutDown};
        let boots = |work: &&Busy| {
            work.afterwards == Running
                && matches!(work.status, Creating | Resetting | Restarting | ShutDown)
        };
        let end = self.work.as_ref().filter(boots).and_then(|work| work.end);
        end.filter(|end| *end <= now).unwrap_or(self.booted)
    }

    pub(crate) fn set_status(&mut self, status: PhoneStatus, now: SystemTime) {
        self.booted = self.booted(now);
        self.status = status;
        self.work = None;
        self.update_time = now;
    }

    /// The call whose work on it goes on.
    pub(crate) fn busy_with(&self, now: SystemTime) -> Option<&str> {
        let work = self.work.as_ref().filter(|work| work.end.is_none_or(|end| now < end));
        work.map(|work| &*work.request_id)
    }

    /// Whether this very call made it busy: a phone may stand in a call twice.
    pub(crate) fn is_busy_with(&self, request_id: &str) -> bool {
        self.work.as_ref().is_some_and(|work| *work.request_id == *request_id)
    }

    /// Whether it may be restarted now.
    pub(crate) fn check_restart(
        &self,
        now: SystemTime,
        refuses_second: bool,
    ) -> Result<(), Refusal> {
        match self.status(now) {
            PhoneStatus::Frozen => Err(Refusal::of("CPS.0053")),
            PhoneStatus::Restarting if !refuses_second => Ok(()),
            // It is being started, or its server is under maintenance.
            PhoneStatus::ShutDown if refuses_second && self.busy_with(now).is_some() => {
                Err(Refusal::of("CPS.0165"))
            }
            PhoneStatus::Creating
            | PhoneStatus::Resetting
            | PhoneStatus::Restarting
            | PhoneStatus::ShuttingDown => Err(Refusal::of("CPS.0165")),
            _ => Ok(()),
        }
    }

    pub(crate) fn begin(&mut self, work: Busy, now: SystemTime) {
        self.booted = self.booted(now);
        self.work = Some(work);
        self.update_time = now;
    }

    pub(crate) fn set_property(
        &mut self,
        property: IndexMap<String, String>,
        merges: bool,
        seed: u64,
    ) {
        if merges {
            self.property
                .get_or_insert_with(|| factory_property(self.ordinal, seed))
                .extend(property);
        } else {
            self.property = Some(property);
        }
    }

    /// What was set, or what came from the factory.
    pub(crate) fn property(&self, seed: u64) -> Cow<'_, IndexMap<String, String>> {
        match &self.property {
            Some(property) => Cow::Borrowed(property),
            None => Cow::Owned(factory_property(self.ordinal, seed)),
        }
    }

    pub(crate) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    pub(crate) fn model_name(&self) -> &str {
        &self.model_name
    }

    pub(crate) fn set_model_name(&mut self, model_name: &str, now: SystemTime) {
        model_name.clone_into(&mut self.model_name);
        self.update_time = now;
    }

    /// Where its server listens for it.
    pub(crate) fn access_port(&self) -> u64 {
        10_000 + self.ordinal % 50_000
    }

    /// What a list of phones and the details of one have in common.
    fn answer(&self, now: SystemTime, seed: u64) -> Value {
        json!({
            "phone_name": self.name,
            "server_id": self.server_id,
            "phone_id": self.id,
            "phone_model_name": self.model_name,
            "image_id": self.image_id,
            "image_version": "AOSP 9.0",
            "vnc_enable": "false",
            "status": self.status(now).code(),
            "type": 0,
            "imei": chance::digits(&mut chance::rng(seed, "imei", &[self.ordinal]), 15),
            "traffic_type": self.traffic_type,
            "volume_mode": 0,
            "availability_zone": "sim-az1",
            "metadata": {
                "order_id": format!("CS{:015}", self.ordinal + 1),
                "product_id": "00301-25217-0--0",
            },
            "has_encrypt": false,
            "create_time": timestamp::to_second(self.create_time),
            "update_time": timestamp::to_second(self.update_time),
        })
    }

    fn details(&self, now: SystemTime, seed: u64) -> Value {
        let ordinal = self.ordinal;
        let phone_ip =
            format!("10.{}.{}.{}", ordinal / 62_500 % 250, ordinal / 250 % 250, ordinal % 250 + 1);
        let mut details = self.answer(now, seed);
        details["access_infos"] = json!([{
            "type": "adb",
            "device_ip": phone_ip,
            "phone_ip": phone_ip,
            "listen_port": 5555,
            "access_ip": "",
            "public_ip": "",
            "intranet_ip": "172.31.0.1",
            "server_ip": "172.31.0.1",
            "access_port": self.access_port(),
        }]);
        details["property"] = json!(self.property(seed)).to_string().into();
        if !self.custom_property.is_empty() {
            details["custom_property"] = json!(self.custom_property);
        }
        details["phone_data_volume"] =
            json!({ "volume_type": "GPSSD", "volume_size": self.volume_size });
        details
    }
}

/// The properties of a phone that nobody has changed.
fn factory_property(ordinal: u64, seed: u64) -> IndexMap<String, String> {
    let mut rng = chance::rng(seed, "sim card", &[ordinal]);
    let property = [
        ("com.cph.mainkeys", "0".to_owned()),
        ("sys.prop.writephonenum", format!("139{}", chance::digits(&mut rng, 8))),
        ("sys.prop.writeimsi", format!("46000{}", chance::digits(&mut rng, 10))),
        ("sys.prop.writewifissid", "cloudphone_wifi".to_owned()),
    ];
    property.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}

impl Phones {
    /// Sets the fleet up; phones without a server are spread evenly over `servers`.
    pub(crate) fn new(fleet: Vec<FleetPhone>, servers: usize, seed: u64, now: SystemTime) -> Self {
        let made = fleet.len() as u64;
        let per_server = fleet.len().div_ceil(servers).max(1);
        let image = chance::id(seed, "image", 0);
        let phones = fleet.into_iter().enumerate().map(|(index, phone)| {
            let ordinal = index as u64;
            let server = (index / per_server) as u64;
            let phone = Phone {
                id: phone.phone_id,
                image_id: phone.image_id.unwrap_or_else(|| image.clone()),
                ordinal,
                name: phone.phone_name.unwrap_or_else(|| format!("phone-{:04}", ordinal + 1)),
                model_name: phone
                    .phone_model_name
                    .unwrap_or_else(|| "rx1.cp.c60.d10.e1v1".to_owned()),
                server_id: phone.server_id.unwrap_or_else(|| chance::id(seed, "server", server)),
                property: phone.property,
                custom_property: IndexMap::new(),
                traffic_type: "direct",
                volume_size: 10,
                packages: BTreeSet::new(),
                status: phone.status,
                work: None,
                booted: now,
                create_time: now,
                update_time: now,
            };
            (phone.id.clone(), phone)
        });
        Self { phones: phones.collect(), seed, made }
    }

    /// The id that the next new phone is to have.
    pub(crate) fn next_id(&self) -> String {
        chance::id(self.seed, "new phone", self.made)
    }

    /// Adds a phone with the properties of the factory, and these above them.
    pub(crate) fn add(
        &mut self,
        phone: FleetPhone,
        property: Option<&IndexMap<String, String>>,
        now: SystemTime,
    ) -> &mut Phone {
        let id = phone.phone_id.clone();
        for (_, mut phone) in Self::new(vec![phone], 1, self.seed, now).phones {
            phone.ordinal = self.made;
            if let Some(property) = property {
                phone.set_property(property.clone(), true, self.seed);
            }
            self.phones.insert(phone.id.clone(), phone);
        }
        self.made += 1;
        &mut self.phones[&id]
    }

    /// The phones on a server.
    pub(crate) fn on(&mut self, server_id: &str) -> impl Iterator<Item = &mut Phone> {
        self.phones.values_mut().filter(move |phone| phone.server_id == server_id)
    }

    /// The ids of the phones on a server.
    pub(crate) fn ids_on<'a>(&'a self, server_id: &'a str) -> impl Iterator<Item = &'a str> {
        let phones = self.phones.values().filter(move |phone| phone.server_id == server_id);
        phones.map(|phone| phone.id.as_str())
    }

    pub(crate) fn remove_on(&mut self, server_id: &str) {
        self.phones.retain(|_, phone| phone.server_id != server_id);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Phone> {
        self.phones.values()
    }

    pub(crate) fn get(&self, phone_id: &str) -> Option<&Phone> {
        self.phones.get(phone_id)
    }

    /// The phone that a target names, or why it names none.
    pub(crate) fn named(&mut self, phone_id: &str) -> Result<&mut Phone, Refusal> {
        if !is_id(phone_id) {
            return Err(Refusal::new(400, "CPS.0004", "Parameter: phone_id is invalid."));
        }
        self.phones.get_mut(phone_id).ok_or_else(|| Refusal::of("CPS.0005"))
    }

    pub(crate) fn get_mut(&mut self, phone_id: &str) -> Option<&mut Phone> {
        self.phones.get_mut(phone_id)
    }

    /// `ListCloudPhones`.
    pub(crate) fn list(&self, query: &HashMap<String, String>, now: SystemTime) -> Value {
        let asked = |name: &str| query.get(name).filter(|value| !value.is_empty());
        let number = |name: &str| asked(name).and_then(|value| value.parse::<i64>().ok());
        let (status, kind) = (number("status"), number("type"));
        let matching: Vec<&Phone> = self
            .iter()
            .filter(|phone| {
                asked("phone_name").is_none_or(|part| phone.name.contains(part.as_str()))
                    && asked("server_id").is_none_or(|server| *server == phone.server_id)
                    && status.is_none_or(|status| status == phone.status(now).code())
                    && kind.is_none_or(|kind| kind == 0)
            })
            .collect();
        let phones: Vec<Value> = Page::of(query)
            .slice(&matching)
            .iter()
            .map(|phone| phone.answer(now, self.seed))
            .collect();
        json!({ "count": matching.len(), "phones": phones })
    }

    /// `ShowCloudPhoneDetail`.
    pub(crate) fn show(&self, phone_id: &str, now: SystemTime) -> Result<Value, Refusal> {
        if !is_id(phone_id) {
            return Err(Refusal::of("CPS.0004"));
        }
        match self.get(phone_id) {
            Some(phone) => Ok(phone.details(now, self.seed)),
            None => Err(Refusal { status: 404, ..Refusal::of("CPS.0005") }),
        }
    }
}

/// The part of a list that a query asks for; its numbers have been validated. Assumed: first-page-order-is-stable.
pub(crate) struct Page {
    offset: usize,
    limit: usize,
}

impl Page {
    pub(crate) fn of(query: &HashMap<String, String>) -> Self {
        let number = |name: &str, default| {
            query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        Self { offset: number("offset", 0), limit: number("limit", 100) }
    }

    pub(crate) fn slice<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let rest = all.get(self.offset..).unwrap_or_default();
        &rest[..rest.len().min(self.limit)]
    }
}
