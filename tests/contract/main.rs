//! What the crates hold against each other.

mod assumptions;
mod bundle;
mod calls;
mod configuration;
mod ergonomic;
mod examples;
mod no_secrets;
mod outline;
mod raw;
mod records;
mod requests;
mod simulator;
mod tables;
mod views;
mod wire;
