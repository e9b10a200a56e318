//! Whether phones are of use again, once their jobs have ended.

use std::collections::HashMap;

use cph_core::PhoneStatus;
use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::Fate;
use crate::{Client, Problem, Survey};

/// When a phone counts as done, beyond the end of its job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ready {
    /// The service shows it as running.
    Running,
    /// It is running, and a shell command prints this on it, but for white space around. The command goes to many phones with
    /// one call; the service allows six such calls a minute.
    Prints {
        /// The command, such as `getprop sys.boot_completed`.
        command: String,
        /// What it prints, such as `1`.
        output: String,
    },
}

/// With more phones than this a listing of all takes fewer calls.
const ASKED_ONE_BY_ONE: usize = 20;

/// How many phones are asked about at the same time.
const AT_ONCE: usize = 4;

impl Ready {
    /// It is running, and this shell command prints that.
    pub fn prints(command: impl Into<String>, output: impl Into<String>) -> Self {
        Self::Prints { command: command.into(), output: output.into() }
    }

    pub(crate) fn problems(&self, client: &Client) -> Vec<Problem> {
        match self {
            Self::Running => Vec::new(),
            Self::Prints { command, .. } => {
                let none: [&str; 0] = [];
                let checked = client.phones().run_sync(none, command).bodies();
                checked.map_or_else(|error| error.problems().to_vec(), |_| Vec::new())
            }
        }
    }

    /// What keeps each of these phones from being ready; `None` where it is.
    pub(crate) async fn check(
        self,
        client: Client,
        phones: Vec<String>,
    ) -> Vec<(String, Option<String>)> {
        let statuses = statuses(&client, &phones).await;
        let (running, others): (Vec<_>, Vec<_>) =
            statuses.into_iter().partition(|(_, status)| *status == Ok(PhoneStatus::Running));
        let running = running.into_iter().map(|(phone, _)| phone).collect();
        let mut found = match self {
            Self::Running => {
                let running: Vec<String> = running;
                running.into_iter().map(|phone| (phone, None)).collect()
            }
            Self::Prints { command, output } => prints(&client, running, &command, &output).await,
        };
        found.extend(others.into_iter().map(|(phone, status)| {
            let why = match status {
                Ok(status) => format!("it is {status}"),
                Err(error) => format!("its status could not be asked for: {error}"),
            };
            (phone, Some(why))
        }));
        found
    }
}

async fn statuses(
    client: &Client,
    phones: &[String],
) -> Vec<(String, Result<PhoneStatus, String>)> {
    if phones.len() > ASKED_ONE_BY_ONE {
        let survey = Survey::of(client).await.map_err(|error| format!("{error:#}"));
        let status = |phone: &String| match &survey {
            Ok(survey) => survey.status(phone).ok_or_else(|| "it is in no list".to_owned()),
            Err(error) => Err(error.clone()),
        };
        return phones.iter().map(|phone| (phone.clone(), status(phone))).collect();
    }
    let ask = |phone: String| async {
        let detail = client.phones().get(&phone).await;
        (phone, detail.map(|detail| detail.phone.status).map_err(|error| format!("{error:#}")))
    };
    stream::iter(phones.to_vec()).map(ask).buffer_unordered(AT_ONCE).collect().await
}

async fn prints(
    client: &Client,
    phones: Vec<String>,
    command: &str,
    output: &str,
) -> Vec<(String, Option<String>)> {
    let run = match client.phones().run_sync(&phones, command).start() {
        Ok(run) => run,
        Err(error) => {
            return phones.into_iter().map(|phone| (phone, Some(error.to_string()))).collect();
        }
    };
    let report = run.await;
    let said: HashMap<&str, Option<String>> = report
        .outcomes()
        .iter()
        .map(|outcome| {
            let why = match (&outcome.fate, outcome.output.as_deref().unwrap_or_default().trim()) {
                (Fate::Done, printed) if printed == output.trim() => None,
                // What a phone prints is not repeated: it may be anything.
                (Fate::Done, _) => Some("the command printed something else".to_owned()),
                (fate, _) => Some(format!("the command ended {fate}")),
            };
            (outcome.phone.as_str(), why)
        })
        .collect();
    phones
        .iter()
        .map(|phone| (phone.clone(), said.get(phone.as_str()).cloned().flatten()))
        .collect()
}
