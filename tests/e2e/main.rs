//! The client on the simulator.

mod delivery;
mod kinds;
mod law;
mod readme;
mod runs;
mod simulated;
mod simulated_phones;
mod simulated_servers;
mod sockets;
