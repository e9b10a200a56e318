//! Bad signatures: a clock that is off is corrected once, a wrong key is not tried until it is locked.

use std::{
    io,
    sync::{Arc, Mutex},
};

use cph::{Credentials, Delivery, ErrorKind, Fate, NotSentReason};
use cph_sim::Fault;
use cph_tests::in_process;
use futures_util::future::join_all;

use crate::simulated::fleet;

/// Lines that were logged as warnings on this thread.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<u8>>>);

impl io::Write for Warnings {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Warnings {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_corrected_once_with_one_warning() {
    for skew in [-3600, 3600] {
        let (simulator, client) = fleet(1);
        let warnings = Warnings::default();
        let listening = warnings.listen();
        simulator.inject(Fault::clock_skew(skew).always()).unwrap();
        let phone = &simulator.phones()[0];
        let calls = join_all((0..100).map(|_| async { client.phones().get(phone).await })).await;
        drop(listening);
        assert!(calls.iter().all(Result::is_ok));
        let lines = warnings.lines();
        assert!(lines.len() == 1 && lines[0].contains(&format!("seconds={skew}")), "{lines:?}");
        // The other calls waited for the first.
        assert_eq!(simulator.journal().len(), 101);
        assert_eq!(client.clock_skew_seconds(), skew);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_goes_wrong_later_is_corrected_for_all_calls_in_flight() {
    let (simulator, client) = fleet(1);
    let phone = &simulator.phones()[0];
    client.phones().get(phone).await.unwrap();
    simulator.inject(Fault::clock_skew(7200).always()).unwrap();
    let calls = join_all((0..20).map(|_| async { client.phones().get(phone).await })).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(client.clock_skew_seconds(), 7200);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_no_correction_mends_is_left_after_one() {
    let (simulator, client) = fleet(1);
    simulator.inject(Fault::clock_skew(3600).call(1)).unwrap();
    simulator.inject(Fault::clock_skew(-3600).call(2)).unwrap();
    let error = client.phones().get(&simulator.phones()[0]).await.unwrap_err();
    assert_eq!(error.code(), Some(cph::ErrorCode::CLOCK_SKEW));
    assert_eq!(error.delivery(), Delivery::Refused);
    assert_eq!(simulator.journal().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn five_bad_signatures_are_never_sent() {
    let (simulator, client) = fleet(10);
    let phone = &simulator.phones()[0];
    let wrong = || {
        let keys = Credentials::access_key(simulator.access_key(), "wrong");
        in_process(&simulator).credentials(keys).build().unwrap()
    };
    for sent in [2, 4] {
        let client = wrong();
        let mut errors =
            join_all((0..20).map(|_| async { client.phones().get(phone).await })).await;
        for error in errors.drain(..2) {
            assert_eq!(error.unwrap_err().code(), Some(cph::ErrorCode::AUTHENTICATION_FAILED));
        }
        for error in errors {
            let error = error.unwrap_err();
            let seen = (error.kind(), error.delivery());
            assert_eq!(seen, (ErrorKind::Credentials, Delivery::NotSent));
            assert!(error.to_string().contains("five lock the access key"), "{error}");
        }
        let run = client.phones().restart(simulator.phones()).start().unwrap();
        let report = run.await;
        let fate = &report.outcomes()[0].fate;
        assert!(matches!(fate, Fate::NotSent(NotSentReason::Credentials(_))), "{fate:?}");
        assert_eq!(simulator.journal().len(), sent);
    }
    // The key is not locked.
    client.phones().get(phone).await.unwrap();
}
