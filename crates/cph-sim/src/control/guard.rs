//! Keeps other web pages in a person's browser away from the simulator.

use std::net::IpAddr;

use http::{
    HeaderMap,
    header::{HOST, ORIGIN},
    uri::Authority,
};

/// Refuses what a browser sends on behalf of another page.
///
/// A page of somebody else's reaches this machine in two ways: under a name of its own that suddenly means this machine
/// (DNS rebinding), which `Host` gives away, or openly, which `Origin` gives away. Programs send no `Origin`.
pub(super) fn check(headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(HOST);
    if host.is_some_and(|host| !is_private(host)) {
        return Err(
            "the simulator is driven by an address, localhost, or a name that no stranger can own: one without a dot, or below .localhost, .local, .lan or .internal",
        );
    }
    match text(ORIGIN) {
        Some(origin) if origin.strip_prefix("http://") != host => {
            Err("the simulator is not driven by pages of others")
        }
        _ => Ok(()),
    }
}

/// Whether nobody on the internet can make this name mean another machine: an address, or a name that is not public.
fn is_private(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_end_matches('.');
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_reserved =
        [".localhost", ".local", ".lan", ".internal"].iter().any(|end| name.ends_with(end));
    is_address || is_reserved || !name.contains('.')
}
