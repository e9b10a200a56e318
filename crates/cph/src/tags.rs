//! Tags of servers.

use std::collections::HashSet;

use cph_core::{InvalidId, ServerId, limits};
use cph_raw::types;
use futures_util::Stream;

use crate::{
    Client, Error, Problem, Result,
    paging::{self, Page, Place, Query, page_size, query},
    view::{View, view, views},
};

/// The only kind of resource that has tags.
const RESOURCE_TYPE: &str = "cph-server";

/// Pages `cph_api_0553` and `cph_api_0555`.
const KEY_CHARACTERS: usize = 127;

/// Pages `cph_api_0553` and `cph_api_0555`.
const VALUE_CHARACTERS: usize = 255;

/// What can be asked and done about tags of servers; see [`Client::tags`].
#[derive(Debug, Clone, Copy)]
pub struct Tags<'a> {
    client: &'a Client,
}

impl<'a> Tags<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists the tags that the project's servers have, every page of them.
    /// Documented as [ListProjectTags](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0557.html).
    pub fn all(&self) -> ListProjectTags {
        ListProjectTags::new(self.client)
    }

    /// The tags of one server.
    /// Documented as [ListResourceTags](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0556.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// for tag in client.tags().of("e09b5c8d2a4f4f6fb0b3a7c1d2e3f405").await? {
    ///     println!("{}={}", tag.key, tag.value);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the id is none, before anything is sent; otherwise what
    /// the service says, see [`Error::code`].
    pub async fn of(&self, server_id: impl AsRef<str>) -> Result<Vec<Tag>> {
        let server_id: ServerId = Client::id(server_id)?;
        let operation = "ListResourceTags";
        let call = self.client.call(operation, async |raw, project| {
            raw.list_resource_tags(&project, RESOURCE_TYPE, server_id.as_str()).await
        });
        view(call.await?.body.tags, operation)
    }

    /// Adds tags to a server, at most 10 a call (assumed: ten-tags-a-call). What becomes of a key that the
    /// server has already is not documented.
    /// Documented as [BatchCreateTags](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0553.html).
    ///
    /// Keys have 1 to 127 characters and do not begin with `_sys_`; values have 1 to 255 and no space at either end. Both
    /// are made of letters and digits of any language, spaces, and `_.:=+-@`.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let server = "e09b5c8d2a4f4f6fb0b3a7c1d2e3f405";
    /// client.tags().add(server, [("team", "games"), ("stage", "test")]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with everything that is wrong with the id and the tags,
    /// before anything is sent; otherwise what the service says, see [`Error::code`].
    pub async fn add(
        &self,
        server_id: impl AsRef<str>,
        tags: impl IntoIterator<Item = impl Into<Tag>>,
    ) -> Result<()> {
        let tags = tags.into_iter().map(Into::into).collect();
        let maximum = limits::BATCH_CREATE_TAGS_TAGS;
        self.change("BatchCreateTags", "create", server_id.as_ref(), tags, maximum).await
    }

    /// Takes tags off a server, under the limits and rules of [`add`](Self::add). Key and value must both be given.
    /// Documented as [BatchDeleteTags](https://support.huaweicloud.com/api-cph/cph_api_0554.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// client.tags().remove("e09b5c8d2a4f4f6fb0b3a7c1d2e3f405", [("stage", "test")]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub async fn remove(
        &self,
        server_id: impl AsRef<str>,
        tags: impl IntoIterator<Item = impl Into<Tag>>,
    ) -> Result<()> {
        let tags = tags.into_iter().map(Into::into).collect();
        let maximum = limits::BATCH_DELETE_TAGS_TAGS;
        self.change("BatchDeleteTags", "delete", server_id.as_ref(), tags, maximum).await
    }

    async fn change(
        &self,
        operation: &'static str,
        action: &str,
        server_id: &str,
        tags: Vec<Tag>,
        maximum: usize,
    ) -> Result<()> {
        let server_id = server_id.parse::<ServerId>();
        let mut problems = tag_problems(&tags, maximum);
        if let Err(error) = &server_id {
            problems.insert(0, error.to_string());
        }
        refuse(problems)?;
        let server_id = server_id.map_err(Error::invalid)?;
        let tags = tags.into_iter().map(|Tag { key, value }| types::TagToChange { key, value });
        let body = types::ChangeTagsRequestBody { action: action.to_owned(), tags: tags.collect() };
        let call = self.client.call(operation, async |raw, project| {
            raw.change_tags(&project, RESOURCE_TYPE, server_id.as_str(), &body).await
        });
        call.await.map(drop)
    }

    /// Finds servers by their tags.
    /// Documented as [ListResourceInstances](https://support.huaweicloud.com/api-cph/cph_api_0555.html).
    pub fn find(&self) -> FindResources {
        FindResources {
            client: self.client.clone(),
            tags: Vec::new(),
            without_any_tag: None,
            name: None,
        }
    }
}

