//! The rows of the table: what a call may meet.

use std::collections::HashSet;

use cph::CodeEntry;
use cph_tests::scripted::Reply;

use super::trouble::Trouble;

pub(crate) const REQUEST_ID: &str = "6837531fd3f54550927b930180a706bf";

/// An hour after the time at which every simulation starts.
const AN_HOUR_AHEAD: (&str, &str) = ("date", "Fri, 15 Jan 2027 09:00:00 GMT");
const RETRY_AFTER: (&str, &str) = ("retry-after", "7");
const LIMIT: &str = "policy user over ratelimit,limit:6,time:1 minute";

/// A row of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What the caller sees of it.
    pub(crate) seen: String,
    pub(crate) trouble: Trouble,
    /// What stands in the causes behind the error; empty: there are none.
    pub(crate) because: &'static str,
}

fn row(seen: impl Into<String>, trouble: Trouble, because: &'static str) -> Row {
    Row { seen: seen.into(), trouble, because }
}

/// A row for an answer that arrives whole.
fn told(seen: impl Into<String>, reply: Reply) -> Row {
    row(seen, Trouble::Reply(reply), "")
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    Reply::answer(status, &[&[("x-request-id", REQUEST_ID)], headers].concat(), body)
}

fn json(status: u16, body: &str) -> Reply {
    answer(status, &[("content-type", "application/json")], body)
}

fn html(status: u16, headers: &[(&str, &str)]) -> Reply {
    let body = "<html><body>The gateway has something to say.</body></html>";
    answer(status, &[headers, &[("content-type", "text/html")]].concat(), body)
}

fn coded(status: u16, code: &str, message: &str, headers: &[(&str, &str)]) -> Reply {
    let body = format!(r#"{{"error_code":"{code}","error_msg":"{message}"}}"#);
    answer(status, headers, &body)
}

/// All rows, under their headings.
pub(crate) fn sections() -> [(&'static str, Vec<Row>); 5] {
    [
        ("Nothing was sent", nothing_sent()),
        ("No whole answer came", no_whole_answer()),
        ("An answer without a code", without_code()),
        ("An answer with a code", with_code()),
        ("A code of each class and effect, with status 400", of_each_class_and_effect()),
    ]
}

#[rustfmt::skip]
fn nothing_sent() -> Vec<Row> {
    vec![
        row("no source has credentials",              Trouble::NoCredentials,   ""),
        row("no turn under the rate limits in time",  Trouble::NoTurn,          ""),
        row("a host without an address",              Trouble::NoHost,          "dns error"),
        row("a refused connection",                   Trouble::RefusedPort,     "refused"),
        row("no connection within the time for it",   Trouble::FullBacklog,     "deadline has elapsed or timed out"),
        row("no TLS handshake within that time",      Trouble::SilentHandshake, "timed out"),
        row("a server that speaks no TLS",            Trouble::NoTls,           "InvalidContentType"),
        row("a proxy that opens no tunnel",           Trouble::NoTunnel,        "tunnel"),
    ]
}

#[rustfmt::skip]
fn no_whole_answer() -> Vec<Row> {
    const BROKEN: &str = r#"{"jobs":[{"phone_id":"#;
    let reply = Trouble::Reply;
    let begun = || json(200, BROKEN).without_last(1);
    vec![
        row("a reset before the request's body was read", Trouble::ResetAfter(0),                    "reset"),
        row("a reset amid the request's body",            Trouble::ResetAfter(2_000),              "reset"),
        row("a reset after the request",                  reply(Reply::nothing().then_reset()),      "reset"),
        row("the end of the connection after the request", reply(Reply::nothing().then_end()),       "closed before message completed"),
        row("silence after the request",                  reply(Reply::nothing()),                   ""),
        row("a head cut off",                             reply(json(200, "").without_last(2).then_end()), "closed before message completed"),
        row("a body cut off by the end",                  reply(begun().then_end()),                 "end of file before message length reached"),
        row("a body cut off by a reset",                  reply(begun().then_reset()),               "reset"),
        row("a body that stops",                          reply(begun().then_stay_silent()),         ""),
    ]
}

fn without_code() -> Vec<Row> {
    let moved = answer(302, &[("location", "/elsewhere")], "");
    let busy = html(503, &[RETRY_AFTER]);
    let mut rows = vec![
        told("200 with half of the JSON", json(200, r#"{"jobs":[{"phone_id":"#)),
        told("200 with JSON of another shape", json(200, r#"{"jobs":"started"}"#)),
        told("200 with HTML", html(200, &[])),
        told("200 with nothing", json(200, "")),
        told("204 with nothing", answer(204, &[], "")),
        told("302", moved),
    ];
    rows.extend(
        [400, 401, 403, 404, 408]
            .map(|status| told(format!("{status} with HTML"), html(status, &[]))),
    );
    rows.extend([
        told("401 by a clock that is an hour off", html(401, &[AN_HOUR_AHEAD])),
        told("429 with HTML", html(429, &[])),
        told("429 with nothing, and Retry-After: 7", answer(429, &[RETRY_AFTER], "")),
        told("500 with JSON", json(500, "{}")),
        told("500 with nothing", answer(500, &[], "")),
    ]);
    rows.extend(
        [502, 503, 504].map(|status| told(format!("{status} with HTML"), html(status, &[]))),
    );
    rows.push(told("503 with HTML, and Retry-After: 7", busy));
    rows
}

#[rustfmt::skip]
fn with_code() -> Vec<Row> {
    let plain = |status, code| told(format!("{status} with {code}"), coded(status, code, "No.", &[]));
    let ending = Trouble::ReplyToEnding(coded(401, "APIGW.0301", "No.", &[]));
    vec![
        plain(200, "CPS.0004"),
        plain(500, "CPS.0004"),
        plain(500, "CPS.0003"),
        plain(400, "CPS.9999"),
        plain(400, "APIGW.9999"),
        plain(502, "APIGW.9999"),
        plain(504, "APIG.0201"),
        plain(401, "APIGW.0301"),
        row("401 with APIGW.0301, to credentials that can be renewed", ending, ""),
        told("400 with APIGW.0303, by a clock that is an hour off", coded(400, "APIGW.0303", "No.", &[AN_HOUR_AHEAD])),
        plain(429, "APIGW.0308"),
        plain(429, "APIG.0308"),
        plain(400, "APIGW.0308"),
        told("429 with APIGW.0308 and `limit:6,time:1 minute`", coded(429, "APIGW.0308", LIMIT, &[])),
        told("429 with APIGW.0308 and Retry-After: 7", coded(429, "APIGW.0308", "No.", &[RETRY_AFTER])),
    ]
}

fn of_each_class_and_effect() -> Vec<Row> {
    let mut known = HashSet::new();
    let new = CodeEntry::all().iter().filter(|entry| known.insert((entry.class, entry.effect)));
    let mut entries: Vec<_> = new.collect();
    entries.sort_by_key(|entry| (entry.class.to_string(), entry.effect.to_string()));
    let row = |entry: &CodeEntry| {
        let seen = format!("{} ({}, effect {})", entry.code, entry.class, entry.effect);
        told(seen, coded(400, entry.code, "No.", &[]))
    };
    entries.into_iter().map(row).collect()
}
