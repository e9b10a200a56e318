//! A simulator of Huawei Cloud's Cloud Phone Host: phones, jobs, and the documented API in front of them.
//!
//! It checks signatures, validates requests against the documented schemas, restarts phones as slowly or as quickly as
//! its clock runs, breaks calls where [fault rules](Fault) say so, and keeps a [ledger](Ledger) of what each phone was
//! really made to do. A client reaches it in process through [`Simulator::call`] or over a socket through
//! [`Simulator::start`].
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use bytes::Bytes;
//! use cph_core::PhoneStatus;
//! use cph_sim::{Fault, SimClock, Simulator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = Simulator::builder()
//!     .phones(250)
//!     .clock(SimClock::stepped(SystemTime::UNIX_EPOCH))
//!     .fault(Fault::refuse("CPS.0042").on("RestartCloudPhone").call(2))
//!     .build()?;
//! let phone = &sim.phones()[0];
//!
//! let request = http::Request::post(format!("/v1/{}/cloud-phone/phones/batch-restart", sim.project()))
//!     .header("X-Auth-Token", sim.token())
//!     .body(Bytes::from(format!(r#"{{"phones":[{{"phone_id":"{phone}"}}]}}"#)))?;
//! let answer = sim.call(request.clone()).await?;
//! assert_eq!(answer.status(), 200);
//! assert_eq!(sim.phone_status(phone), Some(PhoneStatus::Restarting));
//!
//! sim.clock().advance(Duration::from_secs(40));
//! assert_eq!(sim.phone_status(phone), Some(PhoneStatus::Running));
//!
//! let refused = sim.call(request).await?;
//! assert_eq!(refused.status(), 400);
//! assert_eq!(sim.ledger().of(phone).len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What it performs
//!
//! Every documented operation: phones, servers, images, jobs, tags, events, bandwidths, encoding services, shared files and
//! apps. Commands run on a tiny shell that knows `echo`, `getprop KEY` and `pm list packages`. Where the documentation leaves
//! open what the service does, [`Assumptions`] has a switch, or `openapi/assumptions.toml` a row.
//!
//! The same seed, clock and calls give the same bytes. Phone numbers and the like stand in its answers, as they do in
//! those of the service, but never in its journal, its errors or its `Debug`.
//!
//! # Its own paths
//!
//! Over a socket a test in any language drives it by paths that need no signature: `GET /_sim/ledger`,
//! `/_sim/journal` and `/_sim/state`; `POST /_sim/faults` with an array of [fault rules](Fault); `POST /_sim/clock`
//! with `{"advance_seconds": 30}`, where the clock is a stepped one.

mod assumptions;
mod bandwidths;
mod chance;
mod changes;
mod clock;
mod commands;
mod connect;
mod control;
mod data;
mod encode_servers;
mod events;
mod faults;
mod fleet;
mod gateway;
mod images;
mod jobs;
mod journal;
mod ledger;
mod models;
mod operations;
mod paging;
mod pending;
mod phones;
mod properties;
mod refusal;
mod restart;
mod schemas;
mod server;
mod server_changes;
mod server_models;
mod server_orders;
mod servers;
mod shared_apps;
mod shared_store;
mod signature;
mod simulator;
mod tags;
mod timestamp;
mod work;

pub use assumptions::{Assumptions, Order};
pub use clock::SimClock;
pub use faults::{Count, Effect, Fault, FaultError, FaultState};
pub use fleet::{Fleet, FleetError};
pub use journal::JournalEntry;
pub use ledger::{Ledger, LedgerEntry};
pub use server::Serving;
pub use simulator::{BuildError, Simulator, SimulatorBuilder};
