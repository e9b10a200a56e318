//! Who calls: the signature or token of a request.

use std::time::SystemTime;

use bytes::Bytes;
use http::request::Parts;

use super::{
    Account, Operation, Sessions, header, iam,
    signature::{Sent, Wrong},
    unauthenticated,
};
use crate::{assumptions::GatewayPrefix, refusal::Refusal, timestamp};

/// The gateway takes no larger body together with a signature.
const MAX_SIGNED_BODY_BYTES: usize = 12 * 1024 * 1024;

/// What a caller may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Every project: keys are not bound to one.
    Account,
    Project(String),
    /// A token that is good for no project.
    Unscoped,
}

impl Scope {
    pub(crate) fn includes(&self, project: &str) -> bool {
        match self {
            Self::Account => true,
            Self::Project(id) => id == project,
            Self::Unscoped => false,
        }
    }
}

/// What a request is held against.
pub(crate) struct Gate<'a> {
    pub(crate) account: &'a Account,
    pub(crate) sessions: &'a mut Sessions,
    pub(crate) prefix: GatewayPrefix,
    pub(crate) now: SystemTime,
    /// What time it would be had nobody moved the simulator's clock: programs outside sign by it.
    pub(crate) undisturbed: SystemTime,
}

impl Gate<'_> {
    /// Finds out who calls, or why nobody may call like this.
    pub(crate) fn caller(&mut self, parts: &Parts, body: &Bytes) -> Result<Scope, Refusal> {
        match (header(parts, "authorization"), header(parts, "x-auth-token")) {
            (Some(authorization), _) => self.signer(parts, body, authorization),
            (None, Some(token)) => self.holder(token),
            (None, None) => Err(unauthenticated("x-auth-token not found")),
        }
    }

    /// Lets a call of IAM in, or says why not; the other services see to it themselves.
    pub(crate) fn let_in(
        &mut self,
        operation: Operation,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<(), Refusal> {
        match operation {
            Operation::KeystoneListProjects => self.caller(parts, body).map(drop),
            Operation::CreateTemporaryAccessKeyByToken => match iam::token_in(body) {
                Some(token)
                    if ["authorization", "x-auth-token"]
                        .iter()
                        .all(|name| header(parts, name).is_none()) =>
                {
                    self.holder(&token).map(drop)
                }
                _ => self.caller(parts, body).map(drop),
            },
            _ => Ok(()),
        }
    }

    /// What the holder of a token may use.
    fn holder(&self, token: &str) -> Result<Scope, Refusal> {
        if token == self.account.token {
            return Ok(Scope::Project(self.account.project.clone()));
        }
        match self.sessions.tokens.find(token) {
            Some(token) if token.expires_at <= self.now => Err(self.expired(token.expires_at)),
            Some(token) => Ok(token.scope.clone()),
            None => Err(unauthenticated("decrypt token fail")),
        }
    }

    fn signer(
        &mut self,
        parts: &Parts,
        body: &Bytes,
        authorization: &str,
    ) -> Result<Scope, Refusal> {
        if body.len() > MAX_SIGNED_BODY_BYTES {
            return Err(Refusal::new(413, "APIGW.0201", "Request entity too large."));
        }
        let sent = Sent::read(parts, body, authorization)?;
        if self.sessions.locks.is_locked(sent.access_key, self.now) {
            return Err(unauthenticated("AK access failed to reach the limit,forbidden"));
        }
        let secret_key = self.secret_key(&sent)?;
        match sent.verify(secret_key, [self.now, self.undisturbed]) {
            Ok(()) => {
                self.sessions.locks.forget(sent.access_key);
                Ok(Scope::Account)
            }
            Err(Wrong::Signature(refusal)) => {
                self.sessions.locks.count(sent.access_key, self.now);
                Err(refusal)
            }
            Err(Wrong::Other(refusal)) => Err(refusal),
        }
    }

    /// The secret key that goes with the access key and security token of a request.
    ///
    /// Assumed: wrong-security-token.
    fn secret_key(&self, sent: &Sent<'_>) -> Result<&str, Refusal> {
        let security_token = header(sent.parts, "x-security-token");
        if sent.access_key == self.account.access_key {
            return match security_token {
                None => Ok(&self.account.secret_key),
                Some(_) => Err(unauthenticated("decrypt token fail")),
            };
        }
        match (self.sessions.keys.find(sent.access_key), security_token) {
            (Some(keys), Some(token)) if keys.security_token != token => {
                Err(unauthenticated("decrypt token fail"))
            }
            (Some(keys), Some(_)) if keys.expires_at <= self.now => {
                Err(self.expired(keys.expires_at))
            }
            (Some(keys), Some(_)) => Ok(&keys.secret_key),
            _ => Err(unauthenticated("Get secretKey failed")),
        }
    }

    /// The two gateways differ in more than the prefix here. Assumed: gateway-prefix.
    fn expired(&self, at: SystemTime) -> Refusal {
        match self.prefix {
            GatewayPrefix::Apigw => Refusal::new(401, "APIGW.0307", "The token must be updated."),
            GatewayPrefix::Apig => {
                let at = timestamp::to_microsecond(at);
                unauthenticated(&format!("token expires, expires_at: {at}"))
            }
        }
    }
}
