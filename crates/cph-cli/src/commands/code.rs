//! `cph code`.

use cph::{CodeEntry, ErrorCode};

use crate::{
    Console, Exit,
    exit::Failure,
    output::{self, Fields, Records},
    settings::Settings,
};

pub(super) fn explain(
    code: Option<&str>,
    settings: &Settings,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    if let Some(code) = code {
        let entry = ErrorCode::parse(&code.to_ascii_uppercase()).entry().ok_or_else(|| {
            let problem = if code.contains('.') {
                format!("no page of the vendor explains {code}")
            } else {
                format!("{code} is no code, which looks like CPS.0004")
            };
            Failure::usage(format!("{problem}; `cph code` lists all codes"))
        })?;
        output::show(console.out, entry, FIELDS.all, settings)?;
    } else {
        let mut records = Records::new(FIELDS, settings);
        records.begin(console.out)?;
        for entry in CodeEntry::all() {
            records.write(console.out, entry)?;
        }
        records.finish(console.out)?;
    }
    Ok(Exit::Done)
}

const FIELDS: Fields = Fields {
    all: &["code", "name", "message", "meaning", "advice", "class", "effect", "basis", "scope"],
    table: &["code", "class", "effect", "scope", "meaning"],
    widths: None,
};
