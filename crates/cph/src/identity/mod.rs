//! Who is calling: where credentials come from, and how they stay fresh.

mod chain;
mod credentials;
mod environment;
mod http;
mod metadata;
mod password;
mod profile;
mod projects;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

pub use self::{
    chain::Chain,
    credentials::Credentials,
    environment::{Environment, EnvironmentCredentials},
    http::Http,
    metadata::MetadataCredentials,
    password::PasswordCredentials,
    profile::{Profile, ProfileCredentials},
};
pub(crate) use self::{
    credentials::CredentialParts,
    http::Place,
    metadata::METADATA,
    projects::{find_project, iam_endpoint},
};
use crate::{Delivery, Error, Result, transport::Transport};

/// Credentials are renewed this much of their life before they end, or half an hour before, whichever is later.
const AHEAD: u32 = 10;
const MOST_AHEAD: Duration = Duration::from_mins(30);

/// After a renewal that failed while the old credentials are still good, or one that was clearly refused, the next is tried
/// only after this.
const AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Where a client's credentials come from: one of the sources here, several in a [`Chain`], or your own.
///
/// ```
/// use cph::{Client, Credentials, Http, Provide, ProvideCredentials, Provided};
///
/// /// Keys from a vault.
/// #[derive(Debug)]
/// struct Vault;
///
/// impl ProvideCredentials for Vault {
///     fn name(&self) -> &str {
///         "vault"
///     }
///
///     fn provide<'a>(&'a self, http: &'a Http<'a>) -> Provide<'a> {
///         Box::pin(async move {
///             let credentials = Credentials::access_key("AK", "SK");
///             let expires_at = http.now() + std::time::Duration::from_secs(3600);
///             Ok(Some(Provided::new(credentials, "secret/cph").expiring(expires_at)))
///         })
///     }
/// }
///
/// let builder = Client::builder().credentials(Vault);
/// ```
pub trait ProvideCredentials: fmt::Debug + Send + Sync + 'static {
    /// What it is called in messages, such as `environment`.
    fn name(&self) -> &str;

    /// What is wrong with it, as far as that shows without asking anybody; building a client ends with it.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Credentials; `None` if this source is not there at all. One that is there but broken is an error: a chain does not
    /// step over it. Called again when what it gave nears its end.
    fn provide<'a>(&'a self, http: &'a Http<'a>) -> Provide<'a>;
}

/// What [`ProvideCredentials::provide`] returns.
pub type Provide<'a> = Pin<Box<dyn Future<Output = Result<Option<Provided>>> + Send + 'a>>;

/// Credentials, and where they come from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Provided {
    /// What authenticates calls.
    pub credentials: Credentials,
    /// Where they were found, such as a file's path.
    pub origin: String,
    /// When they end; `None`: they do not.
    pub expires_at: Option<SystemTime>,
}

impl Provided {
    /// Credentials that do not end.
    pub fn new(credentials: Credentials, origin: impl Into<String>) -> Self {
        Self { credentials, origin: origin.into(), expires_at: None }
    }

    /// They end at this time.
    #[must_use]
    pub fn expiring(self, at: SystemTime) -> Self {
        Self { expires_at: Some(at), ..self }
    }
}

/// The credentials of a client, kept until they near their end.
#[derive(Debug)]
pub(crate) struct Identity {
    provider: Arc<dyn ProvideCredentials>,
    held: RwLock<Option<Arc<Held>>>,
    /// Held by the one call that renews.
    renewing: tokio::sync::Mutex<Option<Renewal>>,
    /// How many renewals have ended.
    renewals: AtomicU64,
}

/// The latest attempt to get credentials.
#[derive(Debug)]
struct Renewal {
    begun: SystemTime,
    failure: Option<Error>,
}

impl Renewal {
    fn is_recent(&self, now: SystemTime) -> bool {
        now < self.begun + AGAIN_AFTER
    }
}

/// Credentials in use.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) credentials: Credentials,
    pub(crate) origin: String,
    expires_at: Option<SystemTime>,
    renew_at: Option<SystemTime>,
}

