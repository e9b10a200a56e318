//! So many targets, or such a part of them.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, text::shown};

/// A number of targets, such as `200`, or a part of them, such as `5%`.
///
/// ```
/// use cph::Share;
///
/// let share: Share = "2.5%".parse()?;
/// assert_eq!(share, Share::Percent(2.5));
/// assert_eq!((share.of(1000), Share::Count(7).of(1000)), (25, 7));
/// # Ok::<(), cph::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
#[expect(clippy::exhaustive_enums, reason = "a number of targets is absolute or relative")]
pub enum Share {
    /// So many.
    Count(usize),
    /// So many of a hundred, from 0 to 100.
    Percent(f64),
}

impl Share {
    /// How many of `targets` these are, rounded up; never more than there are.
    #[must_use]
    pub fn of(self, targets: usize) -> usize {
        self.rounded(targets, f64::ceil)
    }

    /// How many of `targets` stay within it: the same, rounded down.
    pub(crate) fn within(self, targets: usize) -> usize {
        self.rounded(targets, f64::floor)
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no run has 2^52 targets, and a part of them is no more and not negative"
    )]
    fn rounded(self, targets: usize, round: fn(f64) -> f64) -> usize {
        match self {
            Self::Count(count) => count.min(targets),
            Self::Percent(percent) => {
                round(targets as f64 * percent.clamp(0.0, 100.0) / 100.0) as usize
            }
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Reads `200` or `5%`.
impl FromStr for Share {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            let text = shown(text);
            Error::invalid(format!(
                "{text} is neither a number nor a percentage of 0 to 100, such as 20 or 5%"
            ))
        };
        match text.strip_suffix('%') {
            None => text.parse().map(Self::Count).map_err(|_| wrong()),
            Some(percent) => match percent.parse() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Self::Percent(percent)),
                _ => Err(wrong()),
            },
        }
    }
}

impl From<usize> for Share {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

impl From<Share> for String {
    fn from(share: Share) -> Self {
        share.to_string()
    }
}

impl TryFrom<String> for Share {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_is_printed() {
        for text in ["0", "7", "100%", "2.5%", "0%"] {
            assert_eq!(text.parse::<Share>().unwrap().to_string(), text);
        }
        for text in ["", "%", "-1", "-1%", "101%", "NaN%", "1e", "5 %", "inf%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_is_rounded_towards_caution() {
        assert_eq!((Share::Percent(10.0).of(15), Share::Percent(10.0).within(15)), (2, 1));
        assert_eq!((Share::Percent(100.0).of(3), Share::Count(9).of(3)), (3, 3));
        assert_eq!(Share::Percent(5.0).within(1), 0);
    }
}
