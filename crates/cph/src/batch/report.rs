//! All outcomes of a run together.

use std::fmt;

use super::{
    outcome::{Fate, Outcome, TargetOutcome},
    ticket::Ticket,
};

/// What became of every target of a run: as many outcomes as there were targets, in settling order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report<O = Outcome> {
    outcomes: Vec<O>,
    open: Option<Ticket>,
}

impl<O: TargetOutcome> Report<O> {
    pub(crate) fn new(outcomes: Vec<O>, open: Option<Ticket>) -> Self {
        Self { outcomes, open }
    }

    /// Every outcome, in settling order.
    pub fn outcomes(&self) -> &[O] {
        &self.outcomes
    }

    /// Whether every target is done.
    pub fn all_done(&self) -> bool {
        self.outcomes.iter().all(|outcome| *outcome.fate() == Fate::Done)
    }

    /// How many outcomes have this word; see [`Fate::word`].
    pub fn count(&self, word: &str) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.fate().word() == word).count()
    }

    /// A ticket for whatever asking again later may tell more about: what still ran when patience was over, and what is
    /// unconfirmed under a known request id.
    pub fn open(&self) -> Option<&Ticket> {
        self.open.as_ref()
    }
}

/// One line, such as `248 done, 2 refused`.
impl<O: TargetOutcome> fmt::Display for Report<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.outcomes.is_empty() {
            return f.write_str("no targets");
        }
        let counts = ["done", "refused", "failed", "not_sent", "unconfirmed", "still_running"]
            .into_iter()
            .map(|word| (self.count(word), word.replace('_', " ")))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"));
        f.write_str(&counts.collect::<Vec<_>>().join(", "))
    }
}
