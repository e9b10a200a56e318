//! Why the service, or the gateway before it, refuses a call or a target.

use cph_core::ErrorCode;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refusal {
    /// Status 400 and the text of the code table.
    pub(crate) fn of(code: &str) -> Self {
        Self::new(400, code, message_of(code))
    }

    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }

    /// The body of a call that is refused as a whole.
    pub(crate) fn body(&self, request_id: &str) -> Value {
        json!({ "request_id": request_id, "error_code": self.code, "error_msg": self.message })
    }
}

/// The vendor's text for a code.
pub(crate) fn message_of(code: &str) -> &'static str {
    ErrorCode::parse(code).entry().map_or("No text is known for this code.", |entry| entry.message)
}
