//! Tokens that were handed out for a password.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use super::caller::Scope;
use crate::chance;

const LASTS: Duration = Duration::from_hours(24);

pub(super) struct Token {
    pub(super) scope: Scope,
    pub(super) expires_at: SystemTime,
}

/// The tokens that were handed out.
pub(super) struct Tokens {
    seed: u64,
    issued: HashMap<String, Token>,
}

impl Tokens {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, issued: HashMap::new() }
    }

    pub(super) fn find(&self, token: &str) -> Option<&Token> {
        self.issued.get(token)
    }

    /// Hands out a token; answers it and when it expires.
    pub(super) fn issue(&mut self, scope: Scope, now: SystemTime) -> (String, SystemTime) {
        let text = chance::key(self.seed, &format!("token {}", self.issued.len()), 64);
        let expires_at = now + LASTS;
        self.issued.insert(text.clone(), Token { scope, expires_at });
        (text, expires_at)
    }
}
