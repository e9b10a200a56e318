//! What an answer says of each target that was sent.

use std::collections::HashMap;

use cph_core::{JobId, JobStatus, RequestId};

use super::{observer::Entry, outcome::Fault};

/// An answer, target by target.
pub(crate) struct Judgement {
    /// One for each target of the part, in its order.
    pub(crate) targets: Vec<Judged>,
    /// What the answer calls the targets that nobody asked for.
    pub(crate) strangers: Vec<Option<String>>,
}

/// What an answer says of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Done, and the answer itself says so.
    Done { job_id: Option<JobId>, output: Option<String> },
    /// It ran and ended badly, and the answer itself says so.
    Failed { job_id: JobId, fault: Fault, output: Option<String> },
    /// Accepted: this job tells how it ends.
    Waiting { request_id: RequestId, job_id: JobId },
    /// Turned away.
    Refused(Fault),
    /// The answer leaves it open.
    Forgotten,
}

/// Judges an answer to the call for these targets.
pub(crate) fn judge<'a>(
    targets: impl IntoIterator<Item = &'a str>,
    request_id: Option<&RequestId>,
    entries: Vec<Entry>,
) -> Judgement {
    let targets: Vec<&str> = targets.into_iter().collect();
    let mut kept: HashMap<&str, Entry> =
        targets.iter().map(|target| (*target, Entry::default())).collect();
    let mut strangers = Vec::new();
    for entry in entries {
        let known = entry.target.as_deref().and_then(|target| kept.get_mut(target));
        let Some(kept) = known else {
            strangers.push(entry.target);
            continue;
        };
        // Doubled entries: one with a job outranks one without, the first outranks the later.
        if kept.job_id.is_none() && (kept.target.is_none() || entry.job_id.is_some()) {
            *kept = entry;
        }
    }
    let judged = targets.iter().map(|target| {
        let entry = kept.remove(target).unwrap_or_default();
        judge_entry(entry, request_id)
    });
    Judgement { targets: judged.collect(), strangers }
}

fn judge_entry(entry: Entry, request_id: Option<&RequestId>) -> Judged {
    let fault = || Fault::new(entry.error_code.as_deref(), entry.error_msg.as_deref());
    let job_id = entry.job_id.as_deref().and_then(|job_id| job_id.parse().ok());
    match (job_id, request_id) {
        (job_id, _) if entry.status == Some(JobStatus::Success) => {
            Judged::Done { job_id, output: entry.execute_msg }
        }
        // Assumed: failed-sync-command-ran.
        (Some(job_id), _) if entry.status == Some(JobStatus::Failed) => {
            Judged::Failed { job_id, fault: fault(), output: entry.execute_msg }
        }
        (Some(job_id), Some(request_id)) => {
            Judged::Waiting { request_id: request_id.clone(), job_id }
        }
        // Assumed: entry-without-job-started-nothing.
        (None, _) if entry.error_code.as_ref().is_some_and(|code| !code.is_empty()) => {
            Judged::Refused(fault())
        }
        // Assumed: entry-without-job-or-code-may-have-started.
        _ => Judged::Forgotten,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(target: &str, job_id: &str, error_code: &str) -> Entry {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Entry {
            target: filled(target),
            job_id: filled(job_id),
            error_code: filled(error_code),
            ..Entry::default()
        }
    }

    fn refused(code: &str) -> Judged {
        Judged::Refused(Fault::new(Some(code), None))
    }

    #[test]
    fn entries_one_by_one() {
        let request_id: RequestId = "r".parse().unwrap();
        let job = || "j".parse::<JobId>().unwrap();
        let waiting = || Judged::Waiting { request_id: request_id.clone(), job_id: job() };
        let status = |entry, status| Entry { status: Some(status), ..entry };
        let done = |job_id| Judged::Done { job_id, output: None };
        let failed = Judged::Failed {
            job_id: job(),
            fault: Fault::new(Some("CPS.0042"), None),
            output: None,
        };
        for (entry, with_request_id, without) in [
            (entry("p", "j", ""), waiting(), Judged::Forgotten),
            (entry("p", "j", "CPS.0042"), waiting(), Judged::Forgotten),
            (entry("p", "", "CPS.0042"), refused("CPS.0042"), refused("CPS.0042")),
            (entry("p", "/", "CPS.0042"), refused("CPS.0042"), refused("CPS.0042")),
            (entry("p", "", ""), Judged::Forgotten, Judged::Forgotten),
            (status(entry("p", "", ""), JobStatus::Success), done(None), done(None)),
            (status(entry("p", "j", ""), JobStatus::Success), done(Some(job())), done(Some(job()))),
            (status(entry("p", "j", "CPS.0042"), JobStatus::Failed), failed.clone(), failed),
            (status(entry("p", "", ""), JobStatus::Failed), Judged::Forgotten, Judged::Forgotten),
        ] {
            let judged = |request_id| judge(["p"], request_id, vec![entry.clone()]).targets;
            assert_eq!(judged(Some(&request_id)), [with_request_id], "{entry:?}");
            assert_eq!(judged(None), [without], "{entry:?}");
        }
    }

    #[test]
    fn doubled_and_strange_entries() {
        let request_id: RequestId = "r".parse().unwrap();
        let entries = vec![
            entry("a", "", "CPS.0004"),
            entry("stranger", "j0", ""),
            entry("a", "j1", ""),
            entry("a", "j2", ""),
            entry("", "j3", ""),
            entry("b", "", "CPS.0004"),
            entry("b", "", "CPS.0005"),
        ];
        let Judgement { targets, strangers } = judge(["c", "b", "a"], Some(&request_id), entries);
        let waiting = Judged::Waiting { request_id, job_id: "j1".parse().unwrap() };
        assert_eq!(targets, [Judged::Forgotten, refused("CPS.0004"), waiting]);
        assert_eq!(strangers, [Some("stranger".to_owned()), None]);
    }
}
