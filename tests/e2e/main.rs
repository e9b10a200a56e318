//! The client on the simulator.

mod delivery;
mod fleet;
mod identity;
mod kinds;
mod law;
mod limits;
mod readme;
mod runs;
mod secrets;
mod settings;
mod simulated;
mod simulated_phones;
mod simulated_servers;
mod skew;
mod sockets;
mod taking_over;
mod wire_log;