/// A tag of a server.
///
/// ```
/// assert_eq!(cph::Tag::from(("team", "games")), cph::Tag::new("team", "games"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[non_exhaustive]
pub struct Tag {
    /// Its key, at most 127 characters.
    pub key: String,
    /// Its value, at most 255 characters.
    pub value: String,
}

impl Tag {
    /// The names of its fields, as they are serialised.
    pub const FIELDS: &'static [&'static str] = &["key", "value"];

    /// A tag; whether it can be sent is said by the call that sends it.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

impl<K: Into<String>, V: Into<String>> From<(K, V)> for Tag {
    fn from((key, value): (K, V)) -> Self {
        Self::new(key, value)
    }
}

impl View<types::Tag> for Tag {
    fn view(raw: types::Tag) -> Result<Self, InvalidId> {
        Ok(Self::new(raw.key.unwrap_or_default(), raw.value.unwrap_or_default()))
    }
}

fn refuse(problems: Vec<String>) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::invalid_input(problems.into_iter().map(Problem::new).collect()))
}

/// What keeps tags from being added or removed.
fn tag_problems(tags: &[Tag], maximum: usize) -> Vec<String> {
    let mut problems = Vec::new();
    if tags.is_empty() {
        problems.push("no tags are given".to_owned());
    }
    if tags.len() > maximum {
        problems.push(format!("{} tags are given; a call takes at most {maximum}", tags.len()));
    }
    for Tag { key, value } in tags {
        let key_problem = length_problem("tag key", key, 1, KEY_CHARACTERS)
            .or_else(|| character_problem("tag key", key))
            .or_else(|| {
                let taken = key.starts_with("_sys_");
                taken.then(|| {
                    format!("tag key {key:?} begins with _sys_, which is the vendor's own")
                })
            });
        let value_problem = length_problem("tag value", value, 1, VALUE_CHARACTERS)
            .or_else(|| character_problem("tag value", value))
            .or_else(|| {
                let spaced = value.starts_with(' ') || value.ends_with(' ');
                spaced.then(|| format!("tag value {value:?} begins or ends with a space"))
            });
        problems.extend([key_problem, value_problem].into_iter().flatten());
    }
    problems
}

fn length_problem(what: &str, text: &str, minimum: usize, maximum: usize) -> Option<String> {
    let characters = text.chars().count();
    (!(minimum..=maximum).contains(&characters)).then(|| {
        let start: String = text.chars().take(maximum).collect();
        format!("{what} {start:?} has {characters} characters; allowed are {minimum} to {maximum}")
    })
}

fn character_problem(what: &str, text: &str) -> Option<String> {
    let other = text.chars().find(|char| !char.is_alphanumeric() && !" _.:=+-@".contains(*char))?;
    Some(format!(
        "{what} {text:?} contains {other:?}; allowed are letters, digits, spaces and _.:=+-@"
    ))
}

query! {
    /// A query for the tags that the project's servers have.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut tags = pin!(client.tags().all().stream());
    /// while let Some(tag) = tags.try_next().await? {
    ///     println!("{}: {}", tag.key, tag.values.join(", "));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListProjectTags -> ProjectTag {}
}

impl Query for ListProjectTags {
    type Raw = types::Tags;
    type Row = ProjectTag;
    const OPERATION: &'static str = "ListProjectTags";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            let limit = page_size(limits::LIST_PROJECT_TAGS_PAGE);
            raw.list_project_tags(&project, RESOURCE_TYPE, limit, from.offset()).await
        });
        Ok(Page::counted(call.await?.body.tags, from, limits::LIST_PROJECT_TAGS_PAGE))
    }
}

/// A key, and the values that the project's servers have for it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ProjectTag {
    /// The key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

impl ProjectTag {
    /// The names of its fields, as they are serialised.
    pub const FIELDS: &'static [&'static str] = &["key", "values"];
}

impl View<types::Tags> for ProjectTag {
    fn view(raw: types::Tags) -> Result<Self, InvalidId> {
        Ok(Self { key: raw.key.unwrap_or_default(), values: raw.values.unwrap_or_default() })
    }
}

