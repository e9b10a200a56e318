//! The client on the simulator.

mod delivery;
mod law;
mod readme;
mod runs;
mod scripted;
mod sockets;
