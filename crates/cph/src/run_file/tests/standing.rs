//! Where targets stand by what is written of them.

use super::*;
use crate::NotSentReason;

/// The file of a restart of nine phones, after `story`.
fn written(trust_refusal: bool, story: impl FnOnce(&mut RunFile)) -> RecordedRun {
    let directory = tempfile::tempdir().unwrap();
    let (client, _) = client();
    let restart = restart(&client).trust_refusal(trust_refusal);
    let mut file = RunFile::create_in(directory.path(), &restart, false).unwrap();
    story(&mut file);
    RecordedRun::read(file.path()).unwrap()
}

/// What becomes of `p1`: its word, and where it stands but for the time.
fn of_p1(trust_refusal: bool, story: impl FnOnce(&mut RunFile)) -> (&'static str, String) {
    let run = written(trust_refusal, story);
    let standing = match run.standings().swap_remove(0) {
        Standing::Waiting { request_id, job_id, .. } => {
            format!("waiting for {job_id} of {request_id}")
        }
        Standing::Looking { request_id, reason, .. } => {
            format!("looking under {request_id}: {reason}")
        }
        other => format!("{other:?}"),
    };
    (run.targets().next().unwrap().word(), standing)
}

const GOOD: &str = "Settled { is_error: false }";
const BAD: &str = "Settled { is_error: true }";

