//! Runs of real processes: killed, cut short, and large.

#![cfg(unix)]

mod kill;
#[cfg(target_os = "linux")]
mod memory;
mod service;
