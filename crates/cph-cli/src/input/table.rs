//! A table of phones, whichever way it is written: each row names a phone, an image for it, and properties.

use std::collections::HashSet;

use cph::{Properties, RestartTarget};
use serde_json::Value;

use super::{
    Input,
    columns::{Column, Columns},
};

/// A table as far as it was read. Values stay out of problems: a property is full of personal ones.
#[derive(Debug, Default)]
pub(super) struct Table {
    columns: Columns,
    input: Input,
    problems: Vec<String>,
}

impl Table {
    /// What a column is for, where there is such a column.
    pub(super) fn column(&mut self, name: &str, place: &str) -> Option<&Column> {
        self.columns.meet(name, |problem| self.problems.push(format!("{place}: {problem}")))
    }

    pub(super) fn problem(&mut self, place: &str, problem: &str) {
        self.problems.push(format!("{place}: {problem}"));
    }

    /// Takes a row. What is empty or null is not given.
    pub(super) fn row(&mut self, line: usize, cells: impl IntoIterator<Item = (String, Value)>) {
        let place = format!("line {line}");
        let (mut phone_id, mut image, mut properties) = (None, None, Properties::new());
        let mut seen = HashSet::new();
        for (name, value) in cells {
            if !seen.insert(name.clone()) {
                self.problem(&place, &format!("{}: it stands twice", name.escape_debug()));
                continue;
            }
            let taken = match self.column(&name, &place) {
                None | Some(Column::Ignored) => Ok(()),
                Some(Column::Property(key)) => property(value).map(|value| {
                    if let Some(value) = value {
                        properties = std::mem::take(&mut properties).set(key, value);
                    }
                }),
                Some(Column::PhoneId) => id(value).map(|id| phone_id = id),
                Some(Column::SetImageId) => id(value).map(|id| image = id),
            };
            if let Err(problem) = taken {
                self.problem(&place, &format!("{name}: {problem}"));
            }
        }
        let Some(phone_id) = phone_id else {
            return self.problem(&place, "there is no phone_id");
        };
        let target = RestartTarget::new(phone_id).properties(properties);
        let target = if let Some(image) = image { target.image(image) } else { target };
        self.input.targets.push(target);
        self.input.lines.push(line);
    }

    pub(super) fn finish(mut self) -> Result<Input, Vec<String>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        self.input.ignored = self.columns.ignored;
        Ok(self.input)
    }
}

fn id(value: Value) -> Result<Option<String>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.trim().to_owned()).filter(|id| !id.is_empty())),
        _ => Err("it is no string"),
    }
}

/// Properties are strings in all of the vendor's examples. A whole number has one way to be written as such; of others, and
/// of what stands for true, nobody could tell what the phone gets.
fn property(value: Value) -> Result<Option<String>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(Some(number.to_string())),
        Value::Number(_) => Err("its digits may get lost in a number; write it as a string"),
        Value::Bool(_) => {
            Err("true and false are no property values; write a string, such as \"1\"")
        }
        Value::Array(_) | Value::Object(_) => Err("it is no string"),
    }
}

/// Counts the lines of a text on the way through it.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    /// What is left of it.
    pub(super) rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str, first_line: usize) -> Self {
        Self { rest: text, line: first_line }
    }

    /// Goes so many bytes on, and gives what is passed.
    pub(super) fn pass(&mut self, bytes: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        self.line += passed.matches('\n').count();
        passed
    }

    /// Goes over what stands before the next row, and gives the line of that.
    pub(super) fn next_row(&mut self, between: &[char]) -> usize {
        self.pass(self.rest.len() - self.rest.trim_start_matches(between).len());
        self.line
    }
}