#[test]
fn a_run_that_was_cut_off() {
    let run = written(true, |file| drop(super::run(file)));
    let words: Vec<_> = run.targets().map(|target| target.word()).collect();
    assert_eq!(
        words,
        ["done", "refused", "sent", "sent", "unconfirmed", "unsent", "unsent", "sent", "unsent"]
    );
    let ids: Vec<_> = run.targets().map(|target| (target.request_id(), target.job_id())).collect();
    assert_eq!(
        ids[..4],
        [(Some("r1"), Some("j1")), (Some("r1"), None), (Some("r1"), None), (Some("r2"), None)]
    );
    let refused = run.targets().nth(1).unwrap().outcome().unwrap();
    insta::assert_json_snapshot!(refused, @r#"
    {
      "phone_id": "p2",
      "outcome": "refused",
      "reason": "the phone id is malformed or not acceptable",
      "request_id": "r1",
      "job_id": null,
      "error_code": "CPS.0004",
      "error_msg": "the phone id is malformed or not acceptable",
      "seconds": null
    }
    "#);
    let (client, _) = client();
    let ticket = run.ticket(&client).unwrap();
    let jobs: Vec<_> = ticket.jobs().map(|(target, ..)| target).collect();
    assert_eq!(jobs, ["p3", "p4"]);
}

#[test]
fn by_the_answer_alone() {
    let first = part(1, &["p1"]);
    let answered = |entries: &[Entry]| {
        of_p1(true, |file| {
            file.before(&first).unwrap();
            accept(file, &first, "r1", entries);
        })
    };
    assert_eq!(answered(&[entry("p1", "j1", "")]), ("waiting", "waiting for j1 of r1".to_owned()));
    assert_eq!(answered(&[entry("p1", "", "CPS.0004")]), ("refused", BAD.to_owned()));
    let forgotten = "looking under r1: the answer did not mention it";
    assert_eq!(answered(&[entry("p2", "j1", "")]), ("sent", forgotten.to_owned()));
    let ended = |status| Entry { status: Some(status), ..entry("p1", "j1", "CPS.0042") };
    assert_eq!(answered(&[ended(cph_core::JobStatus::Success)]), ("done", GOOD.to_owned()));
    assert_eq!(answered(&[ended(cph_core::JobStatus::Failed)]), ("failed", BAD.to_owned()));

    let failed = |trust, error: Error| {
        of_p1(trust, |file| {
            file.before(&first).unwrap();
            fail(file, &first, &error);
        })
    };
    assert_eq!(failed(true, refused("CPS.0004")), ("unsent", "Unsent".to_owned()));
    assert_eq!(failed(false, refused("CPS.0004")), ("unconfirmed", BAD.to_owned()));
    assert_eq!(failed(true, Error::connect("no".into())), ("unsent", "Unsent".to_owned()));
    assert_eq!(failed(true, lost(None)), ("unconfirmed", BAD.to_owned()));
    let (word, standing) = failed(true, lost(Some("r1")));
    assert_eq!(word, "sent");
    insta::assert_snapshot!(standing, @"looking under r1: the answer was lost: the connection broke before the whole answer was there (request r1): reset");
}

#[test]
fn a_settlement_outranks_the_answer() {
    let first = part(1, &["p1"]);
    let settled = |entries: &[Entry], fate: Fate, ids| {
        of_p1(true, |file| {
            file.before(&first).unwrap();
            accept(file, &first, "r1", entries);
            settle(file, "p1", &fate, ids);
        })
    };
    let job = [entry("p1", "j1", "")];
    let fault = || Fault::new(Some("CPS.0042"), None);
    let waiting = || "waiting for j1 of r1".to_owned();
    let r1 = Some(("r1", "j1"));
    assert_eq!(settled(&job, Fate::Done, r1), ("done", GOOD.to_owned()));
    assert_eq!(settled(&job, Fate::Failed(fault()), r1), ("failed", BAD.to_owned()));
    assert_eq!(settled(&job, Fate::StillRunning, r1), ("still_running", waiting()));
    let not_found = Fate::Unconfirmed(UnconfirmedReason::JobNotFound);
    assert_eq!(settled(&job, not_found, r1), ("unconfirmed", waiting()));
    let forgotten = Fate::Unconfirmed(UnconfirmedReason::NotInAnswer);
    let looking = "looking under r1: the answer did not mention it".to_owned();
    assert_eq!(settled(&[], forgotten, Some(("r1", ""))), ("unconfirmed", looking));
    // Its job was found under the request id, and nothing stands of that but the settlement.
    assert_eq!(settled(&[], Fate::StillRunning, r1), ("still_running", waiting()));
    assert_eq!(settled(&[], Fate::Done, r1), ("done", GOOD.to_owned()));
}

#[test]
fn what_was_not_sent_can_be_sent_once_more() {
    let stopped = Fate::NotSent(NotSentReason::Stopped);
    let never = of_p1(true, |file| settle(file, "p1", &stopped, None));
    assert_eq!(never, ("not_sent", "Unsent".to_owned()));
    let left = Fate::Unconfirmed(UnconfirmedReason::Left);
    let on_the_wire = of_p1(true, |file| {
        file.before(&part(1, &["p1"])).unwrap();
        settle(file, "p1", &left, None);
    });
    assert_eq!(on_the_wire, ("unconfirmed", BAD.to_owned()));

    // Refused at first, then alone.
    let (first, second) = (part(1, &["p1", "p2"]), part(2, &["p1"]));
    let halved = |settles: bool| {
        of_p1(true, |file| {
            file.before(&first).unwrap();
            fail(file, &first, &refused("CPS.0004"));
            file.before(&second).unwrap();
            if settles {
                fail(file, &second, &refused("CPS.0004"));
                settle(file, "p1", &Fate::Refused(Fault::new(Some("CPS.0004"), None)), None);
            }
        })
    };
    assert_eq!(halved(false), ("sent", "Sent".to_owned()));
    assert_eq!(halved(true), ("refused", BAD.to_owned()));

    // An untrusted refusal says no more when it is asked about.
    let untrusted = of_p1(false, |file| {
        file.before(&first).unwrap();
        let error = refused("CPS.0004").with_request_id(Some("r1".to_owned()));
        fail(file, &first, &error);
        let reason = UnconfirmedReason::RefusalNotTrusted(Fault::of(&error));
        settle(file, "p1", &Fate::Unconfirmed(reason), Some(("r1", "")));
    });
    assert_eq!(untrusted, ("unconfirmed", BAD.to_owned()));
}
