//! One rule, in code.

use std::{borrow::Cow, time::Duration};

use cph_core::Operation;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Call, Effect, FaultError, effect::check_duration, written::FlatFault};
use crate::{fleet::is_id, identity};

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
#[doc = include_str!("../../docs/faults.md")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "FlatFault", into = "FlatFault")]
#[non_exhaustive]
pub struct Fault {
    /// Only calls of this operation, by the vendor's name.
    pub operation: Option<String>,
    /// Only from the n-th call of that operation on, which with the usual count of one means that call; the first is 1.
    pub call: Option<u64>,
    /// Only calls about this phone; a rule about jobs then spoils this phone's job alone.
    pub phone: Option<String>,
    /// Only calls about this server or about phones or encoding services on it; a rule about jobs then spoils their jobs
    /// alone.
    pub server: Option<String>,
    /// Only calls about more phones, servers or request ids than this.
    pub larger_than: Option<usize>,
    /// Only calls about fewer phones, servers or request ids than this.
    pub smaller_than: Option<usize>,
    /// Only once this time has passed on the simulator's clock since the rule was added.
    pub after: Duration,
    /// From then on only for this time on the simulator's clock; `None`: for ever.
    pub lasting: Option<Duration>,
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

/// Conditions and count.
impl Fault {
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

    /// Only calls about this server or about phones or encoding services on it.
    #[must_use]
    pub fn server(self, server_id: impl AsRef<str>) -> Self {
        Self { server: Some(server_id.as_ref().to_owned()), ..self }
    }

    /// Only calls about more than this many phones, servers or request ids.
    #[must_use]
    pub fn larger_than(self, targets: usize) -> Self {
        Self { larger_than: Some(targets), ..self }
    }

    /// Only calls about fewer than this many phones, servers or request ids.
    #[must_use]
    pub fn smaller_than(self, targets: usize) -> Self {
        Self { smaller_than: Some(targets), ..self }
    }

    /// Only once this time has passed on the simulator's clock since the rule was added.
    #[must_use]
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// Only for this time on the simulator's clock since the rule was added, or since [`after`](Self::after).
    #[must_use]
    pub fn lasting(self, lasting: Duration) -> Self {
        Self { lasting: Some(lasting), ..self }
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
            #[serde(default)]
            fault: Vec<Fault>,
        }
        let file: File = toml::from_str(text).map_err(|error| {
            let alone = text.lines().any(|line| line.trim() == "[fault]");
            let hint = if alone { "write [[fault]], since there may be several\n" } else { "" };
            FaultError::Unreadable(format!("{hint}{error}"))
        })?;
        Ok(file.fault)
    }

    pub(super) fn check(&self) -> Result<(), FaultError> {
        if let Some(operation) = &self.operation
            && Operation::find(operation).is_none()
            && identity::Operation::find(operation).is_none()
        {
            return Err(FaultError::Operation(operation.clone()));
        }
        for (field, id) in [("phone", &self.phone), ("server", &self.server)] {
            if let Some(id) = id.as_ref().filter(|id| !is_id(id)) {
                return Err(FaultError::Id { field, id: id.clone() });
            }
        }
        if self.count == Count::Times(0) {
            return Err(FaultError::Nothing("count"));
        }
        if self.effect == (Effect::Missing { entries: 0 }) {
            return Err(FaultError::Nothing("number of entries"));
        }
        if self.call == Some(0) {
            return Err(FaultError::Call);
        }
        if let (Some(more), Some(fewer)) = (self.larger_than, self.smaller_than)
            && fewer.saturating_sub(more) < 2
        {
            return Err(FaultError::PartSize { more, fewer });
        }
        for time in [Some(self.after), self.lasting].into_iter().flatten() {
            check_duration(time)?;
        }
        if self.probability.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err(FaultError::Probability);
        }
        self.effect.check()
    }

    /// The first condition that does not hold for a call; `None` where all do.
    pub(super) fn misses(&self, call: &Call<'_>, age: Duration, draw: f64) -> Option<&'static str> {
        let count = call.targets.len();
        let holds = [
            (
                "operation",
                self.operation.as_deref().is_none_or(|operation| operation == call.operation),
            ),
            ("call", self.call.is_none_or(|ordinal| call.ordinal >= ordinal)),
            ("phone", self.phone.as_deref().is_none_or(|phone| call.targets.contains(&phone))),
            ("server", self.server.as_deref().is_none_or(|server| call.servers.contains(&server))),
            ("larger_than", self.larger_than.is_none_or(|targets| count > targets)),
            ("smaller_than", self.smaller_than.is_none_or(|targets| count < targets)),
            ("after_seconds", age >= self.after),
            ("for_seconds", self.lasting.is_none_or(|lasting| age < self.after + lasting)),
            ("effect", self.effect.concerns(call)),
            ("probability", self.probability.is_none_or(|share| draw < share)),
        ];
        holds.into_iter().find_map(|(condition, holds)| (!holds).then_some(condition))
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How often a rule strikes.",
            "oneOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "enum": ["always"] }],
        })
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
