//! The same over a socket.

use cph_sim::{Fault, Serving, Simulator};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{builder, phones, sim};

/// Everything that comes back for a restart of all phones until the connection ends.
async fn restart_all(sim: &Simulator, serving: &Serving) -> String {
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
    let mut answer = Vec::new();
    // A connection that is cut may end in an error; what came before counts.
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
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
async fn a_cut_connection_brings_nothing() {
    for (fault, restarted) in
        [(Fault::refuse_connection(), 0), (Fault::drop_before(), 0), (Fault::drop_after(), 2)]
    {
        let sim = builder(2).fault(fault.clone()).build().unwrap();
        let serving = sim.start().await.unwrap();
        assert_eq!(restart_all(&sim, &serving).await, "", "{fault:?}");
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
    let answer = restart_all(&sim, &serving).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), announced.parse::<usize>().unwrap() / 2, "{head}");
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
