//! Values that point at a person or a SIM.

use std::fmt;

/// A value that no output, log or error may show by accident. Debug and Display print `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal(String);

impl Personal {
    pub(crate) fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