/// A query for servers by their tags; see [`Tags::find`].
///
/// Narrow it, then take the [`stream`](Self::stream) or the [`count`](Self::count).
///
/// ```
/// # async fn example(client: cph::Client) -> cph::Result<()> {
/// let games = client.tags().find().tag("team", ["games", "toys"]).tag("stage", ["test"]);
/// println!("{} servers", games.count().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct FindResources {
    client: Client,
    tags: Vec<types::TagFilter>,
    without_any_tag: Option<bool>,
    name: Option<String>,
}

impl FindResources {
    /// Only servers that have this key with one of these values, or with any value if none is given: at most 10 values. Every
    /// key narrows further: at most 10 keys, each once.
    pub fn tag(
        mut self,
        key: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.tags.push(types::TagFilter { key: key.into(), values });
        self
    }

    /// Only servers that have no tag at all, if `true`.
    pub fn without_any_tag(mut self, without_any_tag: bool) -> Self {
        self.without_any_tag = Some(without_any_tag);
        self
    }

    /// Only servers with this very name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The rows, page after page as they are taken. It ends after its first `Err`.
    ///
    /// What comes or goes meanwhile may be missed or seen twice: the service pages as it goes. Dropping the stream asks for
    /// no more.
    pub fn stream(self) -> impl Stream<Item = Result<Resource>> + Send + 'static {
        paging::rows(self)
    }

    /// How many there are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with everything that is wrong with the query, before
    /// anything is sent; otherwise what the service says, see [`Error::code`].
    pub async fn count(&self) -> Result<u64> {
        let answer = self.ask("count", None).await?;
        answer.total_count.and_then(|count| count.try_into().ok()).ok_or_else(|| {
            Error::unreadable(200, "a body without a usable total_count")
                .with_operation(Self::OPERATION)
        })
    }

    async fn ask(
        &self,
        action: &str,
        from: Option<&Place>,
    ) -> Result<types::ListResourceInstancesResponse> {
        refuse(self.problems())?;
        let matches = self
            .name
            .iter()
            .map(|name| types::Match { key: "resource_name".to_owned(), value: name.clone() });
        let body = types::ListResourceInstancesRequestBody {
            action: action.to_owned(),
            limit: from.map(|_| limits::LIST_RESOURCE_INSTANCES_PAGE.to_string()),
            offset: from.and_then(Place::offset).map(|offset| offset.to_string()),
            tags: self.tags.clone(),
            matches: matches.collect(),
            without_any_tag: self.without_any_tag,
        };
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_resource_instances(&project, RESOURCE_TYPE, &body).await
        });
        Ok(call.await?.body)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let most_keys = limits::LIST_RESOURCE_INSTANCES_TAGS;
        if self.tags.len() > most_keys {
            let keys = self.tags.len();
            problems.push(format!("{keys} tag keys are given; a query takes at most {most_keys}"));
        }
        let mut keys = HashSet::new();
        for types::TagFilter { key, values } in &self.tags {
            problems.extend(length_problem("tag key", key, 1, KEY_CHARACTERS));
            if !keys.insert(key) {
                problems.push(format!("tag key {key:?} is given twice"));
            }
            let most_values = limits::LIST_RESOURCE_INSTANCES_TAG_VALUES;
            if values.len() > most_values {
                let count = values.len();
                problems.push(format!(
                    "tag key {key:?} has {count} values; a query takes at most {most_values}"
                ));
            }
            let mut seen = HashSet::new();
            for value in values {
                problems.extend(length_problem("tag value", value, 0, VALUE_CHARACTERS));
                if !seen.insert(value) {
                    problems.push(format!("value {value:?} of tag key {key:?} is given twice"));
                }
            }
        }
        problems
    }
}

impl Query for FindResources {
    type Raw = types::Resource;
    type Row = Resource;
    const OPERATION: &'static str = "ListResourceInstances";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let answer = self.ask("filter", Some(from)).await?;
        Ok(Page::counted(answer.resources, from, limits::LIST_RESOURCE_INSTANCES_PAGE))
    }
}

