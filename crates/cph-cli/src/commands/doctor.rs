//! `cph doctor`: what a call would be made with, where each setting comes from, and whether the gateway takes it.

use cph::{Assumption, Class};
use serde::Serialize;
use serde_json::json;

use crate::{
    Console, Exit,
    args::Global,
    env,
    exit::Failure,
    output::{self, Fields, Format, Records},
    session::Session,
    settings::{Origins, Service, Settings},
};

const FIELDS: Fields = Fields::new(&["setting", "value", "from"], &["setting", "value", "from"]);

#[derive(Debug, Serialize)]
struct Row {
    setting: &'static str,
    value: String,
    from: String,
}

pub(super) async fn doctor(
    global: Global,
    settings: &Settings,
    environment: env::Environment<'_>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let origins = Origins::of(&global, environment);
    let session = Session::open(Service::resolve(global, environment)?, settings).await?;
    let client = &session.client;
    // It changes nothing, needs no more than reading, and its answer is short.
    let asked = client.api("ListCloudPhones").query("limit", "1").send().await;
    let clock = match &asked {
        Err(error) if error.status().is_none() => "not known, since nobody answered".to_owned(),
        _ => skew(client.clock_skew_seconds()),
    };
    let row = |setting, value: String, from: &str| Row { setting, value, from: from.to_owned() };
    let credentials = client.credentials_origin().unwrap_or_else(|| "nobody knows".to_owned());
    let proxy = client.proxy().map(str::to_owned);
    let from_proxy = if proxy.is_some() { "the machine's environment" } else { "-" };
    let mut rows = vec![
        row("region", client.region().unwrap_or("none").to_owned(), &origins.region),
        row("endpoint", client.endpoint().to_owned(), &origins.endpoint),
        row("project", client.project().to_string(), &origins.project),
        row("credentials", "found".to_owned(), &credentials),
        row("proxy", proxy.unwrap_or_else(|| "none".to_owned()), from_proxy),
        row("clock", clock, "the gateway"),
        row(
            "signature",
            if asked.is_ok() { "taken" } else { "see below" }.to_owned(),
            "ListCloudPhones",
        ),
        row("assumptions", relied_on().count().to_string(), "cph doctor --assumptions"),
    ];
    if let Some(timeout) = settings.call_timeout {
        rows.push(row("call timeout", format!("{timeout:?}"), "--call-timeout"));
    }
    let mut records = Records::new(FIELDS, settings);
    records.begin(console.out)?;
    for row in &rows {
        records.write(console.out, row)?;
    }
    records.finish(console.out)?;
    match asked {
        Ok(_) => Ok(Exit::Done),
        Err(error) => {
            if error.code().is_some_and(|code| code.class() == Class::Authentication)
                && let Some(message) = error.message()
            {
                console.note(format_args!("the gateway says: {}", without_tokens(message)));
            }
            Err(Failure::to("make a signed call")(error))
        }
    }
}

/// What the client takes for granted. In a table each stands in lines of its own: they are sentences.
pub(super) fn assumptions(settings: &Settings, console: &mut Console<'_>) -> Result<Exit, Failure> {
    const NAMES: &[&str] = &["name", "statement", "would_show"];
    if settings.format == Format::Table {
        for (place, assumption) in relied_on().enumerate() {
            if place > 0 {
                writeln!(console.out)?;
            }
            output::show(console.out, assumption, NAMES, settings)?;
        }
        return Ok(Exit::Done);
    }
    let mut records = Records::new(Fields::new(NAMES, NAMES), settings);
    records.begin(console.out)?;
    for Assumption { name, statement, would_show, .. } in relied_on() {
        let row = json!({ "name": name, "statement": statement, "would_show": would_show });
        records.write(console.out, &row)?;
    }
    records.finish(console.out)?;
    Ok(Exit::Done)
}

fn relied_on() -> impl Iterator<Item = &'static Assumption> {
    let all = Assumption::all().iter();
    all.filter(|assumption| assumption.relied_on_by.contains(&"client"))
}

fn skew(seconds: i64) -> String {
    match seconds {
        0 => "no complaint about the time".to_owned(),
        ahead if ahead > 0 => format!("{ahead} s behind the gateway's, corrected"),
        behind => format!("{} s ahead of the gateway's, corrected", behind.unsigned_abs()),
    }
}

/// The gateway quotes the request as it saw it, line by line with `|` between; tokens are none of a report's business.
fn without_tokens(message: &str) -> String {
    let masked = message.split('|').map(|line| match line.split_once(':') {
        Some((name, _)) if ["x-auth-token", "x-security-token"].contains(&name) => {
            format!("{name}:***")
        }
        _ => line.to_owned(),
    });
    masked.collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_request_loses_its_tokens() {
        let said =
            "canonical request: GET|/v1/|limit=1|host:x|x-security-token:secret|x-sdk-date:1||host";
        assert_eq!(
            without_tokens(said),
            "canonical request: GET|/v1/|limit=1|host:x|x-security-token:***|x-sdk-date:1||host"
        );
    }
}
