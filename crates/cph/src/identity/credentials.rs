//! Who is calling.

use std::{fmt, future::ready};

use secrecy::{ExposeSecret as _, SecretString};

use super::{Environment, Http, Provide, ProvideCredentials, Provided};
use crate::{Error, Problem, Result};

/// What authenticates a call: an access key pair, which signs each request, or a token.
///
/// Debug output holds the access key's id and nothing secret.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Key { access_key: String, secret_key: SecretString, security_token: Option<SecretString> },
    Token(SecretString),
}

impl Credentials {
    /// An access key and its secret key.
    pub fn access_key(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self(Kind::Key {
            access_key: access_key.into(),
            secret_key: secret_key.into().into(),
            security_token: None,
        })
    }

    /// A token scoped to the project, from the identity service. It is valid for 24 hours.
    pub fn token(token: impl Into<String>) -> Self {
        Self(Kind::Token(token.into().into()))
    }

    /// Adds the security token of a temporary access key. Does nothing to a token.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<String>) -> Self {
        if let Kind::Key { security_token, .. } = &mut self.0 {
            *security_token = Some(token.into().into());
        }
        self
    }

    /// Reads the names that the vendor's SDKs read: `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK` and, for temporary keys,
    /// `HUAWEICLOUD_SDK_SECURITY_TOKEN`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a key is missing or empty.
    pub fn from_env() -> Result<Self> {
        let environment = Environment::of_process();
        Self::from_lookup(|name| environment.text(name).ok().flatten())
    }

    /// As [`from_env`](Self::from_env), from any source of variables.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let read = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let required = |name: &str| {
            read(name).ok_or_else(|| {
                Problem::new(format!("{name} is not set; set it to the key that the console shows"))
            })
        };
        match (required("HUAWEICLOUD_SDK_AK"), required("HUAWEICLOUD_SDK_SK")) {
            (Ok(access_key), Ok(secret_key)) => {
                let credentials = Self::access_key(access_key, secret_key);
                Ok(match read("HUAWEICLOUD_SDK_SECURITY_TOKEN") {
                    Some(token) => credentials.security_token(token),
                    None => credentials,
                })
            }
            (access_key, secret_key) => Err(Error::configuration(
                [access_key.err(), secret_key.err()].into_iter().flatten().collect(),
            )),
        }
    }

    /// Problems that would show as a refused signature only after a call.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let sendable = |secret: &SecretString| {
            http::HeaderValue::from_str(secret.expose_secret()).is_ok_and(|value| !value.is_empty())
        };
        match &self.0 {
            Kind::Key { access_key, .. } if !is_key(access_key) => Some(Problem::new(
                "the access key is empty or holds characters that no access key has",
            )),
            Kind::Key { secret_key, .. } if !is_key(secret_key.expose_secret()) => Some(
                Problem::new("the secret key is empty or holds characters that no secret key has"),
            ),
            Kind::Key { security_token: Some(token), .. } if !sendable(token) => {
                Some(Problem::new(
                    "the security token is empty or holds characters that no header may carry",
                ))
            }
            Kind::Token(token) if !sendable(token) => Some(Problem::new(
                "the token is empty or holds characters that no header may carry",
            )),
            _ => None,
        }
    }

    pub(crate) fn parts(&self) -> CredentialParts<'_> {
        match &self.0 {
            Kind::Key { access_key, secret_key, security_token } => CredentialParts::Key {
                access_key,
                secret_key: secret_key.expose_secret(),
                security_token: security_token.as_ref().map(secrecy::ExposeSecret::expose_secret),
            },
            Kind::Token(token) => CredentialParts::Token(token.expose_secret()),
        }
    }
}

impl ProvideCredentials for Credentials {
    fn name(&self) -> &'static str {
        "given in code"
    }

    fn check(&self) -> Result<()> {
        self.problem().map_or(Ok(()), |problem| Err(Error::credentials(problem)))
    }

    fn provide<'a>(&'a self, _: &'a Http<'a>) -> Provide<'a> {
        Box::pin(ready(Ok(Some(Provided::new(self.clone(), self.name())))))
    }
}

/// Whether a text can be an access key or a secret key: a stray line end or space would only show as a bad signature, and
/// five of those lock the key.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The secrets in the open, for the moment of signing.
pub(crate) enum CredentialParts<'a> {
    Key { access_key: &'a str, secret_key: &'a str, security_token: Option<&'a str> },
    Token(&'a str),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Key { access_key, .. } => f
                .debug_struct("Credentials")
                .field("access_key", access_key)
                .finish_non_exhaustive(),
            Kind::Token(_) => f.debug_struct("Credentials").field("token", &"***").finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_or_every_missing_name_is_said() {
        let error = Credentials::from_lookup(|_| None).unwrap_err();
        assert_eq!(error.problems().len(), 2);
        assert!(error.to_string().contains("HUAWEICLOUD_SDK_SK is not set"), "{error}");

        let found = Credentials::from_lookup(|name| Some(format!("value-of-{name}"))).unwrap();
        let CredentialParts::Key { security_token, .. } = found.parts() else {
            panic!("a key pair")
        };
        assert_eq!(security_token, Some("value-of-HUAWEICLOUD_SDK_SECURITY_TOKEN"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!(
            "{:?} {:?}",
            Credentials::access_key("AK", "hush").security_token("hush"),
            Credentials::token("hush")
        );
        assert!(shown.contains("AK") && !shown.contains("hush"), "{shown}");
    }
}