views! {
    /// A server, found by its tags.
    pub struct Resource from types::Resource {
        /// The server's id.
        resource_id: ServerId,
        /// Its name.
        resource_name: Option<String>,
        /// More about it.
        resource_detail: Option<String>,
        /// Its tags.
        tags: Vec<Tag>,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::{ErrorKind, api::tests::recorded};

    const SERVER: &str = "/v1/0123456789abcdef0123456789abcdef/cph-server";

    #[test]
    fn tags_keep_the_documented_rules() {
        let maximum = limits::BATCH_CREATE_TAGS_TAGS;
        let problem = |key: &str, value: &str| tag_problems(&[Tag::new(key, value)], maximum);
        let (key, value) = ("k".repeat(127), "v".repeat(255));
        for (key, value) in [
            ("key1", "value1"),
            (&key, &value),
            (" a _.:=+-@", "a _.:=+-@"),
            ("\u{952e}\u{0661}", "\u{5024}"),
            ("sys_", "_sys_"),
        ] {
            assert_eq!(problem(key, value), Vec::<String>::new());
        }
        for (key, value, wrong) in [
            ("", "v", r#"tag key "" has 0 characters; allowed are 1 to 127"#),
            ("k", "", r#"tag value "" has 0 characters; allowed are 1 to 255"#),
            (&"k".repeat(128), "v", "has 128 characters"),
            ("k", &"v".repeat(256), "has 256 characters"),
            (
                "a/b",
                "v",
                r#"tag key "a/b" contains '/'; allowed are letters, digits, spaces and _.:=+-@"#,
            ),
            ("k", "a\nb", r#"tag value "a\nb" contains '\n'"#),
            ("_sys_k", "v", r#"tag key "_sys_k" begins with _sys_"#),
            ("k", " v", "begins or ends with a space"),
            ("k", "v ", "begins or ends with a space"),
        ] {
            let problems = problem(key, value);
            assert!(problems.len() == 1 && problems[0].contains(wrong), "{problems:?}");
        }
        assert_eq!(tag_problems(&[], maximum), ["no tags are given"]);
        let many = vec![Tag::new("k", "v"); 11];
        assert_eq!(tag_problems(&many, maximum), ["11 tags are given; a call takes at most 10"]);
    }

    #[tokio::test]
    async fn changes_are_what_the_pages_show_and_mistakes_are_not_sent() {
        let (client, sent) = recorded(204, "");
        let tags = [("key1", "value1"), ("key2", "value2")];
        client.tags().add("s", tags).await.unwrap();
        client.tags().remove("s", tags).await.unwrap();
        let error = client.tags().add("a/b", [("", "")]).await.unwrap_err();
        assert_eq!((error.kind(), error.problems().len()), (ErrorKind::InvalidInput, 3));
        let body = |action| {
            let tags =
                json!([{"key": "key1", "value": "value1"}, {"key": "key2", "value": "value2"}]);
            json!({"action": action, "tags": tags})
        };
        let line = format!("POST {SERVER}/s/tags/action");
        assert_eq!(sent.take(), [(line.clone(), body("create")), (line, body("delete"))]);
    }

    #[tokio::test]
    async fn a_search_is_what_the_page_shows() {
        let answer = json!({
            "resources": [{
                "resource_detail": null,
                "resource_id": "cdfs_cefs_wesas_12_dsad",
                "resource_name": "resouece1",
                "tags": [{"key": "key1", "value": "value1"}, {"key": "key2", "value": "value1"}],
            }],
            "total_count": 1000,
        });
        let (client, sent) = recorded(200, &answer.to_string());
        let find = || client.tags().find();
        let narrow = find().tag("key1", ["value1", "value2"]).tag("key2", ["value1", "value2"]);
        let narrow = narrow.name("resource1");
        assert_eq!(narrow.count().await.unwrap(), 1000);
        let rows: Vec<Resource> = narrow.stream().try_collect().await.unwrap();
        assert_eq!(serde_json::to_value(&rows).unwrap(), answer["resources"]);
        assert_eq!(find().without_any_tag(true).tag("k", [""; 0]).count().await.unwrap(), 1000);
        let tags = json!([
            {"key": "key1", "values": ["value1", "value2"]},
            {"key": "key2", "values": ["value1", "value2"]},
        ]);
        let matches = json!([{"key": "resource_name", "value": "resource1"}]);
        let bodies: Vec<Value> = sent.take().into_iter().map(|(_, body)| body).collect();
        assert_eq!(
            bodies,
            [
                json!({"action": "count", "tags": tags, "matches": matches}),
                json!({"action": "filter", "limit": "1000", "offset": "0", "tags": tags, "matches": matches}),
                json!({"action": "count", "tags": [{"key": "k", "values": []}], "without_any_tag": true}),
            ]
        );
    }

    #[tokio::test]
    async fn a_search_beyond_the_limits_is_not_sent() {
        let (client, sent) = recorded(200, "{}");
        let mut find = client.tags().find().tag("", ["a", "a"]).tag("k", vec!["v"; 11]);
        for _ in 0..9 {
            find = find.tag("k", [""; 0]);
        }
        let error = find.count().await.unwrap_err();
        assert_eq!(error.problems().len(), 1 + 2 + 11 + 9, "{error}");
        assert!(find.stream().try_collect::<Vec<_>>().await.is_err());
        assert_eq!(sent.take(), []);
        let error = client.tags().find().count().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnreadableAnswer);
    }
}
