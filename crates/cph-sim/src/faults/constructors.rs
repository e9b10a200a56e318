//! A rule for each effect.

use std::time::Duration;

use super::{
    Count, Effect, Fault,
    effect::{THROTTLE_LIMIT, THROTTLE_WINDOW},
};

/// Constructors: each makes a rule for every call of any operation that strikes once. What they leave out an [`Effect`]
/// says in full.
impl Fault {
    /// Refuses the call with `code`, HTTP status 400 and the text of the code table; nothing is done.
    pub fn refuse(code: impl Into<String>) -> Self {
        Effect::Refuse { code: code.into(), status: 400, message: None, retry_after: None }.into()
    }

    /// Answers 429 as the gateway does to more than 6 calls a minute; nothing is done.
    pub fn throttle() -> Self {
        Effect::Throttle { limit: THROTTLE_LIMIT, window: THROTTLE_WINDOW, retry_after: None }
            .into()
    }

    /// Refuses the connection; nothing is done.
    pub fn refuse_connection() -> Self {
        Effect::RefuseConnection.into()
    }

    /// Cuts the connection before anything is done.
    pub fn drop_before() -> Self {
        Effect::DropBefore.into()
    }

    /// Does the work, then cuts the connection.
    pub fn drop_after() -> Self {
        Effect::DropAfter.into()
    }

    /// Answers an HTML page with this status; nothing is done.
    pub fn html(status: u16) -> Self {
        Effect::Html { status }.into()
    }

    /// Does the work, then answers an HTML page with status 502.
    pub fn html_after() -> Self {
        Effect::HtmlAfter.into()
    }

    /// Does the work, then answers half of the JSON.
    pub fn broken_json() -> Self {
        Effect::BrokenJson.into()
    }

    /// Does the work, then ends the connection in the middle of the body.
    pub fn truncate() -> Self {
        Effect::Truncate.into()
    }

    /// Does the work, then sends half of the answer, and the rest only after this time on the simulator's clock.
    pub fn stall(silence: Duration) -> Self {
        Effect::Stall { silence }.into()
    }

    /// Does the work, then answers its JSON as `text/html`.
    pub fn wrong_content_type() -> Self {
        Effect::WrongContentType { content_type: "text/html".to_owned() }.into()
    }

    /// Does the work, then answers without a body.
    pub fn empty_body() -> Self {
        Effect::EmptyBody.into()
    }

    /// Does the work, then leaves the last `entries` out of the answer.
    pub fn missing(entries: usize) -> Self {
        Effect::Missing { entries }.into()
    }

    /// Does the work, then answers the first entry twice.
    pub fn doubled() -> Self {
        Effect::Doubled.into()
    }

    /// Does the work, then answers an entry that was not asked for as well.
    pub fn foreign() -> Self {
        Effect::Foreign.into()
    }

    /// Does the work, then answers the entries in another order.
    pub fn reordered() -> Self {
        Effect::Reordered.into()
    }

    /// Works on the call only after this time on the simulator's clock.
    pub fn delay(by: Duration) -> Self {
        Effect::Delay { by }.into()
    }

    /// Lets the jobs of the call fail with `code`.
    pub fn fail_job(code: impl Into<String>) -> Self {
        Effect::FailJob { code: code.into() }.into()
    }

    /// Lets the jobs of the call run for ever.
    pub fn hang_job() -> Self {
        Effect::HangJob.into()
    }

    /// Hides the jobs of the call from all queries.
    pub fn hide_job() -> Self {
        Effect::HideJob.into()
    }

    /// Hides the jobs of the call from queries for this time on the simulator's clock.
    pub fn late_job(by: Duration) -> Self {
        Effect::LateJob { by }.into()
    }

    /// Lets queries find the jobs of the call for this time on the simulator's clock, then never again.
    pub fn vanish_job(after: Duration) -> Self {
        Effect::VanishJob { after }.into()
    }

    /// Lets the gateway's clock be fast by so many seconds, or slow if they are negative.
    pub fn clock_skew(seconds: i64) -> Self {
        Effect::ClockSkew { seconds }.into()
    }
}

impl From<Effect> for Fault {
    /// A rule for every call of any operation that strikes once.
    fn from(effect: Effect) -> Self {
        Self {
            operation: None,
            call: None,
            phone: None,
            server: None,
            larger_than: None,
            smaller_than: None,
            after: Duration::ZERO,
            lasting: None,
            probability: None,
            count: Count::Times(1),
            effect,
        }
    }
}
