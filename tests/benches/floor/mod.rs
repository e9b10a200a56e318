//! The floor under every measurement: a server that checks nothing and answers bytes made beforehand.

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

use crate::Outcome;

/// The jobs in an answer to a question; fewer than a page, so that no second page is asked for.
pub(crate) const JOBS_LISTED: usize = 20;

/// Prints its address and serves: to every POST the answer to a restart of these phones, to all else a list of jobs.
pub(crate) async fn serve(phones: &[String]) -> Outcome<()> {
    let id = "0".repeat(32);
    let entries: Vec<_> =
        phones.iter().map(|phone| json!({ "phone_id": phone, "job_id": id })).collect();
    let started = Bytes::from(json!({ "request_id": id, "jobs": entries }).to_string());
    let job = json!({
        "job_id": id,
        "phone_id": id,
        "server_id": id,
        "status": 2,
        "begin_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-01-01T00:01:00Z",
        "error_code": "",
        "error_msg": "",
        "execute_msg": "",
    });
    let listed = Bytes::from(json!({ "jobs": vec![job; JOBS_LISTED] }).to_string());

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (started, listed) = (started.clone(), listed.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let is_restart = request.method() == Method::POST;
                let answer = if is_restart { started.clone() } else { listed.clone() };
                async move {
                    request.into_body().collect().await?;
                    Ok::<_, hyper::Error>(Response::new(Full::new(answer)))
                }
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
