//! What somebody writes who needs these two calls, signs them and reads what comes back.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Ask, Outcome, Over, Place, floor};

pub(crate) struct ByHand {
    http: reqwest::Client,
    address: String,
    project: String,
    access_key: String,
    secret_key: String,
    phones: Vec<String>,
    request_ids: Vec<String>,
}

#[derive(Serialize)]
struct Restart<'a> {
    phones: Vec<Phone<'a>>,
}

#[derive(Serialize)]
struct Phone<'a> {
    phone_id: &'a str,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "an answer is read whole")]
struct Restarted {
    request_id: String,
    jobs: Vec<Entry>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "an answer is read whole")]
struct Entry {
    phone_id: String,
    job_id: Option<String>,
    error_code: Option<String>,
    error_msg: Option<String>,
}

#[derive(Deserialize)]
struct Jobs {
    jobs: Vec<Job>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "an answer is read whole")]
#[expect(clippy::struct_field_names, reason = "the vendor names them so")]
struct Job {
    job_id: String,
    status: i64,
    phone_id: Option<String>,
    server_id: Option<String>,
    begin_time: Option<String>,
    end_time: Option<String>,
    error_code: Option<String>,
    error_msg: Option<String>,
    execute_msg: Option<String>,
}

impl ByHand {
    pub(crate) fn new(place: &Place, over: Over) -> Outcome<Self> {
        let tls = rustls::ClientConfig::builder_with_provider(
            rustls::crypto::ring::default_provider().into(),
        )
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
        let http =
            reqwest::Client::builder().tls_backend_preconfigured(tls).http1_only().no_proxy();
        let http = match over {
            Over::NewConnections => http.pool_max_idle_per_host(0),
            Over::OneConnection => http,
        };
        Ok(Self {
            http: http.build()?,
            address: place.address.clone(),
            project: place.project.clone(),
            access_key: place.access_key.clone(),
            secret_key: place.secret_key.clone(),
            phones: place.phones.clone(),
            request_ids: place.request_ids.clone(),
        })
    }

    pub(crate) async fn call(&self, ask: Ask) -> Outcome<()> {
        match ask {
            Ask::Restart => self.restart().await,
            Ask::Jobs => self.jobs().await,
        }
    }

    async fn restart(&self) -> Outcome<()> {
        let phones = self.phones.iter().map(|phone_id| Phone { phone_id }).collect();
        let body = serde_json::to_vec(&Restart { phones })?;
        let path = format!("/v1/{}/cloud-phone/phones/batch-restart", self.project);
        let answer: Restarted = self.exchange("POST", &path, "", body).await?;
        let started = answer.jobs.iter().filter(|entry| entry.job_id.is_some()).count();
        if started == self.phones.len() {
            Ok(())
        } else {
            Err(format!("{started} phones were restarted").into())
        }
    }

    async fn jobs(&self) -> Outcome<()> {
        let path = format!("/v1/{}/cloud-phone/jobs", self.project);
        let query = format!("limit=100&offset=0&request_id={}", self.request_ids.join("%2C"));
        let answer: Jobs = self.exchange("GET", &path, &query, Vec::new()).await?;
        let jobs = answer.jobs.len();
        if jobs == floor::JOBS_LISTED { Ok(()) } else { Err(format!("{jobs} jobs").into()) }
    }

    /// Path and query are in canonical form already.
    async fn exchange<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        query: &str,
        body: Vec<u8>,
    ) -> Outcome<T> {
        let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let authorization = self.authorization(method, path, query, &body, &date)?;
        let url = format!("http://{}{path}?{query}", self.address);
        let response = self
            .http
            .request(method.parse()?, url.trim_end_matches('?'))
            .header("content-type", "application/json")
            .header("x-project-id", &self.project)
            .header("x-sdk-date", date)
            .header("authorization", authorization)
            .body(body)
            .send()
            .await?;
        let status = response.status();
        let answer = response.bytes().await?;
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(serde_json::from_slice(&answer)?)
    }

    fn authorization(
        &self,
        method: &str,
        path: &str,
        query: &str,
        body: &[u8],
        date: &str,
    ) -> Outcome<String> {
        const NAMES: &str = "content-type;host;x-project-id;x-sdk-date";
        let Self { address, project, access_key, secret_key, .. } = self;
        let body = hex::encode(Sha256::digest(body));
        let canonical = format!(
            "{method}\n{path}/\n{query}\ncontent-type:application/json\nhost:{address}\nx-project-id:{project}\nx-sdk-date:{date}\n\n{NAMES}\n{body}"
        );
        let canonical = hex::encode(Sha256::digest(canonical));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret_key.as_bytes())?;
        mac.update(format!("SDK-HMAC-SHA256\n{date}\n{canonical}").as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        Ok(format!(
            "SDK-HMAC-SHA256 Access={access_key}, SignedHeaders={NAMES}, Signature={signature}"
        ))
    }
}
