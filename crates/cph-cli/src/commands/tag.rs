//! `cph tag`.

use cph::{Resource, Tag as Pair};
use futures_util::stream;
use serde_json::json;

use super::{
    Context, counted,
    listing::{as_it_is, done, list, show},
};
use crate::{Console, Exit, args::Tag, exit::Failure, output::Fields};

pub(super) async fn run(
    context: Context<'_>,
    command: Tag,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let tags = context.session.client.tags();
    match command {
        Tag::List => {
            let rows = tags.all().stream();
            list(context, "list tags", rows, as_it_is, OF_PROJECT, console).await
        }
        Tag::Show { id } => {
            let rows = tags.of(&id).await.map_err(Failure::to("list the tags of the server"))?;
            let rows = stream::iter(rows.into_iter().map(Ok));
            list(context, "list the tags of the server", rows, as_it_is, OF_SERVER, console).await
        }
        Tag::Add { id, tags: pairs } => {
            let count = counted(pairs.len(), "tag");
            tags.add(&id, pairs.into_iter().map(pair)).await.map_err(Failure::to("add tags"))?;
            Ok(done(context, &format!("added {count} to server {id}"), console))
        }
        Tag::Remove { id, tags: pairs } => {
            let count = counted(pairs.len(), "tag");
            let removed = tags.remove(&id, pairs.into_iter().map(pair)).await;
            removed.map_err(Failure::to("remove tags"))?;
            Ok(done(context, &format!("removed {count} from server {id}"), console))
        }
        Tag::Find { tag, key, untagged, name, count } => {
            let mut query = tags.find();
            for (key, values) in tag {
                query = query.tag(key, values.split(','));
            }
            for key in key {
                query = query.tag(key, [""; 0]);
            }
            if untagged {
                query = query.without_any_tag(true);
            }
            if let Some(name) = name {
                query = query.name(name);
            }
            if count {
                let count = query.count().await.map_err(Failure::to("count servers"))?;
                return show(context, &json!({"total_count": count}), &["total_count"], console);
            }
            list(context, "find servers", query.stream(), as_it_is, RESOURCES, console).await
        }
    }
}

fn pair((key, value): (String, String)) -> Pair {
    Pair::new(key, value)
}

const OF_PROJECT: Fields = Fields::new(&["key", "values"], &["key", "values"]);
const OF_SERVER: Fields = Fields::new(&["key", "value"], &["key", "value"]);
const RESOURCES: Fields = Fields::new(Resource::FIELDS, &["resource_id", "resource_name", "tags"]);
