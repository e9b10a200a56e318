//! Calls that are sent again and end well, and connections that end where nothing is lost by it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use cph::{ClientBuilder, Delivery, ErrorKind, Observer, Part, PartAnswer};
use cph_sim::Fault;
use cph_tests::{
    over_socket,
    scripted::{Reply, Scripted},
    stepped,
};
use http::Method;
use tokio::net::TcpListener;

use super::{
    measure::{JumpingClock, builder},
    rows::REQUEST_ID,
    trouble::bound,
};

#[tokio::test]
async fn a_throttled_restart_is_sent_once_more_and_done() {
    let simulator = stepped(1);
    simulator.inject(Fault::throttle().on("RestartCloudPhone")).unwrap();
    let server = Scripted::in_front_of(&simulator, |_, answer| answer);
    let client = over_socket(&simulator, server.endpoint(), |builder| builder);
    let report = client.phones().restart(simulator.phones()).start().unwrap().await;
    assert_eq!(report.to_string(), "1 done");
    assert_eq!(server.count(&Method::POST), 2);
    assert_eq!(simulator.ledger().of(&simulator.phones()[0]).len(), 1);
}

#[tokio::test]
async fn a_query_is_sent_once_more_and_answered() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = Scripted::start(move |_| {
        let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
        let (status, body) = if first { (503, "<html></html>") } else { (200, r#"{"jobs":[]}"#) };
        std::future::ready(Reply::answer(status, &[], body))
    });
    let client = builder(&JumpingClock::default()).endpoint(server.endpoint()).build().unwrap();
    assert_eq!(client.jobs().list([REQUEST_ID]).await.unwrap(), []);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_restart_that_found_no_connection_is_sent_again_and_done() {
    let (socket, address) = bound();
    let simulator = stepped(1);
    let (service, closed) = (simulator.clone(), Mutex::new(Some(socket)));
    let serving = Mutex::new(None);
    // The port opens while the client waits to try again.
    let clock = JumpingClock::new(simulator.clock().clone(), move || {
        if let Some(socket) = closed.lock().unwrap().take() {
            *serving.lock().unwrap() = Some(service.serve(socket.listen(16).unwrap()).unwrap());
        }
    });
    let settings = |builder: ClientBuilder| builder.clock(clock.clone());
    let client = over_socket(&simulator, format!("http://{address}"), settings);
    let report = client.phones().restart(simulator.phones()).start().unwrap().await;
    assert_eq!(report.to_string(), "1 done");
}

/// Whether any of the request has left by then is a matter of chance; the client knows which it was.
#[tokio::test]
async fn a_connection_that_is_reset_as_soon_as_it_stands_ends_a_call_either_way() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_zero_linger().unwrap();
        }
    });
    let client = builder(&JumpingClock::default()).endpoint(endpoint).build().unwrap();
    for _ in 0..20 {
        let report = client.phones().restart(["phone"]).start().unwrap().await;
        let word = report.outcomes()[0].fate.word();
        assert!(["not_sent", "unconfirmed"].contains(&word), "{word}");
        let error = client.jobs().list([REQUEST_ID]).await.unwrap_err();
        let either =
            [(ErrorKind::Connect, Delivery::NotSent), (ErrorKind::Lost, Delivery::Unknown)];
        assert!(either.contains(&(error.kind(), error.delivery())), "{error:?}");
    }
}

// --- idle connections

#[tokio::test]
async fn a_connection_that_ends_after_every_answer_loses_nothing() {
    let simulator = stepped(5);
    let server = Scripted::in_front_of(&simulator, |_, answer| answer.then_end());
    let client = over_socket(&simulator, server.endpoint(), |builder| builder);
    let run = client.phones().restart(simulator.phones()).batch(1).in_flight(1);
    assert_eq!(run.start().unwrap().await.to_string(), "5 done");
    assert_eq!(server.count(&Method::POST), 5);
}

#[tokio::test]
async fn an_idle_connection_that_closes_just_as_the_next_call_arrives_loses_nothing() {
    struct HangUp(Arc<Scripted>);

    impl Observer for HangUp {
        /// The run's task goes from here to the call without a pause in which it could notice.
        fn before(&mut self, part: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            if part.number > 1 {
                self.0.hang_up();
            }
            Ok(())
        }

        fn after(&mut self, _: &Part, _: PartAnswer<'_>) {}
    }

    let simulator = stepped(5);
    let server = Arc::new(Scripted::in_front_of(&simulator, |_, answer| answer));
    let client = over_socket(&simulator, server.endpoint(), |builder| builder);
    let run = client.phones().restart(simulator.phones()).batch(1).in_flight(1);
    let report = run.observer(HangUp(Arc::clone(&server))).start().unwrap().await;
    assert_eq!(report.to_string(), "5 done");
    assert_eq!(server.count(&Method::POST), 5);
}
