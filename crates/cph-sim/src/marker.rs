//! Lists that page by marker.

use std::collections::HashMap;

use serde_json::{Value, json};

/// The rows that come after the marker of a query, and where the page behind them begins. The rows are in the order of
/// their keys, and the marker is the key of the last row of a page (assumed: no-next-marker-is-the-last-page).
pub(crate) fn page<'a, T>(
    rows: &'a [T],
    query: &HashMap<String, String>,
    key: impl Fn(&T) -> &str,
) -> (&'a [T], Value) {
    let limit = query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(100);
    let first = match query.get("marker").filter(|marker| !marker.is_empty()) {
        Some(marker) => rows.partition_point(|row| key(row) <= marker.as_str()),
        None => 0,
    };
    let rest = &rows[first..];
    let page = &rest[..rest.len().min(limit)];
    match page.last() {
        Some(last) if page.len() < rest.len() => (page, json!({ "next_marker": key(last) })),
        _ => (page, json!({})),
    }
}
