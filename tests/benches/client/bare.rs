//! A connection, and bytes made beforehand: nothing is signed, nothing is read.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use crate::{Ask, Outcome, Over, Place};

pub(crate) struct Bare {
    address: String,
    token: String,
    over: Over,
    kept: Option<SendRequest<Full<Bytes>>>,
    restart: (String, Bytes),
    jobs: String,
}

impl Bare {
    pub(crate) fn new(place: &Place, over: Over) -> Self {
        let phones: Vec<_> = place.phones.iter().map(|id| json!({ "phone_id": id })).collect();
        let body = json!({ "phones": phones }).to_string();
        let base = format!("/v1/{}/cloud-phone", place.project);
        let ids = place.request_ids.join("%2C");
        Self {
            address: place.address.clone(),
            token: place.token.clone(),
            over,
            kept: None,
            restart: (format!("{base}/phones/batch-restart"), body.into()),
            jobs: format!("{base}/jobs?limit=100&offset=0&request_id={ids}"),
        }
    }

    pub(crate) async fn call(&mut self, ask: Ask) -> Outcome<()> {
        let (method, target, body) = match ask {
            Ask::Restart => (Method::POST, &self.restart.0, self.restart.1.clone()),
            Ask::Jobs => (Method::GET, &self.jobs, Bytes::new()),
        };
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", &self.address)
            .header("content-type", "application/json")
            .header("x-auth-token", &self.token)
            .body(Full::new(body))?;
        let mut connection = match self.kept.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let response = connection.send_request(request).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        if self.over == Over::OneConnection {
            connection.ready().await?;
            self.kept = Some(connection);
        }
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into())
        }
    }

    async fn connect(&self) -> Outcome<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(connection)
    }
}
