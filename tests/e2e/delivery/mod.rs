//! The delivery table over real sockets: what a call's end says about its effect, and whether the call is sent again.

mod measure;
mod recovery;
mod rows;
mod simulated;
mod table;
mod trouble;

pub(crate) use self::{measure::JumpingClock, rows::sections, trouble::Trouble};
