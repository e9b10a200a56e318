//! A user and a password, which the identity service turns into a token.

use std::{fmt, time::SystemTime};

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{
    Credentials, Http, Provide, ProvideCredentials, Provided,
    http::{json as read_json, request},
};
use crate::{Error, Result};

/// Where the identity service puts the token.
const SUBJECT_TOKEN: &str = "x-subject-token";

/// A user of an account who signs in with a password: calls carry a token of the client's project, or of its region's
/// project where it does not know one. It is good for 24 hours and renewed ahead of its end.
///
/// Debug output shows no password.
#[derive(Clone)]
pub struct PasswordCredentials {
    user: String,
    password: SecretString,
    domain: String,
}

impl PasswordCredentials {
    /// The user's name and password, and the name of the account, which the identity service calls the domain.
    pub fn new(
        user: impl Into<String>,
        password: impl Into<String>,
        domain: impl Into<String>,
    ) -> Self {
        Self { user: user.into(), password: password.into().into(), domain: domain.into() }
    }

    async fn sign_in(&self, http: &Http<'_>) -> Result<Option<Provided>> {
        let project = match (http.project(), http.region()) {
            (Some(project), _) => json!({ "id": project }),
            (None, Some(region)) => json!({ "name": region }),
            (None, None) => {
                return Err(Error::credentials(
                    "a token is for one project: set a project, or a region whose project it is",
                ));
            }
        };
        let body = json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": self.user,
                "password": self.password.expose_secret(),
                "domain": { "name": self.domain },
            } } },
            "scope": { "project": project },
        } });
        let url = format!("{}/v3/auth/tokens?nocatalog=true", http.iam_endpoint());
        let request = request(http::Request::post(url), Bytes::from(body.to_string()))?;
        let answer =
            http.send("KeystoneCreateUserTokenByPassword", request).await.map_err(|error| {
                error.at(format_args!("no token for user {} of {}", self.user, self.domain))
            })?;
        let Body { token } = read_json(&answer)?;
        let subject_token =
            answer.headers().get(SUBJECT_TOKEN).and_then(|value| value.to_str().ok());
        let subject_token = subject_token.ok_or_else(|| {
            Error::unreadable(answer.status().as_u16(), "no token in the header X-Subject-Token")
        })?;
        let origin = format!("token for user {} of {}", self.user, self.domain);
        let provided = Provided::new(Credentials::token(subject_token), origin);
        Ok(Some(provided.expiring(token.expires_at)))
    }
}

#[derive(Deserialize)]
struct Body {
    token: Token,
}

#[derive(Deserialize)]
struct Token {
    #[serde(deserialize_with = "super::http::timestamp")]
    expires_at: SystemTime,
}

impl ProvideCredentials for PasswordCredentials {
    fn name(&self) -> &'static str {
        "user and password"
    }

    fn provide<'a>(&'a self, http: &'a Http<'a>) -> Provide<'a> {
        Box::pin(self.sign_in(http))
    }
}

impl fmt::Debug for PasswordCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordCredentials")
            .field("user", &self.user)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}
