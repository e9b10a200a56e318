//! Several sources of credentials, one after the other.

use super::{
    Environment, EnvironmentCredentials, Http, MetadataCredentials, ProfileCredentials, Provide,
    ProvideCredentials,
};
use crate::Result;

/// Sources that are asked in turn until one has credentials. One that is absent is stepped over; one that is broken ends
/// the search with its error, since the next would call as somebody else.
///
/// ```
/// use cph::{Chain, Environment, ProvideCredentials};
///
/// let chain = Chain::standard(&Environment::of_process());
/// assert_eq!(chain.name(), "environment, profile, metadata service");
/// ```
#[derive(Debug)]
pub struct Chain {
    links: Vec<Box<dyn ProvideCredentials>>,
    name: String,
}

impl Chain {
    /// Begins with this source.
    pub fn of(first: impl ProvideCredentials) -> Self {
        Self { name: first.name().to_owned(), links: vec![Box::new(first)] }
    }

    /// Asks this source if all before it are absent.
    #[must_use]
    pub fn then(mut self, next: impl ProvideCredentials) -> Self {
        self.name = format!("{}, {}", self.name, next.name());
        self.links.push(Box::new(next));
        self
    }

    /// As the vendor's tools do: the environment, the credentials file, the metadata service of a cloud server.
    pub fn standard(environment: &Environment) -> Self {
        Self::of(EnvironmentCredentials::new(environment.clone()))
            .then(ProfileCredentials::new(environment.clone()))
            .then(MetadataCredentials::new())
    }
}

impl ProvideCredentials for Chain {
    /// The names of all links, in their order.
    fn name(&self) -> &str {
        &self.name
    }

    /// A link that another comes before may never be asked, so only the first is held to it.
    fn check(&self) -> Result<()> {
        self.links
            .iter()
            .take(1)
            .try_for_each(|link| link.check().map_err(|error| error.at(link.name())))
    }

    fn provide<'a>(&'a self, http: &'a Http<'a>) -> Provide<'a> {
        Box::pin(async move {
            for link in &self.links {
                let found = link.provide(http).await.map_err(|error| error.at(link.name()))?;
                if found.is_some() {
                    return Ok(found);
                }
                tracing::debug!(source = link.name(), "no credentials there");
            }
            Ok(None)
        })
    }
}
