//! The metadata service of a cloud server, which hands out keys of the agency that the server runs under.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::{
    Credentials, Http, Provide, ProvideCredentials, Provided,
    http::{json, request, timestamp},
};
use crate::{Error, Result, endpoint::Endpoint};

/// Where every cloud server finds it.
pub(crate) const METADATA: &str = "http://169.254.169.254";
const TOKEN: &str = "/meta-data/latest/api/token";
const SECURITY_KEY: &str = "/openstack/latest/securitykey";

/// Each call of the service takes at most this, as with the vendor's SDKs.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long the service's own token is asked to last, in seconds.
const TOKEN_LASTS: &str = "21600";

/// Temporary keys of the agency of the cloud server that the program runs on, renewed ahead of their end. Absent where
/// nobody answers at the address of the metadata service within 3 seconds.
#[derive(Debug, Clone)]
pub struct MetadataCredentials {
    address: String,
}

impl MetadataCredentials {
    /// Asks at `http://169.254.169.254`.
    pub fn new() -> Self {
        Self { address: METADATA.to_owned() }
    }

    /// Asks at this base URL instead, such as that of a simulator.
    #[must_use]
    pub fn address(self, address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }

    async fn ask(&self, http: &Http<'_>) -> Result<Option<Provided>> {
        self.check()?;
        let builder = http::Request::put(format!("{}{TOKEN}", self.address))
            .header("x-metadata-token-ttl-seconds", TOKEN_LASTS);
        let answer = http.probe("CreateMetadataToken", request(builder, Bytes::new())?, PATIENCE);
        let Some(answer) = answer.await? else { return Ok(None) };
        let mut builder = http::Request::get(format!("{}{SECURITY_KEY}", self.address));
        match answer.status().as_u16() {
            200 => {
                let token = http::HeaderValue::from_bytes(answer.body().trim_ascii());
                let mut token =
                    token.map_err(|_| refusal(answer.status(), "a token that is none"))?;
                token.set_sensitive(true);
                builder = builder.header("x-metadata-token", token);
            }
            // This server's service knows no tokens.
            404 | 405 | 503 => {}
            _ => return Err(refusal(answer.status(), "no token")),
        }
        let answer =
            http.probe("ShowSecurityKey", request(builder, Bytes::new())?, PATIENCE).await?;
        let answer = answer
            .ok_or_else(|| Error::credentials(format_args!("{} fell silent", self.address)))?;
        if !answer.status().is_success() {
            return Err(refusal(
                answer.status(),
                "no keys; the server may have no agency: set one that may use CPH",
            ));
        }
        let Answer { credential } = json(&answer)?;
        let credentials = Credentials::access_key(credential.access, credential.secret)
            .security_token(credential.security_token);
        let provided = Provided::new(credentials, format!("metadata service at {}", self.address));
        Ok(Some(provided.expiring(credential.expires_at)))
    }
}

impl Default for MetadataCredentials {
    fn default() -> Self {
        Self::new()
    }
}

fn refusal(status: StatusCode, what: &str) -> Error {
    Error::credentials(format_args!(
        "the metadata service answered {} with {what}",
        status.as_u16()
    ))
}

/// The names vary; the vendor's SDKs read all of these.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "credentials")]
    credential: Keys,
}

#[derive(Deserialize)]
struct Keys {
    #[serde(alias = "accessKeyId", alias = "access_key_id")]
    access: String,
    #[serde(alias = "secretAccessKey", alias = "secret_access_key")]
    secret: String,
    #[serde(alias = "securitytoken", alias = "securityToken")]
    security_token: String,
    #[serde(alias = "expiration", deserialize_with = "timestamp")]
    expires_at: SystemTime,
}

impl ProvideCredentials for MetadataCredentials {
    fn name(&self) -> &'static str {
        "metadata service"
    }

    fn check(&self) -> Result<()> {
        self.address.parse::<Endpoint>().map(drop).map_err(Error::credentials)
    }

    fn provide<'a>(&'a self, http: &'a Http<'a>) -> Provide<'a> {
        Box::pin(self.ask(http))
    }
}
