//! Images: those that phones can run, the project's own, and those that others share with it.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use cph_core::{ImageStatus, ReceiveStatus, limits};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    chance,
    fleet::is_id,
    models::PhoneModel,
    paging,
    phones::{Page, Phone, Phones},
    refusal::Refusal,
    timestamp,
    work::Work,
};

/// Label and operating system of the public images that are always there.
const PUBLIC: [(&str, &str); 3] =
    [("cloud_phone_1620", "AOSP7.1.1"), ("cloud_game", "AOSP9.0"), ("cloud_game_1620", "AOSP11.0")];

const DAY: Duration = Duration::from_hours(24);

pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) name: String,
    label: &'static str,
    /// As a list of what phones can run has it.
    os_name: &'static str,
    create_time: SystemTime,
    update_time: SystemTime,
    origin: Origin,
}

enum Origin {
    Public,
    /// The project's own, by the projects that it is shared with.
    Private(IndexMap<String, Member>),
    /// Another project's.
    Shared {
        project_id: String,
        domain_id: String,
        receive_status: ReceiveStatus,
    },
}

/// A project that an image is shared with.
struct Member {
    project_id: String,
    create_time: SystemTime,
    update_time: SystemTime,
}

/// Every image.
pub(crate) struct Images {
    all: IndexMap<String, Image>,
    deleted: HashSet<String>,
    project_id: String,
    domain_id: String,
    /// When the simulation began.
    since: SystemTime,
}

impl Origin {
    fn image_type(&self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private(_) => "private",
            Self::Shared { .. } => "share",
        }
    }
}

impl Image {
    pub(crate) fn image_type(&self) -> &'static str {
        self.origin.image_type()
    }

    /// The version of Android, written as in lists of custom images.
    fn version(&self) -> String {
        self.os_name.replace("AOSP", "AOSP ")
    }

    /// As `ListCloudPhoneImages` shows it.
    fn phone_image(&self) -> Value {
        let mut image = json!({
            "image_id": self.id,
            "image_name": self.name,
            "image_label": self.label,
            "os_type": "aosp",
            "os_name": self.os_name,
            "is_public": if matches!(self.origin, Origin::Public) { 1 } else { 2 },
            "is_support_encrypt": false,
        });
        if let Origin::Shared { receive_status, .. } = &self.origin {
            image["receive_status"] = receive_status.code().into();
        }
        image
    }

    /// As `ListImages` shows it.
    fn custom_image(&self, images: &Images) -> Value {
        let mut image = json!({
            "image_id": self.id,
            "image_name": self.name,
            "image_type": self.origin.image_type(),
            "image_version": self.version(),
            "image_size": 1_306_150_912,
            "status": ImageStatus::Production.code(),
            "domain_id": images.domain_id,
            "create_time": timestamp::to_second(self.create_time),
            "update_time": timestamp::to_second(self.update_time),
        });
        if let Origin::Shared { project_id, domain_id, .. } = &self.origin {
            image["src_project_id"] = project_id.as_str().into();
            image["domain_id"] = domain_id.as_str().into();
        } else {
            image["project_id"] = images.project_id.as_str().into();
        }
        image
    }
}

impl Images {
    /// Those that the phones have and a few more, two of the project's own, and one that another project shares.
    pub(crate) fn new(phones: &Phones, project_id: &str, seed: u64, now: SystemTime) -> Self {
        let image = |id: String, name: &str, label, os_name, days, origin| {
            let time = now - DAY * days;
            let name = name.to_owned();
            Image { id, name, label, os_name, create_time: time, update_time: time, origin }
        };
        let id = |number| chance::id(seed, "image", number);
        let shared = Origin::Shared {
            project_id: chance::id(seed, "project", 1),
            domain_id: chance::id(seed, "domain", 1),
            receive_status: ReceiveStatus::Pending,
        };
        let private = || Origin::Private(IndexMap::new());
        let custom = [
            image(id(4), "private-image-1", "cloud_phone", "AOSP9.0", 60, private()),
            image(id(5), "private-image-2", "cloud_phone", "AOSP11.0", 30, private()),
            image(id(6), "shared-image-1", "cloud_phone", "AOSP9.0", 10, shared),
        ];
        let label = |phone: &Phone| PhoneModel::find(phone.model_name()).map(|model| model.label);
        let of_phones = phones.iter().map(|phone| (phone.image_id.clone(), label(phone)));
        let of_phones = of_phones.chain([(id(0), None)]).map(|(id, label)| {
            image(id, "AOSP", label.unwrap_or("cloud_phone"), "AOSP9.0", 365, Origin::Public)
        });
        let others = (1..).zip(PUBLIC).map(|(number, (label, os_name))| {
            image(id(number), "AOSP", label, os_name, 365, Origin::Public)
        });
        let mut all = IndexMap::new();
        for image in custom.into_iter().chain(of_phones).chain(others) {
            all.entry(image.id.clone()).or_insert(image);
        }
        Self {
            all,
            deleted: HashSet::new(),
            project_id: project_id.to_owned(),
            domain_id: chance::id(seed, "domain", 0),
            since: now,
        }
    }

