//! Whether a call may have had effect, and whether it may be sent again.

use cph_core::{Effect, ErrorCode};

/// What is known of a call that did not end well: whether the service may have acted on it.
///
/// Exhaustive on purpose: whoever decides about repeating a call decides about all three.
///
/// # When a call is sent again
///
/// It hangs on what was seen of the call's end, and on whether doing it twice does no more than doing it once, as with all that
/// only reads. An error code outranks the HTTP status, but for codes of the gateway that do not say whether the service was
/// reached. The tables show a restart of phones and a query for jobs, and what becomes of the phone in [`Outcome`](crate::Outcome)
/// where the call's end is the last that is known of it.
///
/// "Yes" is at most five attempts within two minutes, with growing, jittered waits, and at most 50 times beyond what ten times as
/// many good calls earn, over all clones of a client. A `Retry-After` is followed up to 90 s. "Until it is let through" waits as
/// it is told, or for the window that the gateway's text names, and keeps to its limit from then on, for at most ten minutes in
/// all. Once an attempt may have been carried out, no later one of the same call makes that undone: the call's end is `Unknown` or
/// a success. All of this can be set; see [`ClientBuilder`](crate::ClientBuilder).
///
#[doc = include_str!("../docs/delivery.md")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new answer to this question must break the match")]
pub enum Delivery {
    /// The request never left; sending it is safe.
    NotSent,
    /// The service or its gateway turned it away before doing anything.
    Refused,
    /// It may have been carried out. Look before repeating it.
    Unknown,
}

/// What came of one attempt, as far as the delivery table cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// No connection came about, or our own limits kept the request back.
    NeverSent,
    /// An answer that is not a readable success.
    Answer { status: u16, code: Option<ErrorCode> },
    /// A success status whose body cannot be read.
    UnreadableSuccess,
    /// The connection stood, and then no whole answer came.
    Lost,
}

/// When the same request may be sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    Always,
    IfIdempotent,
    Never,
}

/// The delivery table, row by row. The code outranks the status.
pub(crate) fn judge(seen: &Seen) -> (Delivery, Again) {
    match seen {
        Seen::NeverSent => (Delivery::NotSent, Again::Always),
        Seen::Lost | Seen::UnreadableSuccess => (Delivery::Unknown, Again::IfIdempotent),
        Seen::Answer { status: 429, .. } => (Delivery::Refused, Again::Always),
        Seen::Answer { status, code: Some(code) } => match code.entry() {
            _ if code.is_throttling() => (Delivery::Refused, Again::Always),
            // Assumed: whole-refusal-starts-nothing.
            Some(entry) if entry.effect == Effect::None => (Delivery::Refused, Again::Never),
            // The gateway speaks before the service is reached, unless it says 5xx.
            _ if code.is_gateway() => judge_status(*status),
            _ => (Delivery::Unknown, Again::IfIdempotent),
        },
        Seen::Answer { status, code: None } => judge_status(*status),
    }
}

/// Assumed: answer-without-code-was-not-carried-out.
fn judge_status(status: u16) -> (Delivery, Again) {
    match status {
        300..=407 | 409..=499 => (Delivery::Refused, Again::Never),
        _ => (Delivery::Unknown, Again::IfIdempotent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_row_by_row() {
        use Again::{Always, IfIdempotent, Never};
        use Delivery::{NotSent, Refused, Unknown};
        let answer = |status, code: &str| Seen::Answer {
            status,
            code: (!code.is_empty()).then(|| ErrorCode::parse(code)),
        };
        for (seen, expected) in [
            (Seen::NeverSent, (NotSent, Always)),
            (answer(429, ""), (Refused, Always)),
            (answer(429, "CPS.0042"), (Refused, Always)),
            (answer(400, "APIGW.0308"), (Refused, Always)),
            (answer(400, "APIG.0308"), (Refused, Always)),
            (answer(400, "CPS.0004"), (Refused, Never)),
            (answer(500, "CPS.0004"), (Refused, Never)),
            (answer(200, "CPS.0004"), (Refused, Never)),
            (answer(401, "APIGW.0301"), (Refused, Never)),
            (answer(403, "APIGW.9999"), (Refused, Never)),
            (answer(502, "APIGW.9999"), (Unknown, IfIdempotent)),
            (answer(302, ""), (Refused, Never)),
            (answer(404, ""), (Refused, Never)),
            (answer(400, "CPS.0003"), (Unknown, IfIdempotent)),
            (answer(400, "CPS.0042"), (Unknown, IfIdempotent)),
            (answer(400, "CPS.0054"), (Unknown, IfIdempotent)),
            (answer(400, "CPS.9999"), (Unknown, IfIdempotent)),
            (answer(400, "NEW.0001"), (Unknown, IfIdempotent)),
            (answer(408, ""), (Unknown, IfIdempotent)),
            (answer(500, ""), (Unknown, IfIdempotent)),
            (answer(503, ""), (Unknown, IfIdempotent)),
            (Seen::UnreadableSuccess, (Unknown, IfIdempotent)),
            (Seen::Lost, (Unknown, IfIdempotent)),
        ] {
            assert_eq!(judge(&seen), expected, "{seen:?}");
        }
    }
}
