//! Puts the chosen reading where a page contradicts itself.

use crate::{
    problem::Problems,
    source::{CORRECTIONS, Correction, Fragment, Row},
};

pub(crate) fn apply(
    fragments: &mut [Fragment],
    corrections: &[Row<Correction>],
    problems: &mut Problems,
) {
    for correction in corrections {
        if let Err(text) = correct(fragments, &correction.row) {
            problems.report(CORRECTIONS, correction.place(), text);
        }
    }
}

fn correct(fragments: &mut [Fragment], correction: &Correction) -> Result<(), String> {
    let Correction { operation, at, page, read, evidence } = correction;
    if evidence.trim().is_empty() {
        return Err("has no evidence; say what contradicts what".into());
    }
    if page == read {
        return Err("reads what the page says; remove it".into());
    }
    let fragment = fragments
        .iter_mut()
        .find(|fragment| fragment.document["operationId"] == operation.as_str())
        .ok_or_else(|| format!("names the operation `{operation}`, which no fragment has"))?;
    let value = fragment
        .document
        .pointer_mut(at)
        .ok_or_else(|| format!("no longer bites: {} has nothing at {at}", fragment.file))?;
    if value != page {
        return Err(format!(
            "no longer bites: {} has {value} at {at}, not {page}; look at the page, then correct `page` or remove the correction",
            fragment.file
        ));
    }
    *value = read.clone();
    Ok(())
}