    /// An image that nobody knows of, if its id could be one: it is taken for one of the project's own
    /// (assumed: well-formed-image-exists).
    fn made_up(&self, image_id: &str) -> Option<Image> {
        let is_made_up =
            is_id(image_id) && !self.is_there(image_id) && !self.deleted.contains(image_id);
        is_made_up.then(|| Image {
            id: image_id.to_owned(),
            name: "made-up-image".to_owned(),
            label: "cloud_phone",
            os_name: "AOSP9.0",
            create_time: self.since,
            update_time: self.since,
            origin: Origin::Private(IndexMap::new()),
        })
    }

    /// Whether phones can be given it: not one that is deleted, or that is shared and was not accepted
    /// (assumed: well-formed-image-exists).
    pub(crate) fn is_usable(&self, image_id: &str) -> bool {
        match self.all.get(image_id).map(|image| &image.origin) {
            Some(Origin::Shared { receive_status, .. }) => {
                *receive_status == ReceiveStatus::Accepted
            }
            Some(_) => true,
            None => !self.deleted.contains(image_id),
        }
    }

    /// Whether it is listed.
    pub(crate) fn is_there(&self, image_id: &str) -> bool {
        self.all.contains_key(image_id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Image> {
        self.all.values()
    }

    fn of_type(&self, image_type: &str) -> impl Iterator<Item = &Image> {
        self.all.values().filter(move |image| image.origin.image_type() == image_type)
    }

    /// What an image of the project's own is shared with. Assumed: only-own-images-are-found.
    fn members(&mut self, image_id: &str) -> Result<&mut IndexMap<String, Member>, Refusal> {
        match &mut self.named(image_id)?.origin {
            Origin::Private(members) => Ok(members),
            _ => Err(Refusal::of("CPS.0166")),
        }
    }

    fn named(&mut self, image_id: &str) -> Result<&mut Image, Refusal> {
        if !is_id(image_id) {
            return Err(Refusal::of("CPS.0030"));
        }
        self.all.get_mut(image_id).ok_or_else(|| Refusal::of("CPS.0166"))
    }
}

impl Work<'_> {
    /// `ListCloudPhoneImages`.
    pub(crate) fn list_phone_images(&self) -> Result<Value, Refusal> {
        let images = &self.state.images;
        // Assumed: no-image-type-is-all.
        let types: &[&str] = match self.query.get("image_type").map_or("", String::as_str) {
            "" if !self.assumptions.no_image_type_is_all => &["public"],
            "" | "all" => &["public", "private", "share"],
            "public" => &["public"],
            "private" => &["private"],
            "share" => &["share"],
            _ => return Err(Refusal::of_field("image_type")),
        };
        let rows: Vec<&Image> =
            types.iter().flat_map(|image_type| images.of_type(image_type)).collect();
        let limit = limits::LIST_CLOUD_PHONE_IMAGES_PAGE;
        let (page, page_info) = paging::page(&rows, self.query, limit, |image| &image.id)?;
        let page: Vec<_> = page.iter().map(|image| image.phone_image()).collect();
        Ok(json!({ "phone_images": page, "page_info": page_info }))
    }

    /// `ListImages`. Assumed: filters-of-custom-images, well-formed-image-exists.
    pub(crate) fn list_images(&self) -> Result<Value, Refusal> {
        let images = &self.state.images;
        let asked =
            |name: &str| self.query.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let number = |name: &str| asked(name).and_then(|value| value.parse::<i64>().ok());
        if number("status").is_some_and(|status| !(0..=2).contains(&status)) {
            return Err(Refusal::of("CPS.0010"));
        }
        if asked("image_type").is_some_and(|wanted| !matches!(wanted, "private" | "share")) {
            return Err(Refusal::of_field("image_type"));
        }
        let usable = number("status").is_none_or(|status| status == ImageStatus::Production.code());
        let since = number("create_since").unwrap_or(i64::MIN);
        let until = number("create_until").unwrap_or(i64::MAX);
        let is_asked_for = |image: &&Image| {
            let source = match &image.origin {
                Origin::Shared { project_id, .. } => Some(project_id.as_str()),
                _ => None,
            };
            usable
                && asked("image_type").is_none_or(|wanted| wanted == image.origin.image_type())
                && asked("image_id").is_none_or(|id| id == image.id)
                && asked("image_name").is_none_or(|name| name == image.name)
                && asked("src_project_id").is_none_or(|project| Some(project) == source)
                && (since..=until).contains(&timestamp::milliseconds(image.create_time))
        };
        let exists = self.assumptions.well_formed_image_exists;
        let made_up = asked("image_id").filter(|_| exists).and_then(|id| images.made_up(id));
        let custom = images.of_type("private").chain(&made_up).chain(images.of_type("share"));
        let found: Vec<&Image> = custom.filter(is_asked_for).collect();
        let page = Page::of(self.query).slice(&found).iter();
        let page: Vec<_> = page.map(|image| image.custom_image(images)).collect();
        Ok(json!({ "image_infos": page, "total": found.len() }))
    }

    /// `DeleteImage`.
    pub(crate) fn delete_image(&mut self) -> Result<Value, Refusal> {
        let image_id = self.argument("image_id");
        let images = &mut self.state.images;
        images.members(image_id)?;
        images.all.shift_remove(image_id);
        images.deleted.insert(image_id.to_owned());
        Ok(json!({}))
    }

    /// `AddImageMember`. Assumed: image-members.
    pub(crate) fn add_image_member(&mut self) -> Result<Value, Refusal> {
        let (image_id, project_id) = (self.argument("image_id"), self.text("member"));
        let now = self.now;
        let images = &mut self.state.images;
        if !is_id(project_id) || project_id == images.project_id {
            return Err(Refusal::of_field("member"));
        }
        let members = images.members(image_id)?;
        let is_full = members.len() >= limits::ADD_IMAGE_MEMBER_MEMBERS;
        if is_full && !members.contains_key(project_id) {
            return Err(Refusal::of("CPS.0196"));
        }
        members.entry(project_id.to_owned()).or_insert_with_key(|project_id| Member {
            project_id: project_id.clone(),
            create_time: now,
            update_time: now,
        });
        Ok(json!({}))
    }

    /// `ListImageMembers`.
    pub(crate) fn list_image_members(&mut self) -> Result<Value, Refusal> {
        let image_id = self.argument("image_id");
        let members: Vec<&Member> = self.state.images.members(image_id)?.values().collect();
        let limit = limits::LIST_IMAGE_MEMBERS_PAGE;
        let (page, page_info) =
            paging::page(&members, self.query, limit, |member| &member.project_id)?;
        let member = |member: &&Member| {
            json!({
                "image_id": image_id,
                "member_id": member.project_id,
                "create_time": timestamp::milliseconds(member.create_time),
                "update_time": timestamp::milliseconds(member.update_time),
            })
        };
        Ok(
            json!({ "members": page.iter().map(member).collect::<Vec<_>>(), "page_info": page_info }),
        )
    }

    /// `DeleteImageMember`. Assumed: image-members.
    pub(crate) fn delete_image_member(&mut self) -> Result<Value, Refusal> {
        let (image_id, project_id) = (self.argument("image_id"), self.argument("member_id"));
        if !is_id(project_id) {
            return Err(Refusal::of_field("member_id"));
        }
        self.state.images.members(image_id)?.shift_remove(project_id);
        Ok(json!({}))
    }

    /// `UpdateImageMember`.
    pub(crate) fn update_image_member(&mut self) -> Result<Value, Refusal> {
        let status = match self.text("status") {
            "accepted" => ReceiveStatus::Accepted,
            "rejected" => ReceiveStatus::Rejected,
            _ => return Err(Refusal::of("CPS.0010")),
        };
        let image_id = self.argument("image_id");
        let image = self.state.images.named(image_id)?;
        let Origin::Shared { receive_status, .. } = &mut image.origin else {
            return Err(Refusal::of("CPS.0166"));
        };
        *receive_status = status;
        image.update_time = self.now;
        Ok(json!({}))
    }
}
