//! What the crates hold against each other.

mod assumptions;
mod bundle;
mod examples;
mod no_secrets;
mod outline;
mod raw;
mod requests;
mod simulator;
mod tables;
mod wire;
