//! One rule, in code.

use std::time::Duration;

use cph_core::Operation;
use serde::{Deserialize, Serialize};

use super::{Call, Effect, FaultError, written::FlatFault};
use crate::chance;

/// A rule that spoils calls: a condition, an effect, and how often it strikes.
///
/// The conditions that are given must all hold. Written in TOML or JSON a rule is flat:
///
/// ```
/// use cph_sim::Fault;
///
/// let written: Fault = toml::from_str(
///     r#"
///     operation = "RestartCloudPhone"
///     call = 2
///     count = 3
///     effect = "refuse"
///     code = "CPS.0042"
///     "#,
/// )
/// .unwrap();
/// assert_eq!(written, Fault::refuse("CPS.0042").on("RestartCloudPhone").call(2).times(3));
/// ```
///
/// Of the rules that match a call, the first that changes the answer or the connection strikes, together with every
/// delay and, when the work is done, every rule about jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FlatFault", into = "FlatFault")]
#[non_exhaustive]
pub struct Fault {
    /// Only calls of this operation, by the vendor's name.
    pub operation: Option<String>,
    /// Only from the n-th call of that operation on, which with the usual count of one means that call; the first is 1.
    pub call: Option<u64>,
    /// Only calls about this phone; a rule about jobs then spoils this phone's job alone.
    pub phone: Option<String>,
    /// Only calls about more phones, or request ids, than this.
    pub larger_than: Option<usize>,
    /// Only this share of the calls, between 0 and 1, by chance from the seed.
    pub probability: Option<f64>,
    /// How often the rule strikes.
    pub count: Count,
    /// What happens.
    pub effect: Effect,
}

/// How often a rule strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a count is a number or \"always\"")]
pub enum Count {
    /// So many times.
    Times(u64),
    /// Every time.
    #[serde(with = "always")]
    Always,
}

/// Constructors: each makes a rule for every call of any operation that strikes once.
impl Fault {
    /// Refuses the call with `code`, HTTP status 400 and the text of the code table; nothing is done.
    pub fn refuse(code: impl Into<String>) -> Self {
        Effect::Refuse { code: code.into(), status: 400, message: None }.into()
    }

    /// Answers 429 as the gateway does; nothing is done.
    pub fn throttle() -> Self {
        Effect::Throttle.into()
    }

    /// Refuses the connection; nothing is done.
    pub fn refuse_connection() -> Self {
        Effect::RefuseConnection.into()
    }

    /// Cuts the connection before anything is done.
    pub fn drop_before() -> Self {
        Effect::DropBefore.into()
    }

    /// Does the work, then cuts the connection.
    pub fn drop_after() -> Self {
        Effect::DropAfter.into()
    }

    /// Answers an HTML page with this status; nothing is done.
    pub fn html(status: u16) -> Self {
        Effect::Html { status }.into()
    }

    /// Does the work, then answers an HTML page with status 502.
    pub fn html_after() -> Self {
        Effect::HtmlAfter.into()
    }

    /// Does the work, then answers half of the JSON.
    pub fn broken_json() -> Self {
        Effect::BrokenJson.into()
    }

    /// Does the work, then ends the connection in the middle of the body.
    pub fn truncate() -> Self {
        Effect::Truncate.into()
    }

    /// Does the work, then answers without a body.
    pub fn empty_body() -> Self {
        Effect::EmptyBody.into()
    }

    /// Does the work, then leaves the last `entries` out of the answer.
    pub fn missing(entries: usize) -> Self {
        Effect::Missing { entries }.into()
    }

    /// Does the work, then answers the first entry twice.
    pub fn doubled() -> Self {
        Effect::Doubled.into()
    }

    /// Does the work, then answers an entry that was not asked for as well.
    pub fn foreign() -> Self {
        Effect::Foreign.into()
    }

    /// Works on the call only after this time on the simulator's clock.
    pub fn delay(by: Duration) -> Self {
        Effect::Delay { by }.into()
    }

