//! The metadata service of a cloud server, as far as it hands out keys.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use http::HeaderMap;

use super::Request;
use crate::{chance, reply::Answer};

/// How long its tokens may last, and last where nobody says how long.
const MAX_LASTING: Duration = Duration::from_hours(6);

/// The tokens that were handed out, and until when they are good.
pub(super) struct MetadataTokens {
    seed: u64,
    issued: HashMap<String, SystemTime>,
}

impl MetadataTokens {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, issued: HashMap::new() }
    }

    fn issue(&mut self, until: SystemTime) -> String {
        let number = self.issued.len();
        let token = chance::key(self.seed, &format!("metadata token {number}"), 56);
        self.issued.insert(token.clone(), until);
        token
    }
}

/// Answers a token as text. Assumed: metadata-keys.
pub(super) fn create_token(request: Request<'_>) -> Answer {
    if request.headers.contains_key("x-forwarded-for") {
        return Answer::text(403, "Requests that were forwarded get no token.");
    }
    let lasting = match text(request.headers, "x-metadata-token-ttl-seconds") {
        None => Some(MAX_LASTING),
        Some(seconds) => seconds.parse().ok().map(Duration::from_secs),
    };
    match lasting.filter(|lasting| (Duration::from_mins(1)..=MAX_LASTING).contains(lasting)) {
        Some(lasting) => {
            let gate = request.gate;
            Answer::text(200, &gate.sessions.metadata_tokens.issue(gate.now + lasting))
        }
        None => Answer::text(400, "X-Metadata-Token-Ttl-Seconds is from 60 to 21600."),
    }
}

pub(super) fn show_security_key(request: Request<'_>) -> Answer {
    let gate = request.gate;
    let known = text(request.headers, "x-metadata-token")
        .and_then(|token| gate.sessions.metadata_tokens.issued.get(token));
    if known.is_none_or(|until| *until <= gate.now) {
        return Answer::text(401, "Unauthorized: X-Metadata-Token is missing, unknown or expired.");
    }
    Answer::json(200, &gate.sessions.keys.of_metadata(gate.now).credential())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
