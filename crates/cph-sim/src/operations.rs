//! Which code does what each operation asks for.

use serde_json::Value;

use crate::{refusal::Refusal, work::Work};

/// The operations that the simulator performs; any other is unknown to its gateway.
pub(crate) const PERFORMED: &[&str] =
    &["ListCloudPhones", "ListJobs", "RestartCloudPhone", "ShowCloudPhoneDetail", "ShowJob"];

pub(crate) fn perform(mut work: Work<'_>) -> Result<Value, Refusal> {
    let retention = work.assumptions.job_retention;
    match work.operation {
        "ListCloudPhones" => Ok(work.state.phones.list(work.query, work.now)),
        "ShowCloudPhoneDetail" => work.state.phones.show(work.argument("phone_id"), work.now),
        "RestartCloudPhone" => work.restart_phones(),
        "ListJobs" => work.state.jobs.list(
            work.query,
            work.now,
            retention,
            work.assumptions.unknown_request_id_sinks_query,
        ),
        "ShowJob" => work.state.jobs.show(work.argument("job_id"), work.now, retention),
        other => unreachable!("{other} is routed here"),
    }
}
