//! The same over a socket.

use std::{io::ErrorKind, time::Duration};

use cph_sim::{Fault, Serving, Simulator};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{builder, phones, seconds, sim};

/// A connection on which a restart of all phones was asked for.
async fn ask(sim: &Simulator, serving: &Serving) -> TcpStream {
    let body = phones(&sim.phones()).to_string();
    let head = format!(
        "POST /v1/{}/cloud-phone/phones/batch-restart HTTP/1.1\r\nHost: {}\r\nX-Auth-Token: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        sim.project(),
        serving.address(),
        sim.token(),
        body.len(),
    );
    let mut connection = TcpStream::connect(serving.address()).await.unwrap();
    connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    connection
}

/// Everything that comes back until the connection ends, and how it ends.
async fn heard(mut connection: TcpStream) -> (String, std::io::Result<usize>) {
    let mut answer = Vec::new();
    let ended = connection.read_to_end(&mut answer).await;
    (String::from_utf8(answer).unwrap(), ended)
}

/// What comes back for a restart of all phones, whatever its end.
async fn restart_all(sim: &Simulator, serving: &Serving) -> String {
    heard(ask(sim, serving).await).await.0
}

fn announced(head: &str) -> usize {
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_call_is_answered() {
    let sim = sim(2);
    let serving = sim.start().await.unwrap();
    assert_eq!(serving.endpoint(), format!("http://{}", serving.address()));
    let answer = restart_all(&sim, &serving).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains(&format!("x-request-id: {}", sim.journal()[0].request_id)), "{answer}");
    assert_eq!(sim.ledger().phones.len(), 2);
}

#[tokio::test]
async fn a_cut_connection_is_reset_and_brings_nothing() {
    for (fault, restarted) in
        [(Fault::refuse_connection(), 0), (Fault::drop_before(), 0), (Fault::drop_after(), 2)]
    {
        let sim = builder(2).fault(fault.clone()).build().unwrap();
        let serving = sim.start().await.unwrap();
        let (answer, ended) = heard(ask(&sim, &serving).await).await;
        assert_eq!(answer, "", "{fault:?}");
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset, "{fault:?}");
        assert_eq!(sim.ledger().phones.len(), restarted, "{fault:?}");
        assert!(
            restart_all(&sim, &serving).await.starts_with("HTTP/1.1 200 OK"),
            "only once: {fault:?}"
        );
    }
}

#[tokio::test]
async fn a_truncated_answer_ends_in_the_middle_of_what_was_announced() {
    let sim = builder(2).fault(Fault::truncate()).build().unwrap();
    let serving = sim.start().await.unwrap();
    let (answer, ended) = heard(ask(&sim, &serving).await).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), announced(head) / 2, "{head}");
    assert!(ended.is_ok(), "it ends, without a reset");
}

#[tokio::test]
async fn a_stalled_answer_is_silent_in_the_middle() {
    let sim = builder(2).fault(Fault::stall(seconds(60))).build().unwrap();
    let serving = sim.start().await.unwrap();
    let mut connection = ask(&sim, &serving).await;
    let mut begun = Vec::new();
    while !begun.windows(4).any(|end| end == b"\r\n\r\n") {
        begun.push(connection.read_u8().await.unwrap());
    }
    let length = announced(std::str::from_utf8(&begun).unwrap());
    let mut half = vec![0; length / 2];
    connection.read_exact(&mut half).await.unwrap();
    let silence = Duration::from_millis(50);
    let more = tokio::time::timeout(silence, connection.read_u8()).await;
    assert!(more.is_err(), "nothing comes while the clock stands still");
    sim.clock().advance(seconds(60));
    let (rest, ended) = heard(connection).await;
    assert_eq!(rest.len(), length - length / 2);
    assert!(ended.is_ok() && rest.ends_with('}'), "{rest}");
}

#[tokio::test]
async fn the_time_is_the_simulators_own() {
    let sim = sim(1);
    let serving = sim.start().await.unwrap();
    let answer = restart_all(&sim, &serving).await;
    assert_eq!(answer.matches("date: ").count(), 1, "{answer}");
    assert!(answer.contains("date: Tue, 28 Oct 2025 12:00:00 GMT\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_unread() {
    let sim = sim(0);
    let serving = sim.start().await.unwrap();
    let mut connection = TcpStream::connect(serving.address()).await.unwrap();
    let length = 16 * 1024 * 1024 + 1;
    let head = format!("POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    let (answer, _) = heard(connection).await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
    assert!(answer.contains(r#""error_code":"APIGW.0201""#), "{answer}");
    assert_eq!(sim.journal()[0].status, Some(413));
}

#[tokio::test]
async fn dropping_it_ends_every_connection() {
    let sim = sim(0);
    let serving = sim.start().await.unwrap();
    let address = serving.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /_sim/ledger HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut some = [0; 15];
    idle.read_exact(&mut some).await.unwrap();
    assert_eq!(&some, b"HTTP/1.1 200 OK");
    drop(serving);
    let mut rest = Vec::new();
    let _ = idle.read_to_end(&mut rest).await;
    let again = TcpStream::connect(address).await;
    assert!(again.is_err(), "nobody listens any more");
}
