//! Which phones a changing command is about.

use std::{
    collections::{BTreeMap, HashSet},
    pin::pin,
};

use cph::{Limit, PhoneStatus, Properties, RestartTarget, ServerId};
use futures_util::TryStreamExt as _;

use super::{
    Context, counted,
    perform::{About, Verb},
    phones,
};
use crate::{
    Console,
    args::Which,
    exit::Failure,
    input::{self, Input},
};

/// The phones, and what there is to know about them as a whole.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) targets: Vec<RestartTarget>,
    pub(super) image: Option<String>,
    /// The file that names them.
    file: Option<input::Source>,
    /// How many servers they are on, where the phones were listed.
    servers: Option<usize>,
    /// Listed phones that the command is not for, by what they are doing.
    passed_over: BTreeMap<String, usize>,
}

impl Selection {
    /// The phones that are named, or those of the project or of some servers that are in the state the command is for.
    pub(super) async fn gather(
        context: Context<'_>,
        acts_on: PhoneStatus,
        args: &Which,
        console: &mut Console<'_>,
    ) -> Result<Self, Failure> {
        if let Some(path) = &args.from {
            let (file, read) = input::read(path, context.settings.quiet, console)?;
            let Input { targets, image, .. } = read;
            Ok(Self { targets, image, file: Some(file), ..Self::default() })
        } else if args.ids.is_empty() {
            Self::list(context, args.status.unwrap_or(acts_on), args).await
        } else {
            let targets = args.ids.iter().map(|id| RestartTarget::from(id.as_str())).collect();
            Ok(Self { targets, ..Self::default() })
        }
    }

    /// All phones of the project or of some servers. Pages may overlap when phones come and go, so each counts once.
    async fn list(
        context: Context<'_>,
        wanted: PhoneStatus,
        args: &Which,
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

    pub(super) fn set_image(&mut self, image: Option<&String>) -> Result<(), Failure> {
        match (&self.image, image) {
            (Some(theirs), Some(ours)) if theirs != ours => Err(Failure::usage(format!(
                "--image says {ours}, the file says {theirs}; leave one of them out"
            ))),
            (_, ours) => {
                self.image = ours.cloned().or(self.image.take());
                Ok(())
            }
        }
    }

    /// The words around a batch over these phones.
    pub(super) fn about<'a>(&'a self, verb: &'a Verb) -> About<'a> {
        About {
            verb,
            what: self.what(),
            passed_over: self.passed_over(),
            is_listed: self.servers.is_some(),
            file: self.file.as_ref(),
        }
    }

    /// Puts properties under the phones' own. A text that lacks none of the keys stays as it is, byte for byte.
    pub(super) fn set_properties(
        &mut self,
        set: &[(String, String)],
        operation: &str,
    ) -> Result<(), Failure> {
        let mut common = Properties::new();
        for (key, value) in set {
            // As a column of a file is called.
            let key = key.strip_prefix("property.").unwrap_or(key);
            if common.contains(key) {
                return Err(Failure::usage(format!("--set gives {key} twice")));
            }
            common = common.set(key, value);
        }
        if common.is_empty() {
            return Ok(());
        }
        let limit = |limit: &&Limit| (limit.operation, limit.name) == (operation, "property_bytes");
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

    /// The ids alone, for a command that has no room for more.
    pub(super) fn ids(&self, verb: &str) -> Result<Vec<String>, Failure> {
        self.refuse_images(verb)?;
        let with_more = self.targets.iter().find(|target| target.property().is_some());
        self.refuse(verb, "properties", with_more)?;
        Ok(self.targets.iter().map(|target| target.phone_id().to_owned()).collect())
    }

    /// For a command that changes no image.
    pub(super) fn refuse_images(&self, verb: &str) -> Result<(), Failure> {
        let has_image =
            |target: &&RestartTarget| self.image.is_some() || target.image_id().is_some();
        self.refuse(verb, "an image", self.targets.iter().find(has_image))
    }

    fn refuse(
        &self,
        verb: &str,
        what: &str,
        target: Option<&RestartTarget>,
    ) -> Result<(), Failure> {
        let Some(target) = target else { return Ok(()) };
        Err(Failure::usage(format!(
            "{}: phone {} comes with {what}, and to {verb} phones takes none; leave it out; nothing was sent",
            self.file.as_ref().map_or("the input", input::Source::name),
            target.phone_id()
        )))
    }

    /// Such as `250 phones on 5 servers with image 1564…`.
    fn what(&self) -> String {
        let mut what = phones(self.targets.len());
        if let Some(servers) = self.servers {
            what = format!("{what} on {}", counted(servers, "server"));
        }
        if let Some(image) = &self.image {
            what = format!("{what} with image {image}");
        }
        let own = self.targets.iter().filter(|target| target.image_id().is_some()).count();
        if own > 0 {
            what = format!("{what}, {own} with an image of their own");
        }
        what
    }

    /// Such as `; 3 passed over (2 shut down, 1 frozen)`, or nothing.
    fn passed_over(&self) -> String {
        if self.passed_over.is_empty() {
            return String::new();
        }
        let each: Vec<String> =
            self.passed_over.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let all: usize = self.passed_over.values().sum();
        format!("; {all} passed over ({})", each.join(", "))
    }
}
