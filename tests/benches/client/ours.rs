//! `cph`, as its users call it.

use cph::{Client, Credentials, Observer, Part, PartAnswer, RateLimit};
use serde_json::json;
use tokio::sync::oneshot;

use crate::{Ask, Outcome, Place, floor};

pub(crate) struct Ours {
    client: Client,
    by: By,
    phones: Vec<String>,
    request_ids: Vec<String>,
}

/// How it is told what to restart.
#[derive(Clone, Copy)]
pub(crate) enum By {
    /// A run over all phones, with one outcome for each.
    Run,
    /// One call of the operation, with its body and answer as JSON.
    Call,
}

impl Ours {
    pub(crate) fn new(place: &Place, by: By) -> Outcome<Self> {
        let client = Client::builder()
            .endpoint(format!("http://{}", place.address))
            .project(&place.project)
            .credentials(Credentials::access_key(&place.access_key, &place.secret_key))
            .gateway_limit(RateLimit { calls: 1_000_000, seconds: 1 })
            .build()?;
        Ok(Self {
            client,
            by,
            phones: place.phones.clone(),
            request_ids: place.request_ids.clone(),
        })
    }

    pub(crate) async fn call(&self, ask: Ask) -> Outcome<()> {
        match (ask, self.by) {
            (Ask::Restart, By::Run) => self.restart().await,
            (Ask::Restart, By::Call) => self.restart_call().await,
            (Ask::Jobs, _) => self.jobs().await,
        }
    }

    /// The whole way from ids to one outcome for each, except that nobody waits for jobs: the others do not either.
    async fn restart(&self) -> Outcome<()> {
        let (answered, answer) = oneshot::channel();
        let run = self
            .client
            .phones()
            .restart(&self.phones)
            .observer(Answered(Some(answered)))
            .start()?;
        answer.await?;
        run.leave();
        let report = run.await;
        let started = report.outcomes().iter().filter(|outcome| outcome.job_id.is_some()).count();
        if started == self.phones.len() {
            Ok(())
        } else {
            Err(format!("{started} phones were restarted: {:?}", report.outcomes().first()).into())
        }
    }

    async fn restart_call(&self) -> Outcome<()> {
        let phones: Vec<_> = self.phones.iter().map(|id| json!({ "phone_id": id })).collect();
        let call = self.client.api("RestartCloudPhone").body(json!({ "phones": phones }));
        let answer = call.send().await?.body;
        let is_started = |entry: &&serde_json::Value| entry["job_id"].is_string();
        let entries = answer["jobs"].as_array().into_iter().flatten();
        let started = entries.filter(is_started).count();
        if started == self.phones.len() { Ok(()) } else { Err(answer.to_string().into()) }
    }

    async fn jobs(&self) -> Outcome<()> {
        let jobs = self.client.jobs().list(&self.request_ids).await?.len();
        if jobs == floor::JOBS_LISTED { Ok(()) } else { Err(format!("{jobs} jobs").into()) }
    }
}

/// Tells that the run's only call was answered.
struct Answered(Option<oneshot::Sender<()>>);

impl Observer for Answered {
    fn before(&mut self, _: &Part) -> Outcome<()> {
        Ok(())
    }

    fn after(&mut self, _: &Part, _: PartAnswer<'_>) {
        if let Some(answered) = self.0.take() {
            let _ = answered.send(());
        }
    }
}
