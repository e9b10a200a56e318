//! What goes over the wire, attempt by attempt, with everything hidden that no report should hold.

mod redact;

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::Value;

use self::redact::Redaction;
use crate::{
    Clock,
    wire::{self, Failure},
};

/// One attempt of a call as it went over the wire: of the service, of the identity service, or of the metadata service; see
/// [`ClientBuilder::wire_log`](crate::ClientBuilder::wire_log).
///
/// It is made for reports. `***` stands in place of
///
/// - the value of every header but those that are known to be harmless: no signature, token, key or cookie;
/// - passwords, keys, tokens, tickets and sessions in bodies; in calls that fetch credentials, of every value but error texts;
/// - phone numbers, IMSI, ICCID, IMEI and their like, also inside `property`, and every value of `custom_property`;
/// - the query and the user of every URL in a body;
/// - all that was hidden in the request, wherever the answer repeats it.
///
/// A body that is meant to be JSON and cannot be read is told by its size alone. What else a request holds is shown: ids,
/// names, the text of commands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WireRecord {
    /// When the request was sent, on the client's clock.
    #[serde(serialize_with = "timestamp")]
    pub time: SystemTime,
    /// The vendor's name of the operation.
    pub operation: &'static str,
    /// Which attempt of its call it is; the first is 1.
    pub attempt: u64,
    /// The HTTP method.
    pub method: String,
    /// Where it was sent, with path and query.
    pub url: String,
    /// The headers that the client gave it.
    pub request_headers: BTreeMap<String, String>,
    /// Its body: JSON as such, anything else as text. One beyond 64 KiB is text that is cut and says so.
    pub request_body: Value,
    /// Status of the answer, if it began.
    pub status: Option<u16>,
    /// Headers of the answer, if it came whole.
    pub response_headers: BTreeMap<String, String>,
    /// Body of the answer, if it came whole; in the form of `request_body`.
    pub response_body: Value,
    /// The id by which the service knows the call.
    pub request_id: Option<String>,
    /// How long it took on the client's clock.
    pub milliseconds: u64,
    /// Why there is no whole answer.
    pub error: Option<String>,
}

fn timestamp<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let time = jiff::Timestamp::try_from(*time).map_err(serde::ser::Error::custom)?;
    serializer.collect_str(&time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
}

type Observe = dyn Fn(&WireRecord) + Send + Sync;

/// Whoever wants to see the records.
#[derive(Clone)]
pub(crate) struct WireLog(Arc<Observe>);

impl WireLog {
    pub(crate) fn new(observe: impl Fn(&WireRecord) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    /// Begins the record of an attempt that is about to be made. One `for_credentials` shows the least.
    pub(crate) fn begin<'a>(
        &'a self,
        clock: &'a dyn Clock,
        (operation, attempt): (&'static str, u64),
        for_credentials: bool,
        request: &http::Request<Bytes>,
    ) -> Pending<'a> {
        let mut redaction = Redaction::new(for_credentials);
        let record = WireRecord {
            time: clock.now(),
            operation,
            attempt,
            method: request.method().to_string(),
            url: redaction.url(request.uri()),
            request_headers: redaction.headers(request.headers()),
            request_body: redaction.body(request.body()),
            status: None,
            response_headers: BTreeMap::new(),
            response_body: Value::Null,
            request_id: None,
            milliseconds: 0,
            error: Some("nobody waited for the answer any longer".to_owned()),
        };
        Pending { log: self, clock, redaction, record, sizes: (request.body().len(), 0) }
    }
}

impl fmt::Debug for WireLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WireLog")
    }
}

/// The record of an attempt under way. It is shown when this is dropped, so that an attempt which is given up shows too.
pub(crate) struct Pending<'a> {
    log: &'a WireLog,
    clock: &'a dyn Clock,
    redaction: Redaction,
    record: WireRecord,
    /// Of the two bodies, in bytes.
    sizes: (usize, usize),
}

impl Pending<'_> {
    pub(crate) fn end(mut self, result: &Result<http::Response<Bytes>, Failure>) {
        let record = &mut self.record;
        match result {
            Ok(answer) => {
                // What an answer hides is news, and stands nowhere else.
                let mut redaction = self.redaction.anew();
                record.status = Some(answer.status().as_u16());
                record.request_id = wire::request_id(answer.headers());
                record.response_headers = redaction.headers(answer.headers());
                record.response_body = redaction.body(answer.body());
                record.error = None;
                self.sizes.1 = answer.body().len();
            }
            Err(failure) => {
                record.error = Some(failure.to_string());
                if let Some(head) = failure.head() {
                    record.status = Some(head.status);
                    record.request_id.clone_from(&head.request_id);
                }
            }
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let record = &mut self.record;
        let took = self.clock.now().duration_since(record.time).unwrap_or_default();
        record.milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let known = self.redaction.known();
        let headers = [&mut record.request_headers, &mut record.response_headers];
        let values = headers.into_iter().flat_map(BTreeMap::values_mut);
        let texts = values.chain([&mut record.url]);
        for text in texts.chain(&mut record.error).chain(&mut record.request_id) {
            known.hide(text);
        }
        known.finish(&mut record.request_body, self.sizes.0);
        known.finish(&mut record.response_body, self.sizes.1);
        (self.log.0)(record);
    }
}
