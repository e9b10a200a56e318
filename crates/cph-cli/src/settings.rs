//! Flags and environment become one set of settings here, where defaults and conflicts meet.

#[cfg(feature = "sim")]
use std::path::PathBuf;
use std::time::Duration;

use cph::Credentials;

use crate::{
    Console,
    args::Global,
    env,
    exit::Failure,
    output::{ColorWhen, Format},
};

/// How a command shows what it has.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) format: Format,
    /// Whether the data is coloured.
    pub(crate) color: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
    pub(crate) show_personal: bool,
    pub(crate) call_timeout: Option<Duration>,
}

impl Settings {
    pub(crate) fn resolve(
        global: &Global,
        environment: env::Environment<'_>,
        console: &Console<'_>,
    ) -> Self {
        let color = match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => console.out_is_terminal && !env::is_set(environment, env::NO_COLOR),
        };
        Self {
            format: global.format.unwrap_or_default(),
            color,
            quiet: global.quiet,
            verbose: global.verbose,
            show_personal: global.show_personal,
            call_timeout: global.call_timeout,
        }
    }
}

/// Where the calls go, and as whom.
#[derive(Debug)]
pub(crate) enum Service {
    Real {
        region: Option<String>,
        endpoint: Option<String>,
        project: String,
        credentials: Credentials,
    },
    #[cfg(feature = "sim")]
    Simulated { phones: usize, fleet: Option<PathBuf> },
}

impl Service {
    /// Only for commands that call the service: the others need no keys.
    pub(crate) fn resolve(
        global: Global,
        environment: env::Environment<'_>,
    ) -> Result<Self, Failure> {
        #[cfg(feature = "sim")]
        match (global.sim, &global.fleet) {
            (Some(phones), fleet) => {
                let others = [
                    ("--region", global.region.is_some()),
                    ("--project", global.project.is_some()),
                    ("--endpoint", global.endpoint.is_some()),
                    (
                        "a number of phones when there is --fleet",
                        phones.is_some() && fleet.is_some(),
                    ),
                ];
                let problems: Vec<_> = others
                    .into_iter()
                    .filter(|(_, given)| *given)
                    .map(|(what, _)| {
                        format!("--sim does not go with {what}: leave one of them out")
                    })
                    .collect();
                return if problems.is_empty() {
                    Ok(Self::Simulated {
                        phones: phones.unwrap_or(DEFAULT_PHONES),
                        fleet: global.fleet,
                    })
                } else {
                    Err(Failure::Usage(problems))
                };
            }
            (None, Some(_)) => {
                return Err(Failure::usage("--fleet is for --sim and `cph sim serve`: add --sim"));
            }
            (None, None) => {}
        }
        let mut problems = Vec::new();
        // A region that is typed means its own endpoint, whatever the environment says.
        let endpoint = match (global.endpoint, &global.region) {
            (None, None) => env::value(environment, env::ENDPOINT)?,
            (endpoint, _) => endpoint,
        };
        let or_from_env = |given: Option<String>, name| match given {
            None => env::value(environment, name),
            given => Ok(given),
        };
        let region = or_from_env(global.region, env::REGION)?;
        if region.is_none() && endpoint.is_none() {
            problems.push(format!(
                "no region is given: pass --region or set {}, or name an endpoint with --endpoint or {}",
                env::REGION,
                env::ENDPOINT
            ));
        }
        let project = or_from_env(global.project, env::PROJECT)?;
        if project.is_none() {
            problems.push(format!("no project is given: pass --project or set {}", env::PROJECT));
        }
        let access_key = env::value(environment, env::ACCESS_KEY)?;
        let secret_key = env::value(environment, env::SECRET_KEY)?;
        for (what, name, value) in [
            ("access key", env::ACCESS_KEY, &access_key),
            ("secret key", env::SECRET_KEY, &secret_key),
        ] {
            if value.is_none() {
                problems.push(format!("no {what} is given: set {name}; there is no flag for it"));
            }
        }
        let (Some(project), Some(access_key), Some(secret_key), true) =
            (project, access_key, secret_key, problems.is_empty())
        else {
            return Err(Failure::Usage(problems));
        };
        let mut credentials = Credentials::access_key(access_key, secret_key);
        if let Some(token) = env::value(environment, env::SECURITY_TOKEN)? {
            credentials = credentials.security_token(token);
        }
        Ok(Self::Real { region, endpoint, project, credentials })
    }
}

/// Phones of a simulation, where nobody says how many.
#[cfg(feature = "sim")]
pub(crate) const DEFAULT_PHONES: usize = 100;
