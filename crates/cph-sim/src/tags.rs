//! Tags of servers.

use std::collections::{BTreeMap, HashSet};

use cph_core::limits;
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{fleet::is_id, phones::Page, refusal::Refusal, work::Work};

/// What each server that has tags is tagged with: values by key.
pub(crate) type Tags = BTreeMap<String, IndexMap<String, String>>;

/// Which servers `ListResourceInstances` is to find.
struct Search<'a> {
    without_any_tag: bool,
    /// A key, and the values that will do: any if there are none.
    tags: Vec<(&'a str, Vec<&'a str>)>,
    names: Vec<&'a str>,
}

impl<'a> Search<'a> {
    fn read(body: &'a Value) -> Result<Self, Refusal> {
        let list = |of: &'a Value| of.as_array().map_or(&[][..], Vec::as_slice);
        let text = |of: &'a Value| of.as_str().unwrap_or_default();
        let mut tags: Vec<(&str, Vec<&str>)> = Vec::new();
        for tag in list(&body["tags"]) {
            let values: Vec<_> = list(&tag["values"]).iter().map(text).collect();
            if values.iter().collect::<HashSet<_>>().len() < values.len() {
                return Err(Refusal::of_field("values"));
            }
            if tags.iter().any(|(key, _)| *key == text(&tag["key"])) {
                return Err(Refusal::of_field("tags"));
            }
            tags.push((text(&tag["key"]), values));
        }
        let matches = list(&body["matches"]);
        if matches.iter().any(|field| field["key"] != "resource_name") {
            return Err(Refusal::of_field("matches"));
        }
        let names = matches.iter().map(|field| text(&field["value"])).collect();
        Ok(Self { without_any_tag: body["without_any_tag"] == true, tags, names })
    }

    fn finds(&self, name: &str, tags: Option<&IndexMap<String, String>>) -> bool {
        let has = |key: &str, values: &[&str]| {
            let value = tags.and_then(|tags| tags.get(key));
            value.is_some_and(|value| values.is_empty() || values.contains(&value.as_str()))
        };
        let is_untagged = tags.is_none_or(IndexMap::is_empty);
        (is_untagged || !self.without_any_tag)
            && self.tags.iter().all(|(key, values)| has(key, values))
            && self.names.iter().all(|wanted| *wanted == name)
    }
}

/// Whether a key or value is made of what the pages allow.
fn is_written_well(text: &str) -> bool {
    text.chars().all(|char| char.is_alphanumeric() || " _.:=+-@".contains(char))
}

