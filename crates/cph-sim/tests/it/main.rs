//! The simulator as a client sees it.

mod assumptions;
mod changes;
mod commands;
mod connect;
mod data;
mod events;
mod fault_rules;
mod faults;
mod gateway;
mod identity;
mod images;
mod jobs;
mod laws;
mod phones;
mod restart;
mod servers;
mod shared;
mod signatures;
mod signer;
mod socket;
mod story;
mod support;
mod switches;
mod tags;
mod throttle;