    /// Lets the jobs of the call fail with `code`.
    pub fn fail_job(code: impl Into<String>) -> Self {
        Effect::FailJob { code: code.into() }.into()
    }

    /// Lets the jobs of the call run for ever.
    pub fn hang_job() -> Self {
        Effect::HangJob.into()
    }

    /// Hides the jobs of the call from all queries.
    pub fn hide_job() -> Self {
        Effect::HideJob.into()
    }

    /// Hides the jobs of the call from queries for this time on the simulator's clock.
    pub fn late_job(by: Duration) -> Self {
        Effect::LateJob { by }.into()
    }

    /// Only calls of this operation, by the vendor's name.
    #[must_use]
    pub fn on(self, operation: impl Into<String>) -> Self {
        Self { operation: Some(operation.into()), ..self }
    }

    /// Only from the n-th call of the operation on; the first is 1.
    #[must_use]
    pub fn call(self, ordinal: u64) -> Self {
        Self { call: Some(ordinal), ..self }
    }

    /// Only calls about this phone.
    #[must_use]
    pub fn phone(self, phone_id: impl AsRef<str>) -> Self {
        Self { phone: Some(phone_id.as_ref().to_owned()), ..self }
    }

    /// Only calls about more than this many phones or request ids.
    #[must_use]
    pub fn larger_than(self, targets: usize) -> Self {
        Self { larger_than: Some(targets), ..self }
    }

    /// Only this share of the calls, between 0 and 1, by chance from the seed.
    #[must_use]
    pub fn probability(self, share: f64) -> Self {
        Self { probability: Some(share), ..self }
    }

    /// Strikes so many times instead of once.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { count: Count::Times(count), ..self }
    }

    /// Strikes every time instead of once.
    #[must_use]
    pub fn always(self) -> Self {
        Self { count: Count::Always, ..self }
    }

    /// Reads a file of rules, each a table `[[fault]]`.
    ///
    /// ```
    /// use cph_sim::Fault;
    ///
    /// let faults = Fault::from_toml("[[fault]]\neffect = \"drop_after\"\ncount = \"always\"").unwrap();
    /// assert_eq!(faults, [Fault::drop_after().always()]);
    ///
    /// let error = Fault::from_toml("[[fault]]\neffect = \"explode\"").unwrap_err();
    /// assert!(error.to_string().contains("no effect is called `explode`"));
    /// ```
    pub fn from_toml(text: &str) -> Result<Vec<Self>, FaultError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            fault: Vec<Fault>,
        }
        let file: File =
            toml::from_str(text).map_err(|error| FaultError::Unreadable(error.to_string()))?;
        Ok(file.fault)
    }

    pub(super) fn check(&self) -> Result<(), FaultError> {
        if let Some(operation) = &self.operation
            && Operation::find(operation).is_none()
        {
            return Err(FaultError::Operation(operation.clone()));
        }
        if self.call == Some(0) {
            return Err(FaultError::Call);
        }
        if self.probability.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err(FaultError::Probability);
        }
        self.effect.check()
    }

    pub(super) fn matches(&self, call: &Call<'_>, seed: u64, rule: usize) -> bool {
        self.effect.concerns(call)
            && self.operation.as_deref().is_none_or(|operation| operation == call.operation)
            && self.call.is_none_or(|ordinal| call.ordinal >= ordinal)
            && self.phone.as_deref().is_none_or(|phone| call.targets.contains(&phone))
            && self.larger_than.is_none_or(|targets| call.targets.len() > targets)
            && self.probability.is_none_or(|share| {
                let numbers = [call.ordinal, rule as u64];
                chance::rng(seed, call.operation, &numbers).f64() < share
            })
    }
}

impl From<Effect> for Fault {
    /// A rule for every call of any operation that strikes once.
    fn from(effect: Effect) -> Self {
        Self {
            operation: None,
            call: None,
            phone: None,
            larger_than: None,
            probability: None,
            count: Count::Times(1),
            effect,
        }
    }
}

mod always {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("always")
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "always" => Ok(()),
            _ => Err(D::Error::custom("a count is a number or \"always\"")),
        }
    }
}
