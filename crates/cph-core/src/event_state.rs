//! How far a scheduled event is: a word on the wire and here.

use std::{convert::Infallible, fmt, str::FromStr};

/// How far a scheduled event is.
///
/// ```
/// use cph_core::EventState;
///
/// assert_eq!(EventState::from("inquiring"), EventState::Inquiring);
/// assert_eq!(EventState::from("postponed").as_str(), "postponed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventState {
    /// The vendor asks for leave to do the work.
    Inquiring,
    /// The work waits for its time.
    Scheduled,
    /// The work goes on.
    Executing,
    /// The work is done.
    Completed,
    /// The work went wrong.
    Failed,
    /// The work will not be done.
    Canceled,
    /// A word that no page lists, as it came.
    Other(String),
}

impl EventState {
    /// Every listed state, in the vendor's order.
    pub const ALL: &[Self] = &[
        Self::Inquiring,
        Self::Scheduled,
        Self::Executing,
        Self::Completed,
        Self::Failed,
        Self::Canceled,
    ];

    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Inquiring => "inquiring",
            Self::Scheduled => "scheduled",
            Self::Executing => "executing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for EventState {
    fn from(word: &str) -> Self {
        let listed = Self::ALL.iter().find(|state| state.as_str() == word);
        listed.cloned().unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

impl From<String> for EventState {
    fn from(word: String) -> Self {
        word.as_str().into()
    }
}

/// Every word is a state.
impl FromStr for EventState {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        Ok(word.into())
    }
}

/// The word on the wire.
impl fmt::Display for EventState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

text_form!(EventState, {
    "type": "string",
    "description": "How far a scheduled event is: inquiring, scheduled, executing, completed, failed, canceled, or a word that no page lists.",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_listed_or_not() {
        let words = ["inquiring", "scheduled", "executing", "completed", "failed", "canceled"];
        assert_eq!(EventState::ALL.iter().map(EventState::as_str).collect::<Vec<_>>(), words);
        for word in words.into_iter().chain(["postponed", "Failed", ""]) {
            let state = EventState::from(word);
            assert_eq!(matches!(state, EventState::Other(_)), !words.contains(&word), "{word:?}");
            let json = serde_json::to_value(&state).unwrap();
            assert_eq!(json, word);
            assert_eq!(serde_json::from_value::<EventState>(json).unwrap(), state);
        }
    }
}
