//! The rows of the TOML files, each by itself and against each other.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;

use crate::{
    problem::Problems,
    source::{self, Property, Reliant, Row, Tables, listed},
    spec::Spec,
    words,
};

use super::names::METHODS;

pub(super) fn check(spec: &Spec, tables: &Tables, problems: &mut Problems) {
    history(spec, tables, problems);
    codes(tables, problems);
    properties(tables, problems);
    regions(tables, problems);
    assumptions(tables, problems);
    retired(spec, tables, problems);
    once(
        source::CORRECTIONS,
        &tables.corrections,
        |row| format!("{} {}", row.operation, row.at),
        problems,
    );
}

fn history(spec: &Spec, tables: &Tables, problems: &mut Problems) {
    let ids: BTreeSet<&str> =
        spec.operations.iter().map(|operation| operation.id.as_str()).collect();
    for row in &tables.history {
        let history = &row.row;
        if !ids.contains(history.operation.as_str()) {
            let text =
                format!("names the operation `{}`, which no fragment has", history.operation);
            problems.report(source::CORRECTIONS, row.place(), text);
        }
        filled(
            source::CORRECTIONS,
            row,
            &[("vintage", &history.vintage), ("said", &history.said)],
            problems,
        );
    }
}

fn codes(tables: &Tables, problems: &mut Problems) {
    once(source::CODES, &tables.codes, |row| row.code.clone(), problems);
    let named: Vec<_> = tables.codes.iter().filter(|row| row.row.name.is_some()).collect();
    once(source::CODES, named, |row| row.name.clone().unwrap_or_default(), problems);
    for row in &tables.codes {
        let code = &row.row;
        let mut report = |text: String| problems.report(source::CODES, row.place(), text);
        if !is_code(&code.code) {
            report(format!(
                "`{}` is no code like CPS.0004, APIGW.0308, APIG.0308 or IAM.0001",
                code.code
            ));
        }
        if let Some(name) = &code.name
            && name != &words::constant(&[&name.to_lowercase()])
        {
            report(format!("`{name}` is no name like PHONE_NOT_FOUND"));
        }
        if code.name.is_some() && code.code.starts_with("IAM.") {
            report(format!("`{}` can have no name: `ErrorCode` has no such family", code.code));
        }
        for status in code.http.iter().filter(|status| !(400..600).contains(*status)) {
            report(format!("{status} is no HTTP status of an error"));
        }
        if code.texts.contains(&code.message) {
            report("lists its own message among the other `texts`".into());
        }
        filled(
            source::CODES,
            row,
            &[("meaning", &code.meaning), ("advice", &code.advice)],
            problems,
        );
    }
}

fn is_code(code: &str) -> bool {
    code.split_once('.').is_some_and(|(family, number)| {
        ["CPS", "APIGW", "APIG", "IAM"].contains(&family)
            && number.len() == 4
            && number.parse::<u16>().is_ok_and(|number| number > 0)
    })
}

fn properties(tables: &Tables, problems: &mut Problems) {
    let file = source::PROPERTIES;
    once(file, &tables.properties, |row| row.key.clone(), problems);
    let keys: BTreeSet<&str> = tables.properties.iter().map(|row| row.row.key.as_str()).collect();
    let codes: BTreeSet<&str> = tables.codes.iter().map(|row| row.row.code.as_str()).collect();
    for row in &tables.properties {
        let property = &row.row;
        let key = &property.key;
        let mut report = |text: String| problems.report(file, row.place(), text);
        rule(property, &mut report);
        if let Some(other) = &property.replaced_by
            && (!keys.contains(other.as_str()) || other == key)
        {
            report(format!("`{key}` is replaced by `{other}`, which is no other key of the file"));
        }
        if let Some(code) = &property.code
            && !codes.contains(code.as_str())
        {
            report(format!("`{key}` has the code {code}, which {} does not list", source::CODES));
        }
        filled(
            file,
            row,
            &[("key", key), ("expects", &property.expects), ("summary", &property.summary)],
            problems,
        );
    }
}

