//! Faults as rules: which calls, what happens, how often.

mod effect;
mod error;
mod rule;
mod rules;
mod written;

pub use effect::Effect;
pub use error::FaultError;
pub use rule::{Count, Fault};
pub use rules::FaultState;
pub(crate) use rules::{Call, Faults, Strike};
