//! Why a fault rule is refused.

use super::Effect;

/// A rule that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// No operation has this name.
    #[error("no operation is called `{0}`")]
    Operation(String),
    /// No effect has this name.
    #[error("no effect is called `{0}`; there are {known}", known = Effect::NAMES.join(", "))]
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
    /// A duration in seconds is a number that is not negative and not beyond all measure.
    #[error("no call can be late by `{0}` seconds")]
    Seconds(String),
    /// A file of rules that is no TOML, or not of this form.
    #[error("{0}")]
    Unreadable(String),
    /// The effect has no such field.
    #[error("the effect `{effect}` takes no `{field}`")]
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
