//! Reading answers: which are successes, and what the others say.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use cph_core::ErrorCode;
use http::{
    HeaderMap,
    header::{DATE, RETRY_AFTER},
};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::{
    Error,
    delivery::{Again, Seen, judge},
    wire::{self, Failure},
};

/// A readable success, or what is known instead and whether the request may be sent again.
pub(crate) fn read(
    result: Result<http::Response<Bytes>, Failure>,
) -> Result<http::Response<Bytes>, (Error, Again)> {
    let (error, seen) = match result {
        Ok(answer) => {
            let Some((error, seen)) = refusal(&answer) else {
                return Ok(answer);
            };
            (error, seen)
        }
        Err(Failure::NeverSent(source)) => (Error::connect(source), Seen::NeverSent),
        Err(Failure::Lost { head, source }) => (Error::lost(source).with_head(head), Seen::Lost),
        Err(Failure::TimedOut { head, after }) => {
            (Error::timeout(after).with_head(head), Seen::Lost)
        }
    };
    Err((error, judge(&seen).1))
}

/// The answer, whatever it says, or what is known instead.
pub(crate) fn read_any(
    result: Result<http::Response<Bytes>, Failure>,
) -> Result<http::Response<Bytes>, Error> {
    match result {
        Ok(answer) => Ok(answer),
        Err(failure) => Err(read(Err(failure)).expect_err("a failure is no answer").0),
    }
}

fn refusal(answer: &http::Response<Bytes>) -> Option<(Error, Seen)> {
    let status = answer.status().as_u16();
    let request_id = wire::request_id(answer.headers());
    let body = answer.body();
    if answer.status().is_success() && holds_data(body) {
        return None;
    }
    let json: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    if answer.status().is_success() {
        let said_no = match &json {
            Some(json) => is_error_body(json),
            None if body.is_empty() && status == 204 => false,
            None => {
                let what =
                    if body.is_empty() { "an empty body" } else { "a body that is no JSON object" };
                let error =
                    Error::unreadable(status, what).with_request_id(request_id).with_body(body);
                return Some((error, Seen::UnreadableSuccess));
            }
        };
        if !said_no {
            return None;
        }
    }
    let json = json.unwrap_or_default();
    let (code, message) = error_fields(&json);
    let code = code.map(ErrorCode::parse);
    let request_id = request_id.or_else(|| text(&json, &["request_id"]).map(str::to_owned));
    let seen = Seen::Answer { status, code: code.clone() };
    let code = code.filter(is_code);
    let mut error = Error::service(status, code, message.map(str::to_owned), judge(&seen).0)
        .with_request_id(request_id)
        .with_times(date(answer.headers()), retry_after(answer.headers()));
    if error.code().is_none() {
        error = error.with_body(body);
    }
    Some((error, seen))
}

/// The time on the clock of whoever answered.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// How long to wait: in seconds, or until a time on the clock of whoever answered.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(date(headers)?).unwrap_or_default())
}

/// Whether a body is a JSON object with a member that the common error body does not have. The values are passed over: they
/// are yet to be read by whoever knows their types, and building them twice was a third of what a call cost.
fn holds_data(body: &[u8]) -> bool {
    let text = std::str::from_utf8(body).ok();
    let members: Option<BTreeMap<String, Option<IgnoredAny>>> =
        text.and_then(|text| serde_json::from_str(text).ok());
    members.into_iter().flatten().any(|(name, value)| value.is_some() && !is_of_error_body(&name))
}

/// Whether a body under a success status is the common error body and nothing else. (A job's answer has an `error_code` too.)
/// Assumed: error-body-under-success-was-refused.
fn is_error_body(json: &Map<String, Value>) -> bool {
    error_fields(json).0.is_some()
        && json.iter().all(|(name, value)| value.is_null() || is_of_error_body(name))
}

fn is_of_error_body(name: &str) -> bool {
    matches!(name, "error_code" | "error_msg" | "request_id")
}

