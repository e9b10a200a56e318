//! How sources of credentials reach the services that issue them.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cph_core::ProjectId;
use serde::{
    Deserialize as _, Deserializer,
    de::{DeserializeOwned, Error as _},
};

use crate::{
    Error, Result,
    transport::{Caller, Subject, Transport},
};

/// Where the client that asks works.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Base URL of the identity service.
    pub(crate) iam: String,
    pub(crate) region: Option<String>,
    pub(crate) project: Option<ProjectId>,
}

/// Calls of a credential source over the client's own connections, time-outs and clock. They carry no credentials but what
/// the request itself holds, and are sent again after failures: make only such as may be made twice.
#[derive(Debug)]
pub struct Http<'a> {
    transport: &'a Transport,
}

impl<'a> Http<'a> {
    pub(crate) fn new(transport: &'a Transport) -> Self {
        Self { transport }
    }

    /// The present time of the client's clock.
    pub fn now(&self) -> SystemTime {
        self.transport.clock.now()
    }

    /// The base URL of the identity service, without a trailing slash.
    pub fn iam_endpoint(&self) -> &str {
        &self.transport.place.iam
    }

    /// The region that the client works in, if it knows.
    pub fn region(&self) -> Option<&str> {
        self.transport.place.region.as_deref()
    }

    /// The project that the client works in, if it knows already.
    pub fn project(&self) -> Option<&ProjectId> {
        self.transport.place.project.as_ref()
    }

    /// Makes one call, named `what` in logs and errors, and returns its success.
    ///
    /// # Errors
    ///
    /// As any call of the client.
    pub async fn send(
        &self,
        what: &'static str,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>> {
        self.transport.call(subject(what), Caller::Nobody, request).await
    }

    /// One attempt that is cut off after `patience`. Any answer is a result; `None`: there is nobody.
    pub(super) async fn probe(
        &self,
        what: &'static str,
        request: http::Request<Bytes>,
        patience: Duration,
    ) -> Result<Option<http::Response<Bytes>>> {
        match self.transport.probe(subject(what), request, patience).await {
            None => Ok(None),
            Some(Err(error)) if error.kind() == crate::ErrorKind::Connect => Ok(None),
            Some(result) => result.map(Some),
        }
    }
}

fn subject(what: &'static str) -> Subject {
    Subject { name: what, idempotent: true, limit: None }
}

/// A request that may name an address which the user gave.
pub(super) fn request(
    builder: http::request::Builder,
    body: Bytes,
) -> Result<http::Request<Bytes>> {
    builder.body(body).map_err(Error::credentials)
}

/// A JSON answer in the form that is expected; nothing of it is quoted, since it may hold secrets.
pub(super) fn json<T: DeserializeOwned>(answer: &http::Response<Bytes>) -> Result<T> {
    serde_json::from_slice(answer.body()).map_err(|error| {
        let place = format!(
            "a body that differs from the expected one at line {} column {}",
            error.line(),
            error.column()
        );
        Error::unreadable(answer.status().as_u16(), &place)
    })
}

/// A time as the identity service writes it, such as `2026-11-25T08:00:00.000000Z`.
pub(super) fn timestamp<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = text.parse().ok().map(jiff::Timestamp::as_duration);
    let since = time.and_then(|time| Duration::try_from(time).ok());
    Ok(SystemTime::UNIX_EPOCH + since.ok_or_else(|| D::Error::custom("no time"))?)
}
