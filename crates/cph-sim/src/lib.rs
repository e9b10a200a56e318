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
//! # Who calls
//!
//! It knows no key but its own: the [permanent one](Simulator::access_key), [temporary ones](Simulator::temporary_keys) and
//! what it hands out at the vendor's paths. IAM gives tokens for the [password](Simulator::password)
//! (`POST /v3/auth/tokens`), lists projects (`GET /v3/projects`) and gives temporary keys
//! (`POST /v3.0/OS-CREDENTIAL/securitytokens`); the metadata service of cloud servers gives temporary keys as well
//! (`PUT /meta-data/latest/api/token`, `GET /openstack/latest/securitykey`). Their calls stand in the journal, and fault
//! rules name them `KeystoneCreateUserTokenByPassword`, `KeystoneListProjects`, `CreateTemporaryAccessKeyByToken`,
//! `CreateMetadataToken` and `ShowSecurityKey`.
//!
//! A signature is checked over whichever headers were signed. Where it does not fit, the refusal shows the canonical
//! request that was computed, as the service does, and says besides which known mistake explains the signature. Six
//! failures in a row lock a key for five minutes. Calls beyond a limit are throttled, see
//! [`Assumptions::calls_per_second`].
//!
//! # Its own paths
//!
//! Over a socket a test in any language drives it by paths that need no signature; `GET /_sim/openapi.json` describes them:
//!
//! - `GET /_sim/ledger` and `/_sim/journal` (only `operation=`, `status=`, `after=` an index), `/_sim/state`;
//! - `GET`, `POST`, `DELETE /_sim/faults` with an array of [fault rules](Fault);
//! - `GET`, `POST /_sim/assumptions` with the switches to turn;
//! - `GET`, `POST /_sim/clock` with `{"stopped": true}`, `{"advance_seconds": 30}` or `{"advance_to": "next"}`: the end of a job,
//!   say. Clients whose clocks go on get in by [what time it would be](SimClock::undisturbed);
//! - `GET /_sim/events`: what happens, as server-sent events. They feed the page at `/`.
//!
//! They are followed only where `Host` is an address or a name that is not public, and `Origin`, if there is one, is the same:
//! no page of somebody else's drives a simulator through a person's browser.
//!
//! # In tests
//!
//! [`Simulator::assert_called`] demands [calls](Calls) of the journal, and shows the nearest ones if they are not there.

mod assumptions;
mod bandwidths;
mod calls;
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
mod identity;
mod images;
mod invariants;
mod jobs;
mod journal;
mod ledger;
mod load;
mod models;
mod operations;
mod paging;
mod pending;
mod phones;
mod properties;
mod refusal;
mod reply;
mod restart;
mod route;
mod schemas;
mod server;
mod server_changes;
mod server_models;
mod server_orders;
mod servers;
mod shared_apps;
mod shared_store;
mod simulator;
mod tags;
mod throttle;
mod timestamp;
mod work;

pub use assumptions::{Assumptions, GatewayPrefix, LastMarker, Order};
pub use calls::Calls;
pub use clock::SimClock;
pub use faults::{Count, Effect, Fault, FaultError, FaultState};
pub use fleet::{Fleet, FleetError};
pub use identity::TemporaryKeys;
pub use journal::JournalEntry;
pub use ledger::{Ledger, LedgerEntry};
pub use server::Serving;
pub use simulator::{BuildError, Simulator, SimulatorBuilder};
