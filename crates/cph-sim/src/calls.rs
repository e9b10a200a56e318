//! What a test demands of the calls that came in.

use std::fmt::Write as _;

use comfy_table::{Table, presets};

use crate::{JournalEntry, Simulator};

/// How many calls are shown when none of them will do.
const SHOWN: usize = 10;

/// Calls that a test expects to find in the journal.
///
/// ```
/// use cph_sim::Calls;
///
/// let sim = cph_sim::Simulator::builder().build()?;
/// sim.assert_called(&Calls::of("RestartCloudPhone").times(0));
/// # Ok::<(), cph_sim::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Calls {
    operation: String,
    status: Option<u16>,
    error_code: Option<String>,
    target: Option<String>,
    times: Option<usize>,
}

impl Calls {
    /// Calls of this operation, by the vendor's name; at least one unless [`times`](Self::times) says otherwise.
    pub fn of(operation: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            status: None,
            error_code: None,
            target: None,
            times: None,
        }
    }

    /// Only those that were answered with this status.
    pub fn answered(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Only those that were refused as a whole with this error code.
    pub fn refused(self, error_code: impl Into<String>) -> Self {
        Self { error_code: Some(error_code.into()), ..self }
    }

    /// Only those about this phone, server, encoding service or request id, perhaps among others.
    pub fn about(self, id: impl AsRef<str>) -> Self {
        Self { target: Some(id.as_ref().to_owned()), ..self }
    }

    /// Exactly so many.
    pub fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    /// In what a call differs from those that are expected, the gravest first.
    fn differences(&self, entry: &JournalEntry) -> Vec<&'static str> {
        let differs = [
            ("operation", entry.operation.as_ref() != Some(&self.operation)),
            ("targets", self.target.as_ref().is_some_and(|id| !entry.target_ids.contains(id))),
            ("status", self.status.is_some_and(|status| entry.status != Some(status))),
            (
                "error_code",
                self.error_code.is_some() && entry.error_code.as_ref() != self.error_code.as_ref(),
            ),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
    }

    /// What is wrong with a journal, if anything is.
    fn complaint(&self, journal: &[JournalEntry]) -> Option<String> {
        let mut calls: Vec<_> =
            journal.iter().map(|entry| (self.differences(entry), entry)).collect();
        let found = calls.iter().filter(|(differences, _)| differences.is_empty()).count();
        if self.times.map_or(found > 0, |times| found == times) {
            return None;
        }
        // A call of another operation is further off than one of this that differs in all else.
        calls.sort_by_key(|(differences, _)| {
            (differences.first() == Some(&"operation"), differences.len())
        });
        let expected = self.times.map_or("at least one".to_owned(), |times| times.to_string());
        let mut text = format!("expected calls: {expected}, but found: {found}\n  {self:?}\n");
        if calls.is_empty() {
            text.push_str("no call came in at all");
            return Some(text);
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).add_row([
            "index",
            "operation",
            "status",
            "error_code",
            "fault",
            "targets",
            "differs in",
        ]);
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        for (differences, entry) in calls.iter().take(SHOWN) {
            table.add_row([
                entry.index.to_string(),
                or_dash(entry.operation.clone()),
                or_dash(entry.status.map(|status| status.to_string())),
                or_dash(entry.error_code.clone()),
                or_dash(entry.fault.clone()),
                entry.targets.to_string(),
                if differences.is_empty() { "nothing".to_owned() } else { differences.join(", ") },
            ]);
        }
        let _ = write!(text, "nearest of {} calls:\n{}", journal.len(), table.trim_fmt());
        Some(text)
    }
}

impl Simulator {
    /// Holds the journal against what is expected of it.
    ///
    /// # Panics
    ///
    /// If there are not as many such calls; the message shows those that come nearest.
    #[track_caller]
    pub fn assert_called(&self, expected: &Calls) {
        if let Some(complaint) = expected.complaint(&self.journal()) {
            panic!("{complaint}");
        }
    }
}
