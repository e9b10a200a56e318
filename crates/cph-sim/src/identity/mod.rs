//! Who calls: keys, signatures and tokens, and the services that hand them out.

mod account;
mod caller;
mod canonical;
mod iam;
mod keys;
mod locks;
mod metadata;
mod mistakes;
mod operation;
mod signature;
mod tokens;
#[cfg(test)]
mod vectors;

use std::collections::HashMap;

use http::{HeaderMap, request::Parts};
use serde_json::Value;

use self::{keys::Keys, locks::Locks, metadata::MetadataTokens, tokens::Tokens};
use crate::{refusal::Refusal, reply::Answer};

pub(crate) use self::{
    account::{Account, REGION},
    caller::Gate,
    canonical::query_pairs,
    operation::Operation,
};
pub use keys::TemporaryKeys;

/// What was handed out, and which keys are locked.
pub(crate) struct Sessions {
    pub(crate) keys: Keys,
    tokens: Tokens,
    metadata_tokens: MetadataTokens,
    locks: Locks,
}

impl Sessions {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            keys: Keys::new(seed),
            tokens: Tokens::new(seed),
            metadata_tokens: MetadataTokens::new(seed),
            locks: Locks::default(),
        }
    }
}

/// A call of one of these services, and what it works on.
pub(crate) struct Request<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a HashMap<String, String>,
    /// `None`: no JSON.
    pub(crate) body: Option<&'a Value>,
    pub(crate) gate: Gate<'a>,
}

pub(crate) fn perform(operation: Operation, request: Request<'_>) -> Answer {
    match operation {
        Operation::KeystoneCreateUserTokenByPassword => iam::create_token(request),
        Operation::KeystoneListProjects => iam::list_projects(&request),
        Operation::CreateTemporaryAccessKeyByToken => iam::create_temporary_keys(request),
        Operation::CreateMetadataToken => metadata::create_token(request),
        Operation::ShowSecurityKey => metadata::show_security_key(request),
    }
}

fn unauthenticated(problem: &str) -> Refusal {
    Refusal::new(401, "APIGW.0301", format!("Incorrect IAM authentication information: {problem}"))
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    std::str::from_utf8(parts.headers.get(name)?.as_bytes()).ok()
}
