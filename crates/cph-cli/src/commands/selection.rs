//! Which phones a changing command is about.

use std::{
    collections::{BTreeMap, HashSet},
    pin::pin,
};

use cph::{Limit, PhoneStatus, Properties, RestartTarget, ServerId};
use futures_util::TryStreamExt as _;

use super::{Context, counted, phones, restart::Verb};
use crate::{Console, args::Restart, exit::Failure, input};

/// The phones, and what there is to know about them as a whole.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) targets: Vec<RestartTarget>,
    pub(super) image: Option<String>,
    /// The file that names them.
    file: Option<String>,
    /// How many servers they are on, where the phones were listed.
    pub(super) servers: Option<usize>,
    /// Listed phones that the command is not for, by what they are doing.
    passed_over: BTreeMap<String, usize>,
}

impl Selection {
    pub(super) async fn gather(
        context: Context<'_>,
        verb: Verb,
        args: &Restart,
        console: &mut Console<'_>,
    ) -> Result<Self, Failure> {
        let mut selection = if let Some(path) = &args.from {
            let (file, read) = input::read(path, console)?;
            Self { targets: read.targets, image: read.image, file: Some(file), ..Self::default() }
        } else if args.ids.is_empty() {
            Self::list(context, args.status.unwrap_or(verb.acts_on()), args).await?
        } else {
            let targets = args.ids.iter().map(|id| RestartTarget::from(id.as_str())).collect();
            Self { targets, ..Self::default() }
        };
        selection.set_image(args)?;
        selection.set_properties(&args.set)?;
        if let Some(expected) = &args.expect
            && !expected.0.contains(&selection.targets.len())
        {
            return Err(Failure::usage(format!(
                "{} selected{}, {expected} expected; nothing was sent",
                phones(selection.targets.len()),
                selection.passed_over()
            )));
        }
        Ok(selection)
    }

    /// All phones of the project or of some servers. Pages may overlap when phones come and go, so each counts once.
    async fn list(
        context: Context<'_>,
        wanted: PhoneStatus,
        args: &Restart,
    ) -> Result<Self, Failure> {
        let all = context.session.client.phones().list();
        let all = match &args.name {
            Some(name) => all.name(name),
            None => all,
        };
        let queries: Vec<_> = if args.all {
            vec![(None, all)]
        } else {
            args.server.iter().map(|server| (Some(server), all.clone().server(server))).collect()
        };
        let mut selection = Self::default();
        let (mut seen, mut servers) = (HashSet::new(), HashSet::<ServerId>::new());
        let mut problems = Vec::new();
        for (server, query) in queries {
            let mut listed = pin!(query.stream());
            let mut is_empty = true;
            while let Some(phone) = listed.try_next().await.map_err(Failure::to("list phones"))? {
                is_empty = false;
                if !seen.insert(phone.phone_id.clone()) {
                    continue;
                }
                if phone.status == wanted {
                    selection.targets.push(RestartTarget::from(phone.phone_id));
                    servers.extend(phone.server_id);
                } else {
                    *selection.passed_over.entry(phone.status.to_string()).or_default() += 1;
                }
            }
            // A mistyped server would look like a success.
            if let (Some(server), true) = (server, is_empty) {
                let such = if args.name.is_some() { "such phones" } else { "phones" };
                problems.push(format!(
                    "server {server} has no {such} in this project, or is none; nothing was sent"
                ));
            }
        }
        if !problems.is_empty() {
            return Err(Failure::Usage(problems));
        }
        selection.servers = Some(servers.len());
        Ok(selection)
    }

    fn set_image(&mut self, args: &Restart) -> Result<(), Failure> {
        match (&self.image, &args.image) {
            (Some(theirs), Some(ours)) if theirs != ours => Err(Failure::usage(format!(
                "--image says {ours}, the file says {theirs}; leave one of them out"
            ))),
            (_, ours) => {
                self.image = ours.clone().or(self.image.take());
                Ok(())
            }
        }
    }

    /// What is wrong with the phones, with the file that names them.
    pub(super) fn refused(&self, error: cph::Error) -> Failure {
        match (Failure::to("check the phones")(error), &self.file) {
            (Failure::Usage(problems), Some(file)) => {
                let named = |problem: String| {
                    if problem.starts_with("phone ") {
                        format!("{file}: {problem}")
                    } else {
                        problem
                    }
                };
                Failure::Usage(problems.into_iter().map(named).collect())
            }
            (failure, _) => failure,
        }
    }

    /// Puts properties under the phones' own. A text that lacks none of the keys stays as it is, byte for byte.
    fn set_properties(&mut self, set: &[(String, String)]) -> Result<(), Failure> {
        let mut common = Properties::new();
        for (key, value) in set {
            if common.contains(key) {
                return Err(Failure::usage(format!("--set gives {key} twice")));
            }
            common = common.set(key, value);
        }
        if common.is_empty() {
            return Ok(());
        }
        let limit = |limit: &&Limit| {
            (limit.operation, limit.name) == ("RestartCloudPhone", "property_bytes")
        };
        let max_bytes = Limit::all().iter().find(limit).map_or(usize::MAX, |limit| limit.value);
        common.to_text().check(max_bytes).map_err(|problems| {
            Failure::Usage(problems.iter().map(|problem| format!("--set: {problem}")).collect())
        })?;
        for target in &mut self.targets {
            // A text that cannot be read is refused with its reason when everything is checked.
            let Ok(mut own) =
                target.property().map_or(Ok(Properties::new()), cph::PropertyText::parse)
            else {
                continue;
            };
            if common.iter().any(|(key, _)| !own.contains(key)) {
                own.extend_missing(&common);
                *target = target.clone().properties(own);
            }
        }
        Ok(())
    }

    /// Such as `250 phones on 5 servers with image 1564…`.
    pub(super) fn what(&self) -> String {
        let mut what = phones(self.targets.len());
        if let Some(servers) = self.servers {
            what = format!("{what} on {}", counted(servers, "server"));
        }
        if let Some(image) = &self.image {
            what = format!("{what} with image {image}");
        }
        what
    }

    /// Such as `; 3 passed over (2 shut down, 1 frozen)`, or nothing.
    pub(super) fn passed_over(&self) -> String {
        if self.passed_over.is_empty() {
            return String::new();
        }
        let each: Vec<String> =
            self.passed_over.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let all: usize = self.passed_over.values().sum();
        format!("; {all} passed over ({})", each.join(", "))
    }
}