impl Held {
    fn new(provided: Provided, now: SystemTime) -> Self {
        let Provided { credentials, origin, expires_at } = provided;
        let renew_at = expires_at.map(|end| {
            let life = end.duration_since(now).unwrap_or_default();
            end.checked_sub((life / AHEAD).min(MOST_AHEAD)).unwrap_or(end)
        });
        Self { credentials, origin, expires_at, renew_at }
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        self.renew_at.is_none_or(|renew_at| now < renew_at)
    }

    fn is_good(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl Identity {
    pub(crate) fn new(provider: Arc<dyn ProvideCredentials>) -> Self {
        Self {
            provider,
            held: RwLock::default(),
            renewing: tokio::sync::Mutex::default(),
            renewals: AtomicU64::new(0),
        }
    }

    /// What authenticates the next call. One of many that need new credentials at the same time asks for them.
    pub(crate) async fn current(&self, transport: &Transport) -> Result<Arc<Held>> {
        let now = transport.clock.now();
        let held = self.held();
        if let Some(held) = held.clone().filter(|held| held.is_fresh(now)) {
            return Ok(held);
        }
        let good = held.filter(|held| held.is_good(now));
        let renewals = self.renewals.load(Ordering::SeqCst);
        // Who holds credentials that are still good does not wait for another's renewal.
        let mut latest = match &good {
            None => self.renewing.lock().await,
            Some(good) => match self.renewing.try_lock() {
                Ok(latest) if !latest.as_ref().is_some_and(|latest| latest.is_recent(now)) => {
                    latest
                }
                _ => return Ok(good.clone()),
            },
        };
        let now = transport.clock.now();
        if let Some(renewed) = self.held().filter(|held| held.is_fresh(now)) {
            return Ok(renewed);
        }
        if let Some(Renewal { failure: Some(failure), .. }) = latest.as_ref().filter(|latest| {
            // Who waited for a renewal shares its failure; who comes later asks again, unless the answer was no.
            self.renewals.load(Ordering::SeqCst) != renewals
                || latest.is_recent(now) && latest.failure.as_ref().is_some_and(is_no)
        }) {
            return Err(failure.copy().without_credentials());
        }
        let result = self.ask(transport).await;
        self.renewals.fetch_add(1, Ordering::SeqCst);
        let failure = result.as_ref().err().map(Error::copy);
        *latest = Some(Renewal { begun: now, failure });
        match (result, good) {
            (Ok(provided), _) => {
                tracing::debug!(origin = provided.origin, "credentials found");
                let held = Arc::new(Held::new(provided, transport.clock.now()));
                self.hold(Some(held.clone()));
                transport.credentials_changed().await;
                Ok(held)
            }
            (Err(error), Some(old)) => {
                tracing::warn!(%error, "the credentials could not be renewed; the old ones are good for a while");
                Ok(old)
            }
            (Err(error), None) => Err(error.without_credentials()),
        }
    }

    async fn ask(&self, transport: &Transport) -> Result<Provided> {
        let provided = self.provider.provide(&Http::new(transport)).await?;
        let provided = provided.ok_or_else(|| {
            Error::credentials(format_args!(
                "no credentials were found; looked at: {}",
                self.provider.name()
            ))
        })?;
        match provided.credentials.problem() {
            Some(problem) => Err(Error::credentials(problem).at(provided.origin)),
            None => Ok(provided),
        }
    }

    /// Whether a call that was made with these is worth another try with new ones.
    pub(crate) fn renews(&self, used: &Arc<Held>, error: &Error) -> bool {
        if error.status() != Some(401) || used.expires_at.is_none() {
            return false;
        }
        if self.held().is_some_and(|held| Arc::ptr_eq(&held, used)) {
            self.hold(None);
        }
        true
    }

    /// What is in use, if calls were made.
    pub(crate) fn held(&self) -> Option<Arc<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hold(&self, held: Option<Arc<Held>>) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
    }
}

/// Whether the credentials that were to bring others were turned down: trying them again and again may lock them.
fn is_no(error: &Error) -> bool {
    error.delivery() == Delivery::Refused && !error.is_throttled()
}
