//! Flags and environment become one set of settings here, where defaults and conflicts meet.

use std::{path::PathBuf, time::Duration};

use cph::Profile;

use crate::{
    Console,
    args::Global,
    env,
    exit::Failure,
    output::{ColorWhen, Format},
    wire_log::WireLog,
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
    pub(crate) wire_log: Option<WireLog>,
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
            wire_log: global.wire_log.clone().map(WireLog::new),
        }
    }
}

/// Where the calls go, and as whom.
#[derive(Debug)]
pub(crate) enum Service {
    Real {
        region: Option<String>,
        endpoint: Option<String>,
        project: Option<String>,
        profile: Option<String>,
        /// What the library looks up by itself: project, endpoints, keys.
        variables: cph::Environment,
        /// Where run files are kept, if there is a home for them.
        run_files: Option<PathBuf>,
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
                    ("--profile", global.profile.is_some()),
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
        // A region that is typed means its own endpoint, whatever the environment says.
        let endpoint = match (global.endpoint, &global.region) {
            (None, None) => env::value(environment, env::ENDPOINT)?,
            (endpoint, _) => endpoint,
        };
        let region = match global.region {
            None => env::value(environment, env::REGION)?,
            given => given,
        };
        let variables = env::of_library(environment, region.as_deref());
        let Global { project, profile, .. } = global;
        let run_files = env::run_files(environment);
        Ok(Self::Real { region, endpoint, project, profile, variables, run_files })
    }
}

/// Where the settings of [`Service`] come from, in the words of `cph doctor`.
#[derive(Debug)]
pub(crate) struct Origins {
    pub(crate) region: String,
    pub(crate) endpoint: String,
    pub(crate) project: String,
}

impl Origins {
    pub(crate) fn of(global: &Global, environment: env::Environment<'_>) -> Self {
        #[cfg(feature = "sim")]
        if global.sim.is_some() {
            let sim = || "--sim".to_owned();
            return Self { region: sim(), endpoint: sim(), project: sim() };
        }
        let set = |name: &str| env::is_set(environment, name).then(|| name.to_owned());
        let given = |given: &Option<String>, flag: &str| given.as_ref().map(|_| flag.to_owned());
        let typed_region = given(&global.region, "--region");
        let region = global.region.clone().or_else(|| env::value(environment, env::REGION).ok()?);
        // What is wrong with the file is said by whoever opens the session.
        let variables = env::of_library(environment, region.as_deref());
        let profile = Profile::read(&variables, global.profile.as_deref()).ok().flatten();
        let in_profile = |read: fn(&Profile) -> Option<&str>| {
            let profile = profile.as_ref().filter(|profile| read(profile).is_some())?;
            Some(format!("[{}] of {}", profile.name(), profile.path().display()))
        };
        let named = |found: Option<String>| found.filter(|_| global.profile.is_some());
        let endpoint_variable = region.as_deref().map(cph::Environment::endpoint_name);
        Self {
            endpoint: given(&global.endpoint, "--endpoint")
                .or_else(|| set(env::ENDPOINT).filter(|_| typed_region.is_none()))
                .or_else(|| named(in_profile(Profile::endpoint)))
                .or_else(|| endpoint_variable.and_then(|name| set(&name)))
                .or_else(|| in_profile(Profile::endpoint))
                .unwrap_or_else(|| "the region".to_owned()),
            project: given(&global.project, "--project")
                .or_else(|| named(in_profile(Profile::project)))
                .or_else(|| set("HUAWEICLOUD_SDK_PROJECT_ID"))
                .or_else(|| in_profile(Profile::project))
                .unwrap_or_else(|| "looked up by the region's name".to_owned()),
            region: typed_region
                .or_else(|| set(env::REGION))
                .or_else(|| in_profile(Profile::region))
                .unwrap_or_else(|| "nowhere".to_owned()),
        }
    }
}

/// Phones of a simulation, where nobody says how many.
#[cfg(feature = "sim")]
pub(crate) const DEFAULT_PHONES: usize = 100;
