//! Why a fault rule is refused.

use super::Effect;

/// A rule that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// No operation has this name.
    #[error("no operation is called `{0}`; names are the vendor's, such as RestartCloudPhone")]
    Operation(String),
    /// No effect has this name.
    #[error("no effect is called `{0}`; there are {known}", known = names())]
    Effect(String),
    /// An error code has the form `CPS.0004`.
    #[error("`{0}` is no error code; one looks like CPS.0004")]
    Code(String),
    /// No HTTP status of an error.
    #[error("{0} is no HTTP status of an error; give one from 400 to 599")]
    Status(u16),
    /// A share lies between 0 and 1.
    #[error("a probability lies between 0 and 1")]
    Probability,
    /// Calls are counted from one.
    #[error("the first call is call 1, there is no call 0")]
    Call,
    /// A duration in seconds is not beyond all measure, and negative for no effect but `clock_skew`.
    #[error("no rule reckons with `{0}` seconds; give a number from 0 to 1000000000")]
    Seconds(String),
    /// A clock is off by whole seconds.
    #[error("no clock is off by `{0}` seconds; give a whole number from -1000000000 to 1000000000")]
    Skew(String),
    /// The gateway counts calls by the second or by the minute.
    #[error("the gateway counts the calls of 1 or 60 seconds, not of `{0}`")]
    Window(String),
    /// No phone or server has such an id.
    #[error("`{field}` is `{id}`, which is no id: one has 32 hexadecimal digits")]
    Id {
        /// The condition.
        field: &'static str,
        /// What stands there.
        id: String,
    },
    /// A rule that strikes no time.
    #[error("the {0} is 0: such a rule would do nothing; leave it out")]
    Nothing(&'static str),
    /// No value of a header.
    #[error("`{0}` is no content type; one looks like text/html")]
    ContentType(String),
    /// No call has more targets than the one and fewer than the other.
    #[error(
        "no call is about more than {more} and fewer than {fewer} targets; for exactly {more} give larger_than = {below} and smaller_than = {above}",
        below = more.saturating_sub(1), above = more.saturating_add(1)
    )]
    PartSize {
        /// `larger_than` of the rule.
        more: usize,
        /// Its `smaller_than`.
        fewer: usize,
    },
    /// A file of rules that is no TOML, or not of this form.
    #[error("{0}")]
    Unreadable(String),
    /// The effect has no such field.
    #[error("the effect `{effect}` takes no `{field}`; its fields: {known}", known = fields(effect))]
    Field {
        /// The effect of the rule.
        effect: &'static str,
        /// The field that does not belong to it.
        field: &'static str,
    },
    /// The effect cannot do without this field.
    #[error("the effect `{effect}` needs `{field}`")]
    Missing {
        /// The effect of the rule.
        effect: &'static str,
        /// The field that it needs.
        field: &'static str,
    },
}

fn names() -> String {
    Effect::FIELDS.map(|(name, _)| name).join(", ")
}

fn fields(effect: &str) -> String {
    let known =
        Effect::FIELDS.into_iter().find(|(name, fields)| *name == effect && !fields.is_empty());
    known.map_or_else(|| "none".to_owned(), |(_, fields)| fields.join(", "))
}