fn rule(property: &Property, report: &mut impl FnMut(String)) {
    let Property { key, pattern, .. } = property;
    if !pattern.trim_start_matches("(?s)").starts_with('^') || !pattern.ends_with('$') {
        report(format!(
            "the pattern of `{key}` has to match whole values: begin it with ^, end it with $"
        ));
    }
    match Regex::new(pattern) {
        Err(error) => report(format!("the pattern of `{key}` is wrong: {error}")),
        Ok(pattern) => {
            let default = property.default.iter().map(|default| ("default", default));
            let former = property.default_history.iter();
            let former = former.map(|former| ("former default", &former.default));
            let values = property.values.iter().map(|value| ("value", &value.value));
            for (what, value) in
                default.chain(former).chain(values).filter(|(_, value)| !pattern.is_match(value))
            {
                report(format!("the {what} `{value}` of `{key}` does not match its pattern"));
            }
        }
    }
    if property.values.iter().any(|value| value.meaning.trim().is_empty()) {
        report(format!("a value of `{key}` has no meaning"));
    }
    for former in &property.default_history {
        if property.default.as_ref() == Some(&former.default) {
            report(format!(
                "the former default `{}` of `{key}` is its present one",
                former.default
            ));
        }
        if former.source.trim().is_empty() {
            report(format!("the former default of `{key}` has no `source`"));
        }
    }
    if property.refused_by.iter().any(|flavor| flavor.trim().is_empty()) {
        report(format!("a flavor that refuses `{key}` has no name"));
    }
}

fn regions(tables: &Tables, problems: &mut Problems) {
    once(source::REGIONS, &tables.regions, |row| row.id.clone(), problems);
    for row in &tables.regions {
        let region = &row.row;
        if !words::is_lower(&region.id, '-') {
            problems.report(
                source::REGIONS,
                row.place(),
                format!("`{}` is no id like cn-north-4", region.id),
            );
        }
        if !region.endpoint.starts_with("https://") || region.endpoint.ends_with('/') {
            let text = format!(
                "the endpoint `{}` has to begin with https:// and to end without a slash",
                region.endpoint
            );
            problems.report(source::REGIONS, row.place(), text);
        }
    }
}

fn assumptions(tables: &Tables, problems: &mut Problems) {
    let file = source::ASSUMPTIONS;
    once(file, &tables.assumptions, |row| row.name.clone(), problems);
    for row in &tables.assumptions {
        let assumption = &row.row;
        if !words::is_lower(&assumption.name, '-') {
            problems.report(
                file,
                row.place(),
                format!("`{}` is no name like part-of-100-phones", assumption.name),
            );
        }
        if assumption.relied_on_by.is_empty() {
            problems.report(file, row.place(), "nobody relies on it; remove it");
        }
        let texts: [(&str, &String); 3] = [
            ("statement", &assumption.statement),
            ("where", &assumption.place),
            ("would_show", &assumption.would_show),
        ];
        filled(file, row, &texts, problems);
        let by_simulator = assumption.relied_on_by.contains(&Reliant::Simulator);
        let says =
            usize::from(assumption.switch.is_some()) + usize::from(assumption.no_switch.is_some());
        if says != usize::from(by_simulator) {
            let text = "what the simulator relies on has either `switch` or `no_switch`, and nothing else has one";
            problems.report(file, row.place(), text);
        }
    }
}

fn retired(spec: &Spec, tables: &Tables, problems: &mut Problems) {
    let file = source::RETIRED;
    once(file, &tables.retired, |row| row.name.clone(), problems);
    let ids: BTreeSet<&str> =
        spec.operations.iter().map(|operation| operation.id.as_str()).collect();
    for row in &tables.retired {
        let retired = &row.row;
        let mut report = |text: String| problems.report(file, row.place(), text);
        if !words::is_pascal(&retired.name) {
            report(format!("`{}` is no name like BatchMigrateCloudPhone", retired.name));
        }
        if ids.contains(retired.name.as_str()) {
            report(format!("{} has a fragment, so it is not retired", retired.name));
        }
        if !METHODS.contains(&retired.method.as_str()) {
            report(format!("`{}` is none of {}", retired.method, listed(&METHODS)));
        }
        if !retired.path.starts_with("/v") {
            report(format!(
                "the path `{}` does not begin with a version such as /v1",
                retired.path
            ));
        }
        if let Some(other) = &retired.replaced_by
            && !ids.contains(other.as_str())
        {
            report(format!("{} is replaced by `{other}`, which no fragment has", retired.name));
        }
        filled(file, row, &[("why", &retired.why), ("source", &retired.source)], problems);
    }
}

/// Reports rows that repeat what is to stand only once.
fn once<'a, T: 'a>(
    file: &str,
    rows: impl IntoIterator<Item = &'a Row<T>>,
    what: impl Fn(&T) -> String,
    problems: &mut Problems,
) {
    let mut lines = BTreeMap::new();
    for row in rows {
        let what = what(&row.row);
        if let Some(line) = lines.insert(what.clone(), row.line) {
            problems.report(file, row.place(), format!("`{what}` is already on line {line}"));
        }
    }
}

fn filled<T>(file: &str, row: &Row<T>, texts: &[(&str, &String)], problems: &mut Problems) {
    for (field, _) in texts.iter().filter(|(_, text)| text.trim().is_empty()) {
        problems.report(file, row.place(), format!("`{field}` has no words"));
    }
}
