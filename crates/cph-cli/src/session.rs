//! A client that is ready to call, and the clock that it lives by.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use cph::{Client, ClientBuilder, Clock, SystemClock};

use crate::{
    env,
    exit::Failure,
    settings::{Service, Settings},
};

/// Commands that call the service get one of these.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    clock: Box<dyn Clock>,
    pub(crate) is_simulated: bool,
    /// Where run files are kept unless one is named; nowhere for a simulation, which ends with the command.
    pub(crate) run_files: RunFiles,
}

/// Where run files are kept.
#[derive(Debug)]
pub(crate) enum RunFiles {
    In(PathBuf),
    /// They are to be kept, and nobody knows where.
    NoHome,
    #[cfg(feature = "sim")]
    None,
}

impl Session {
    pub(crate) async fn open(service: Service, settings: &Settings) -> Result<Self, Failure> {
        let mut builder = Client::builder();
        if let Some(timeout) = settings.call_timeout {
            let attempt = timeout.min(Duration::from_mins(1));
            let connect = timeout.min(Duration::from_secs(10));
            builder =
                builder.call_timeout(timeout).attempt_timeout(attempt).connect_timeout(connect);
        }
        if let Some(wire_log) = &settings.wire_log {
            builder = wire_log.attach(builder)?;
        }
        let has_place = match &service {
            Service::Real { region, endpoint, profile, .. } => {
                region.is_some() || endpoint.is_some() || profile.is_some()
            }
            #[cfg(feature = "sim")]
            Service::Simulated { .. } => true,
        };
        let (builder, clock, run_files): (_, Box<dyn Clock>, _) = match service {
            Service::Real { region, endpoint, project, profile, variables, run_files } => {
                builder = builder.environment(variables);
                builder = region.into_iter().fold(builder, ClientBuilder::region);
                builder = endpoint.into_iter().fold(builder, ClientBuilder::endpoint);
                builder = project.into_iter().fold(builder, ClientBuilder::project);
                builder = profile.into_iter().fold(builder, ClientBuilder::profile);
                let run_files = run_files.map_or(RunFiles::NoHome, RunFiles::In);
                (builder, Box::new(SystemClock), run_files)
            }
            #[cfg(feature = "sim")]
            Service::Simulated { phones, fleet } => {
                let (builder, clock) = crate::simulator::attach(builder, phones, fleet.as_deref())?;
                (builder, Box::new(clock), RunFiles::None)
            }
        };
        #[cfg(feature = "sim")]
        let is_simulated = matches!(run_files, RunFiles::None);
        #[cfg(not(feature = "sim"))]
        let is_simulated = false;
        let client = Box::pin(builder.connect()).await.map_err(|error| {
            let mut failure = Failure::to("set up the client")(error);
            if let (Failure::Usage(problems), false) = (&mut failure, has_place) {
                problems.push(format!(
                    "pass --region or --endpoint, or set {} or {}",
                    env::REGION,
                    env::ENDPOINT
                ));
            }
            failure
        })?;
        Ok(Self { client, clock, is_simulated, run_files })
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Such as `in cn-north-4 at https://…, project 0f51…`.
    pub(crate) fn place(&self) -> String {
        let (client, simulated) =
            (&self.client, if self.is_simulated { " (simulator)" } else { "" });
        let region = client.region().map(|region| format!("in {region} "));
        format!(
            "{}at {}, project {}{simulated}",
            region.unwrap_or_default(),
            client.endpoint(),
            client.project()
        )
    }
}