/// Code and message in any of the forms that the service, its gateway and the identity service use.
fn error_fields(json: &Map<String, Value>) -> (Option<&str>, Option<&str>) {
    let inner = json.get("error").and_then(Value::as_object).unwrap_or(json);
    (
        text(inner, &["error_code", "errorCode", "code"]),
        text(inner, &["error_msg", "errorMsg", "message"]),
    )
}

/// Whether it looks like a code: those are shown, other texts may quote what was sent.
fn is_code(code: &ErrorCode) -> bool {
    const MOST: usize = 32;
    let text = code.to_string();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.len() <= MOST && text.bytes().all(fits)
}

fn text<'a>(json: &'a Map<String, Value>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| json.get(*name)?.as_str().filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Delivery;

    fn answer(status: u16, body: &str) -> http::Response<Bytes> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        http::Response::builder()
            .status(status)
            .header(wire::REQUEST_ID, "from-the-header")
            .body(body)
            .unwrap()
    }

    #[test]
    fn every_form_of_error_body_is_understood() {
        for body in [
            r#"{"request_id":"r","error_code":"CPS.0004","error_msg":"text"}"#,
            r#"{"errorCode":"CPS.0004","errorMsg":"text"}"#,
            r#"{"error":{"code":"CPS.0004","message":"text"}}"#,
        ] {
            let (error, again) = read(Ok(answer(400, body))).unwrap_err();
            assert_eq!(
                (error.code().map(|code| code.to_string()).as_deref(), error.message()),
                (Some("CPS.0004"), Some("text"))
            );
            assert_eq!((error.delivery(), again), (Delivery::Refused, Again::Never));
        }
    }

    #[test]
    fn retry_after_is_a_number_of_seconds_or_a_date() {
        const NOW: &str = "Tue, 24 Nov 2026 17:00:00 GMT";
        let seconds = |date: Option<&str>, text: &str| {
            let mut answer = answer(429, "");
            let headers = answer.headers_mut();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            headers.extend(date.map(|date| (DATE, date.parse().unwrap())));
            let (error, _) = read(Ok(answer)).unwrap_err();
            error.retry_after().map(|wait| wait.as_secs())
        };
        for (text, expected) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("Tue, 24 Nov 2026 17:01:30 GMT", Some(90)),
            ("Tue, 24 Nov 2026 16:59:59 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(seconds(Some(NOW), text), expected, "{text}");
        }
        assert_eq!(seconds(None, "Tue, 24 Nov 2026 17:01:30 GMT"), None);
    }

    #[test]
    fn a_page_of_html_keeps_status_and_request_id() {
        let (error, _) = read(Ok(answer(503, "<html>busy</html>"))).unwrap_err();
        assert_eq!((error.status(), error.request_id()), (Some(503), Some("from-the-header")));
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.body_start(), b"<html>busy</html>");
    }

    #[test]
    fn a_success_is_json_and_no_error_body() {
        assert!(read(Ok(answer(200, r#"{"jobs":[]}"#))).is_ok());
        assert!(
            read(Ok(answer(200, r#"{"job_id":"j","error_code":"CPS.0005","status":-1}"#))).is_ok()
        );
        assert!(read(Ok(answer(204, ""))).is_ok());
        for (body, delivery) in [
            (r#"{"error_code":"CPS.0004","error_msg":"text"}"#, Delivery::Refused),
            (r#"{"error_code":"CPS.0004","order_id":null}"#, Delivery::Refused),
            (r#"{"jobs":["#, Delivery::Unknown),
            ("[]", Delivery::Unknown),
            ("", Delivery::Unknown),
        ] {
            let (error, _) = read(Ok(answer(200, body))).unwrap_err();
            assert_eq!(
                (error.delivery(), error.request_id()),
                (delivery, Some("from-the-header")),
                "{body}"
            );
        }
    }
}
