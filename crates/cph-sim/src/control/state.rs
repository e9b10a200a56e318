//! Everything that there is, at one moment.

use std::time::SystemTime;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::clock::ClockState;
use crate::{
    Assumptions, FaultState, Simulator, bandwidths::Bandwidth, encode_servers::EncodeServer,
    events::Event, images::Image, jobs::JobState, phones::Phone, servers::Server, tags::Tags,
};

/// The state of a simulation, with the vendor's names and numbers. It shows no key, and no property of a phone.
#[derive(Serialize, JsonSchema)]
pub(super) struct SimulatorState<'a> {
    /// What all chance follows from.
    seed: u64,
    clock: ClockState,
    /// The switches in force.
    assumptions: &'a Assumptions,
    phones: Vec<PhoneState<'a>>,
    servers: Vec<ServerState<'a>>,
    encode_servers: Vec<EncodeServerState<'a>>,
    bandwidths: Vec<BandwidthState<'a>>,
    images: Vec<ImageState<'a>>,
    /// Values by server and key.
    tags: &'a Tags,
    events: Vec<EventState<'a>>,
    jobs: Vec<JobState<'a>>,
    faults: Vec<FaultState>,
}

#[derive(Serialize, JsonSchema)]
struct PhoneState<'a> {
    phone_id: &'a str,
    server_id: &'a str,
    status: i64,
    image_id: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct ServerState<'a> {
    server_id: &'a str,
    status: i64,
}

#[derive(Serialize, JsonSchema)]
struct EncodeServerState<'a> {
    encode_server_id: &'a str,
    server_id: &'a str,
    status: i64,
}

#[derive(Serialize, JsonSchema)]
struct BandwidthState<'a> {
    band_width_id: &'a str,
    /// In Mbit/s.
    band_width_size: i64,
    /// `null`: all servers on the system network share it.
    server_id: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the vendor's names")]
struct ImageState<'a> {
    image_id: &'a str,
    image_name: &'a str,
    image_type: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct EventState<'a> {
    event_id: &'a str,
    server_id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    state: String,
}

pub(super) fn state(sim: &Simulator) -> Value {
    let now = sim.clock().now();
    sim.with_state(|state| {
        json!(SimulatorState {
            seed: sim.seed(),
            clock: ClockState::of(sim, state, now),
            assumptions: &state.assumptions,
            phones: state.phones.iter().map(|phone| PhoneState::of(phone, now)).collect(),
            servers: state.servers.iter().map(ServerState::of).collect(),
            encode_servers: state.encode_servers.iter().map(EncodeServerState::of).collect(),
            bandwidths: state.bandwidths.iter().map(BandwidthState::of).collect(),
            images: state.images.iter().map(ImageState::of).collect(),
            tags: &state.tags,
            events: state.events.iter().map(|event| EventState::of(event, now)).collect(),
            jobs: state.jobs.iter().map(|job| job.state(now)).collect(),
            faults: state.faults.states(),
        })
    })
}

impl<'a> PhoneState<'a> {
    fn of(phone: &'a Phone, now: SystemTime) -> Self {
        Self {
            phone_id: &phone.id,
            server_id: &phone.server_id,
            status: phone.status(now).code(),
            image_id: &phone.image_id,
        }
    }
}

impl<'a> ServerState<'a> {
    fn of(server: &'a Server) -> Self {
        Self { server_id: &server.id, status: server.status().code() }
    }
}

impl<'a> EncodeServerState<'a> {
    fn of(found: &'a EncodeServer) -> Self {
        Self {
            encode_server_id: &found.id,
            server_id: &found.server_id,
            status: found.answered_status(),
        }
    }
}

impl<'a> BandwidthState<'a> {
    fn of(bandwidth: &'a Bandwidth) -> Self {
        Self {
            band_width_id: &bandwidth.id,
            band_width_size: bandwidth.size,
            server_id: bandwidth.server_id.as_deref(),
        }
    }
}

impl<'a> ImageState<'a> {
    fn of(image: &'a Image) -> Self {
        Self { image_id: &image.id, image_name: &image.name, image_type: image.image_type() }
    }
}

impl<'a> EventState<'a> {
    fn of(event: &'a Event, now: SystemTime) -> Self {
        Self {
            event_id: &event.id,
            server_id: &event.server_id,
            kind: event.kind,
            state: event.state(now).as_str().to_owned(),
        }
    }
}
