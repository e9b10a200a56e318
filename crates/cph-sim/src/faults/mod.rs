//! Faults as rules: which calls, what happens, how often.

mod ask;
mod constructors;
mod effect;
mod error;
mod rule;
mod rules;
mod spoil;
mod written;

pub use effect::Effect;
pub use error::FaultError;
pub use rule::{Count, Fault};
pub use rules::FaultState;
pub(crate) use rules::{Call, Faults, Strike};
pub(crate) use spoil::{spoil, spoil_entries};
