//! Lists and single things of the service, printed as they come.

use std::pin::pin;

use futures_util::{Stream, TryStreamExt as _};
use serde::Serialize;
use serde_json::Value;

use super::Context;
use crate::{
    Console, Exit,
    exit::Failure,
    output::{self, Fields, Records},
};

/// Prints every row of a list as it comes; `doing` goes after "failed to".
pub(super) async fn list<T>(
    context: Context<'_>,
    doing: &'static str,
    rows: impl Stream<Item = cph::Result<T>>,
    record: impl Fn(&T) -> Value,
    fields: Fields,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut rows = pin!(rows);
    // A list that cannot even begin prints nothing.
    let mut next = Ok(rows.try_next().await.map_err(Failure::to(doing))?);
    let mut records = Records::new(fields, context.settings);
    records.begin(console.out)?;
    let end = loop {
        match next {
            Ok(Some(row)) => records.write(console.out, &record(&row))?,
            Ok(None) => break Ok(Exit::Done),
            Err(error) => break Err(Failure::to(doing)(error)),
        }
        next = rows.try_next().await;
    };
    records.finish(console.out)?;
    end
}

/// A row under the names that the library gives its fields.
pub(super) fn as_it_is<T: Serialize>(row: &T) -> Value {
    serde_json::json!(row)
}

/// Prints one thing.
pub(super) fn show(
    context: Context<'_>,
    record: &impl Serialize,
    fields: &[&str],
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    output::show(console.out, record, fields, context.settings)?;
    Ok(Exit::Done)
}

/// Says on standard error that a change was taken.
pub(super) fn done(context: Context<'_>, what: &str, console: &mut Console<'_>) -> Exit {
    if !context.settings.quiet {
        console.note(format_args!("{what} {}", context.session.place()));
    }
    Exit::Done
}
