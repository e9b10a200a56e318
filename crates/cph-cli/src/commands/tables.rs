//! `cph code`, `cph operation`, `cph property`: the library's own tables. Nothing is asked of the service.

use cph::{CodeEntry, ErrorCode, Operation, PropertyKey};
use serde::Serialize;

use crate::{
    Console, Exit,
    exit::Failure,
    output::{self, Fields, Records},
    settings::Settings,
};

pub(super) fn code(
    code: Option<&str>,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let row = code.map(|code| {
        ErrorCode::parse(&code.to_ascii_uppercase()).entry().ok_or_else(|| {
            let problem = if code.contains('.') {
                format!("no page of the vendor explains {code}")
            } else {
                format!("{code} is no code, which looks like CPS.0004")
            };
            Failure::usage(format!("{problem}; `cph code` lists all codes"))
        })
    });
    show(row.transpose()?, CodeEntry::all(), CODE, settings, console)
}

/// An operation by its name, in any case.
pub(super) fn find_operation(name: &str) -> Result<&'static Operation, Failure> {
    let known = Operation::all().iter().find(|row| row.name.eq_ignore_ascii_case(name));
    known.ok_or_else(|| {
        Failure::usage(format!(
            "no page of the vendor documents {name}; `cph operation` lists all operations"
        ))
    })
}

pub(super) fn operation(
    name: Option<&str>,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let row = name.map(find_operation);
    show(row.transpose()?, Operation::all(), OPERATION, settings, console)
}

pub(super) fn property(
    key: Option<&str>,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let row = key.map(|key| {
        PropertyKey::find(key).ok_or_else(|| {
            Failure::usage(format!(
                "no page of the vendor lists {key}, and it would be sent as it is; `cph property` lists all keys"
            ))
        })
    });
    show(row.transpose()?, PropertyKey::all(), PROPERTY, settings, console)
}

/// One row in full, or all of them.
fn show<T: Serialize>(
    row: Option<&T>,
    all: &[T],
    fields: Fields,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    if let Some(row) = row {
        output::show(console.out, row, &fields.all, settings)?;
        return Ok(Exit::Done);
    }
    let mut records = Records::new(fields, settings);
    records.begin(console.out)?;
    for row in all {
        records.write(console.out, row)?;
    }
    records.finish(console.out)?;
    Ok(Exit::Done)
}

const CODE: Fields = Fields::new(
    &["code", "name", "message", "meaning", "advice", "class", "effect", "basis", "scope"],
    &["code", "class", "effect", "scope", "meaning"],
);

const OPERATION: Fields = Fields::new(
    &[
        "name",
        "summary",
        "method",
        "path",
        "shared",
        "asynchronous",
        "job_family",
        "batch",
        "idempotent",
        "asks",
        "pages",
        "iam_action",
    ],
    &["name", "method", "path", "summary"],
);

const PROPERTY: Fields = Fields::new(
    &[
        "key",
        "summary",
        "kind",
        "vintage",
        "expects",
        "pattern",
        "basis",
        "default",
        "default_history",
        "values",
        "takes_effect",
        "refused_by",
        "deprecated",
        "replaced_by",
        "personal",
        "code",
    ],
    &["key", "default", "expects", "summary"],
);
