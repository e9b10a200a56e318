//! The HTTP clients that sockets are reached through: certificates, proxies, and which of them a request takes.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use hyper_util::client::proxy::matcher::Matcher;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::{Error, Problem, Result, endpoint};

/// Idle connections are closed after this, well before a server would.
const POOL_IDLE: Duration = Duration::from_secs(5);

/// Through what other machines are reached.
#[derive(Clone, Default)]
pub(crate) enum Proxy {
    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    Environment,
    Nothing,
    /// This one; its URL may hold a password.
    Url(String),
}

/// By which certificates servers are known.
#[derive(Debug, Clone, Default)]
pub(crate) enum Roots {
    /// Those of the system.
    #[default]
    System,
    /// Those in a PEM file.
    File(PathBuf),
    /// None: there is no TLS. Then a machine without certificates will do.
    Nothing,
}

/// Clients for what a request needs.
pub(crate) struct Clients {
    to_others: Pair,
    /// Past every proxy.
    to_here: Pair,
}

struct Pair {
    /// Keeps connections. One that the server closes just as a request goes out loses the request.
    pooled: reqwest::Client,
    /// Connects anew for every request, for those whose loss could not be made good by sending them again.
    fresh: reqwest::Client,
}

impl Clients {
    pub(crate) fn new(roots: Roots, proxy: &Proxy, connect_timeout: Duration) -> Result<Self> {
        let tls = roots.tls()?;
        let client = |proxy: &Proxy, idle_connections| {
            // No redirects, no retries of its own.
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .http1_only()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(connect_timeout)
                .pool_idle_timeout(POOL_IDLE)
                .pool_max_idle_per_host(idle_connections)
                .referer(false)
                .user_agent(concat!("cph/", env!("CARGO_PKG_VERSION")));
            let builder = match proxy {
                Proxy::Environment => builder,
                Proxy::Nothing => builder.no_proxy(),
                Proxy::Url(url) => builder.proxy(reqwest::Proxy::all(url).map_err(unusable)?),
            };
            builder.build().map_err(unusable)
        };
        let pair = |proxy| {
            Ok::<_, Error>(Pair { pooled: client(proxy, usize::MAX)?, fresh: client(proxy, 0)? })
        };
        Ok(Self { to_others: pair(proxy)?, to_here: pair(&Proxy::Nothing)? })
    }

    /// The client for a request. A proxy is for other machines.
    pub(crate) fn of(&self, uri: &http::Uri, idempotent: bool) -> &reqwest::Client {
        let is_here = uri.host().is_some_and(endpoint::is_here);
        let pair = if is_here { &self.to_here } else { &self.to_others };
        if idempotent { &pair.pooled } else { &pair.fresh }
    }

    /// For whoever only builds requests.
    pub(crate) fn any(&self) -> &reqwest::Client {
        &self.to_here.pooled
    }
}

/// What lies behind may quote a proxy's password.
fn unusable(_: reqwest::Error) -> Error {
    Error::configuration(vec![Problem::new("no HTTP client can be set up")])
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clients")
    }
}

impl Proxy {
    /// The proxy to an address, without its user and password, as the HTTP client finds it.
    pub(crate) fn to(&self, uri: &http::Uri) -> Option<String> {
        if uri.host().is_none_or(endpoint::is_here) {
            return None;
        }
        let proxies = match self {
            Self::Environment => Matcher::from_system(),
            Self::Nothing => return None,
            Self::Url(url) => Matcher::builder().all(url.as_str()).build(),
        };
        let proxy = proxies.intercept(uri)?;
        let address = proxy.uri().authority()?.as_str();
        let host = address.rsplit_once('@').map_or(address, |(_, host)| host);
        Some(format!("{}://{host}", proxy.uri().scheme_str()?))
    }

    pub(crate) fn check(&self) -> Result<(), Problem> {
        let Self::Url(text) = self else { return Ok(()) };
        let url = url::Url::parse(text).ok();
        let is_good = url
            .is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            && reqwest::Proxy::all(text).is_ok();
        if is_good {
            Ok(())
        } else {
            Err(Problem::new("the proxy is no URL; write it as http://HOST:PORT"))
        }
    }
}

impl Roots {
    fn tls(self) -> Result<rustls::ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions();
        let tls = match self {
            Self::System => {
                tls.and_then(rustls_platform_verifier::BuilderVerifierExt::with_platform_verifier)
            }
            Self::File(path) => {
                let store = read(&path)
                    .map_err(|problem| Error::configuration(vec![Problem::new(problem)]))?;
                tls.map(|tls| tls.with_root_certificates(store))
            }
            Self::Nothing => {
                tls.map(|tls| tls.with_root_certificates(rustls::RootCertStore::empty()))
            }
        };
        let no_roots = |error| {
            Error::configuration(vec![Problem::new(
                "the system has no usable CA certificates to check the service with; install the package ca-certificates",
            )])
            .caused_by(error)
        };
        Ok(tls.map_err(no_roots)?.with_no_client_auth())
    }
}

fn read(path: &std::path::Path) -> Result<rustls::RootCertStore, String> {
    let unusable = |error: &dyn fmt::Display| {
        format!("the CA file {} cannot be used: {error}", path.display())
    };
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(&error))? {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        store.add(certificate).map_err(|error| unusable(&error))?;
    }
    if store.is_empty() { Err(unusable(&"it holds no certificate")) } else { Ok(store) }
}
