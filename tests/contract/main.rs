//! What the crates hold against each other.

mod bundle;
mod examples;
mod no_secrets;
mod raw;
mod simulator;
mod tables;
mod wire;