fn shown(tags: Option<&IndexMap<String, String>>) -> Vec<Value> {
    let tags = tags.into_iter().flatten();
    tags.map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

impl<'a> Work<'a> {
    fn check_resource_type(&self) -> Result<(), Refusal> {
        match self.argument("resource_type") {
            "cph-server" => Ok(()),
            _ => Err(Refusal::of_field("resource_type")),
        }
    }

    /// The server in the path.
    fn resource(&self) -> Result<&'a str, Refusal> {
        self.check_resource_type()?;
        let server_id = self.argument("resource_id");
        if !is_id(server_id) {
            return Err(Refusal::of_field("resource_id"));
        }
        match self.state.servers.get(server_id) {
            Some(_) => Ok(server_id),
            None => Err(Refusal::of("CPS.0159")),
        }
    }

    /// The tags to add or to delete (assumed: ten-tags-a-call).
    fn tags_to_change(&self) -> Result<Vec<(&'a str, &'a str)>, Refusal> {
        let body = self.body;
        let tags = body["tags"].as_array().map_or(&[][..], Vec::as_slice);
        if tags.len() > limits::BATCH_CREATE_TAGS_TAGS {
            return Err(Refusal::of_field("tags"));
        }
        let tag = |tag: &'a Value| {
            let text = |name: &str| tag[name].as_str().unwrap_or_default();
            let (key, value) = (text("key"), text("value"));
            if !is_written_well(key) || key.starts_with("_sys_") {
                return Err(Refusal::of_field("key"));
            }
            if !is_written_well(value) || value.starts_with(' ') || value.ends_with(' ') {
                return Err(Refusal::of_field("value"));
            }
            Ok((key, value))
        };
        tags.iter().map(tag).collect()
    }

    /// `BatchCreateTags`. Assumed: tags-that-are-there-or-not.
    pub(crate) fn create_tags(&mut self) -> Result<Value, Refusal> {
        let server_id = self.resource()?;
        let added = self.tags_to_change()?;
        let replaces = self.assumptions.tags_that_are_there_or_not;
        let tags = self.state.tags.entry(server_id.to_owned()).or_default();
        if !replaces && added.iter().any(|(key, _)| tags.contains_key(*key)) {
            return Err(Refusal::of_field("key"));
        }
        tags.extend(added.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        Ok(Value::Null)
    }

    /// `BatchDeleteTags`. Assumed: tags-that-are-there-or-not.
    pub(crate) fn delete_tags(&mut self) -> Result<Value, Refusal> {
        let server_id = self.resource()?;
        let deleted = self.tags_to_change()?;
        let forgives = self.assumptions.tags_that_are_there_or_not;
        let tags = self.state.tags.entry(server_id.to_owned()).or_default();
        let is_there = |(key, value): &(&str, &str)| tags.get(*key).is_some_and(|is| is == value);
        if !forgives && !deleted.iter().all(is_there) {
            return Err(Refusal::of_field("key"));
        }
        tags.retain(|key, value| !deleted.contains(&(key, value)));
        Ok(Value::Null)
    }

    /// `ListResourceTags`.
    pub(crate) fn list_resource_tags(&self) -> Result<Value, Refusal> {
        let server_id = self.resource()?;
        Ok(json!({ "tags": shown(self.state.tags.get(server_id)) }))
    }

    /// `ListProjectTags`.
    pub(crate) fn list_project_tags(&self) -> Result<Value, Refusal> {
        self.check_resource_type()?;
        let mut tags: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for (key, value) in self.state.tags.values().flatten() {
            let values = tags.entry(key).or_default();
            if !values.contains(&value.as_str()) {
                values.push(value);
            }
        }
        tags.sort_unstable_keys();
        let tags: Vec<_> = tags.into_iter().collect();
        let page = Page::of(self.query).slice(&tags).iter();
        let page: Vec<_> =
            page.map(|(key, values)| json!({ "key": key, "values": values })).collect();
        Ok(json!({ "tags": page, "total_count": tags.len() }))
    }

    /// `ListResourceInstances`.
    pub(crate) fn list_resource_instances(&self) -> Result<Value, Refusal> {
        self.check_resource_type()?;
        let search = Search::read(self.body)?;
        let names = self.state.servers.iter();
        let mut found: IndexMap<String, String> =
            names.map(|server| (server.id.clone(), server.features.name.clone())).collect();
        found.retain(|server_id, name| search.finds(name, self.state.tags.get(server_id)));
        let total_count = found.len();
        match self.text("action") {
            "count" => return Ok(json!({ "total_count": total_count })),
            "filter" => {}
            _ => return Err(Refusal::of_field("action")),
        }
        let number = |name: &str, default: usize, minimum: usize, maximum: usize| {
            let number = match self.body[name].as_str() {
                Some(text) => text.parse().ok(),
                None => Some(default),
            };
            number
                .filter(|number| (minimum..=maximum).contains(number))
                .ok_or_else(|| Refusal::of_field(name))
        };
        let most = limits::LIST_RESOURCE_INSTANCES_PAGE;
        let (offset, limit) =
            (number("offset", 0, 0, usize::MAX)?, number("limit", most, 1, most)?);
        let resource = |(server_id, name): (String, String)| {
            let tags = shown(self.state.tags.get(&server_id));
            json!({
                "resource_id": server_id,
                "resource_name": name,
                "resource_detail": null,
                "tags": tags,
            })
        };
        let page: Vec<_> = found.into_iter().skip(offset).take(limit).map(resource).collect();
        Ok(json!({ "resources": page, "total_count": total_count }))
    }
}
