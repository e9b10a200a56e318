//! What is wrong, where, and how to mend it.

use std::fmt;

/// One thing that keeps the outputs from being made.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    file: String,
    place: String,
    text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place, text } = self;
        if place.is_empty() {
            write!(f, "{file}: {text}")
        } else {
            write!(f, "{file}: {place}: {text}")
        }
    }
}

/// All problems of a run: a maintainer mends them in one go.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn report(&mut self, file: &str, place: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem { file: file.into(), place: place.into(), text: text.into() });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By file and place, each once.
    pub(crate) fn sorted(mut self) -> Vec<Problem> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}
