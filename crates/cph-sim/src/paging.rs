//! Lists that page by marker.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::refusal::Refusal;

/// The part of a list that a query asks for, and what to say of the next. A marker is the id of the row that its page
/// begins with; the limit has been validated (assumed: no-next-marker-is-the-last-page).
pub(crate) fn page<'a, T>(
    rows: &'a [T],
    query: &HashMap<String, String>,
    limit: usize,
    id: impl Fn(&T) -> &str,
) -> Result<(&'a [T], Value), Refusal> {
    let asked = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let limit = asked("limit").and_then(|limit| limit.parse().ok()).unwrap_or(limit);
    let begin = match asked("marker") {
        Some(marker) => rows.iter().position(|row| id(row) == marker.as_str()),
        None => Some(0),
    };
    let rest = &rows[begin.ok_or_else(|| Refusal::of_field("marker"))?..];
    let (page, after) = rest.split_at(rest.len().min(limit));
    let page_info = match after.first() {
        Some(next) => json!({ "next_marker": id(next) }),
        None => json!({}),
    };
    Ok((page, page_info))
}
