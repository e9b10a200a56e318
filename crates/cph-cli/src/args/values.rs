//! Values that are typed in a form of their own.

use std::{
    fmt,
    ops::RangeInclusive,
    str::FromStr,
    time::{Duration, SystemTime},
};

use cph::{ErrorCode, Ready};

/// How many phones there must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expect(pub(crate) RangeInclusive<usize>);

impl FromStr for Expect {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, to) = match text.split_once("..") {
            Some((from, "")) => (from.parse(), Ok(usize::MAX)),
            Some((from, to)) => (from.parse(), to.parse()),
            None => (text.parse(), text.parse()),
        };
        match (from, to) {
            (Ok(from), Ok(to)) if from <= to => Ok(Self(from..=to)),
            (Ok(_), Ok(_)) => Err("the smaller number comes first"),
            _ => Err("write it as 250, 200..300 or 200.."),
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.start(), self.0.end()) {
            (from, to) if from == to => write!(f, "{from}"),
            (from, &usize::MAX) => write!(f, "{from} or more"),
            (from, to) => write!(f, "{from} to {to}"),
        }
    }
}

/// Which targets of a run file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Only {
    /// Those of which this is known.
    Word(&'static str),
    /// Those with this error code.
    Code(ErrorCode),
}

impl Only {
    const WORDS: [&str; 9] = [
        "done",
        "refused",
        "failed",
        "not_sent",
        "unconfirmed",
        "still_running",
        "unsent",
        "sent",
        "waiting",
    ];

    /// Whether a target is one of these.
    pub(crate) fn takes(&self, word: &str, code: Option<&str>) -> bool {
        match self {
            Self::Word(wanted) => *wanted == word,
            Self::Code(wanted) => code.is_some_and(|code| ErrorCode::parse(code) == *wanted),
        }
    }
}

impl FromStr for Only {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.replace('-', "_");
        match Self::WORDS.into_iter().find(|known| *known == word) {
            Some(word) => Ok(Self::Word(word)),
            None if text.contains('.') => {
                Ok(Self::Code(ErrorCode::parse(&text.to_ascii_uppercase())))
            }
            None => Err(
                "it is neither an outcome, such as failed or not_sent, nor a code, such as CPS.0042",
            ),
        }
    }
}

pub(super) fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "write it as a whole number")
}

/// An empty one would hold for every phone.
pub(super) fn pattern(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("it is empty") } else { Ok(text.to_owned()) }
}

pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| duration.try_into().ok())
        .ok_or("write it as 90s, 30m or 1h30m")
}

pub(super) fn instant(text: &str) -> Result<SystemTime, &'static str> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .and_then(|instant| instant.try_into().ok())
        .ok_or("write it with its offset, as 2027-03-01T06:00:00+08:00 or 2027-02-28T22:00:00Z")
}

pub(super) fn key_and_value(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE"),
    }
}

pub(super) fn ready(text: &str) -> Result<Ready, &'static str> {
    match text.rsplit_once('=') {
        _ if text == "running" => Ok(Ready::Running),
        Some((command, output)) if !command.is_empty() => Ok(Ready::prints(command, output)),
        _ => Err("write it as running, or as COMMAND=OUTPUT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_phones_and_durations_are_read_in_their_written_forms() {
        assert_eq!("250".parse(), Ok(Expect(250..=250)));
        assert_eq!("0..3".parse(), Ok(Expect(0..=3)));
        assert_eq!("30..".parse(), Ok(Expect(30..=usize::MAX)));
        for bad in ["", "3..2", "..", "..1", "-1", "1...2"] {
            assert!(bad.parse::<Expect>().is_err(), "{bad}");
        }
        assert_eq!(duration("1h30m"), Ok(Duration::from_mins(90)));
        for bad in ["", "30", "-5m", "soon"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
