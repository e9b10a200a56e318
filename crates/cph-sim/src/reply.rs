//! What comes back over the connection.

use std::{
    io,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response,
    header::{CONTENT_TYPE, DATE},
};
use serde_json::Value;

use crate::{control::Events, timestamp};

/// What comes back over the connection.
pub(crate) enum Reply {
    Whole(Response<Bytes>),
    /// The connection ends in the middle of the body.
    CutOff(Response<Bytes>),
    /// In the middle of the body nothing comes for this time on the simulator's clock.
    Stalled(Response<Bytes>, Duration),
    /// The connection is reset without an answer.
    Nothing(io::ErrorKind),
    /// A body without an end, about what happens in the simulator.
    Events(Box<Response<Events>>),
}

impl Reply {
    /// The same with the time of the gateway's clock.
    pub(crate) fn dated(mut self, now: SystemTime) -> Self {
        if let Self::Whole(response) | Self::CutOff(response) | Self::Stalled(response, _) =
            &mut self
        {
            response.headers_mut().insert(DATE, timestamp::in_header(now));
        }
        self
    }
}

/// What a call has come to.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The error code, if it is one.
    pub(crate) code: Option<String>,
    /// Beside those that every answer has.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, code: None, headers: HeaderMap::new(), body: json_bytes(body) }
    }

    /// An error says no more than its status to a program.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        let plain = HeaderValue::from_static("text/plain");
        Self {
            code: (status >= 400).then(|| status.to_string()),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, plain)]),
            body: Bytes::from(body.to_owned()),
            ..Self::json(status, &Value::Null)
        }
    }
}

pub(crate) fn json_bytes(value: &Value) -> Bytes {
    value.to_string().into()
}
