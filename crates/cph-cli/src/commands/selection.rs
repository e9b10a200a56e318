//! Which phones a changing command is about.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
    pin::pin,
};

use cph::{
    Batch, BatchKind, Limit, Outcome, PhoneStatus, Properties, RestartTarget, Survey, Target as _,
};
use futures_util::TryStreamExt as _;

use super::{
    Context, counted,
    perform::{About, Verb, perform},
    phones,
};
use crate::{
    Console, Exit,
    args::{Only, PhonePace, Which},
    exit::Failure,
    input::{self, Input, Recorded},
};

/// More phones than this are looked up before they are sent, so that the servers take turns and nobody is sent who cannot be.
pub(super) const SURVEY_ABOVE: usize = 100;

/// The phones, and what there is to know about them as a whole.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) targets: Vec<RestartTarget>,
    pub(super) image: Option<String>,
    /// The file that names them.
    file: Option<input::Source>,
    /// Where they are and what they are doing, where they were listed.
    survey: Option<Survey>,
    /// Whether the command listed them, and nobody named them.
    is_listed: bool,
    /// Whether they are those of an earlier run, which may have had more for them than another command takes.
    is_recorded: bool,
    /// Listed phones that the command is not for, by what they are doing.
    passed_over: BTreeMap<String, usize>,
}

impl Selection {
    /// The phones that are named, or those of the project or of some servers that are in the state the command is for.
    pub(super) async fn gather(
        context: Context<'_>,
        acts_on: PhoneStatus,
        args: &Which,
        pace: &PhonePace,
        console: &mut Console<'_>,
    ) -> Result<Self, Failure> {
        let mut selection = Self::named_or_listed(context, acts_on, args, console).await?;
        let is_looked_up = pace.per_server.is_some() || selection.targets.len() > SURVEY_ABOVE;
        if selection.survey.is_none() && is_looked_up {
            let survey = context.session.client.phones().survey().await;
            selection.survey = Some(survey.map_err(Failure::to("list phones"))?);
        }
        Ok(selection)
    }

    async fn named_or_listed(
        context: Context<'_>,
        acts_on: PhoneStatus,
        args: &Which,
        console: &mut Console<'_>,
    ) -> Result<Self, Failure> {
        if let (Some(path), false) = (&args.from, args.only.is_empty()) {
            Self::recorded(context, path, &args.only, console)
        } else if let Some(path) = &args.from {
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

    /// Phones of an earlier run.
    fn recorded(
        context: Context<'_>,
        path: &Path,
        only: &[Only],
        console: &mut Console<'_>,
    ) -> Result<Self, Failure> {
        let recorded = Recorded::read(path, only, &context.session.client)?;
        if !recorded.left_out.is_empty() && !context.settings.quiet {
            let left_out: Vec<&str> = recorded.left_out.iter().map(String::as_str).collect();
            console.note(format_args!(
                "{}: not taken over: {}",
                path.display(),
                left_out.join(", ")
            ));
        }
        if recorded.uncertain > 0 {
            console.note(format_args!(
                "of {} it is not known whether the earlier run has reached them: it may happen to them a second time",
                phones(recorded.uncertain)
            ));
        }
        Ok(Self { targets: recorded.targets, is_recorded: true, ..Self::default() })
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
        let (mut selection, mut survey) = (Self::default(), Survey::default());
        let mut seen = HashSet::new();
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
                    survey.extend([&phone]);
                    selection.targets.push(RestartTarget::from(phone.phone_id));
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
        selection.survey = Some(survey);
        selection.is_listed = true;
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

    /// Performs a batch over these phones.
    pub(super) async fn perform<K: BatchKind<Outcome = Outcome>>(
        &self,
        context: Context<'_>,
        verb: &Verb,
        batch: Batch<K>,
        pace: &PhonePace,
        console: &mut Console<'_>,
    ) -> Result<Exit, Failure> {
        let about = About {
            verb,
            what: self.what(),
            passed_over: self.passed_over(),
            held_back: self.held_back(),
            is_listed: self.is_listed,
            file: self.file.as_ref(),
            per_server: pace.per_server,
            with_image: self
                .targets
                .iter()
                .filter(|target| self.image_of(target).is_some())
                .count(),
            images: self.images(),
        };
        let batch = self.survey.iter().fold(batch, Batch::survey);
        let batch = pace.per_server.into_iter().fold(batch, Batch::per_server);
        perform(context, batch, &about, &pace.pace, console).await
    }

    /// The image that a phone is to have.
    fn image_of<'a>(&'a self, target: &'a RestartTarget) -> Option<&'a str> {
        target.image_id().or(self.image.as_deref())
    }

    /// Every image that phones are to have, with the flavors of these phones where they are known.
    fn images(&self) -> BTreeSet<(&str, Option<&str>)> {
        let image = |target| {
            let survey = self.survey.as_ref();
            Some((self.image_of(target)?, survey.and_then(|survey| survey.flavor(target.id()))))
        };
        self.targets.iter().filter_map(image).collect()
    }

    /// Phones that will not be sent because of what they are doing, such as `; 2 held back (1 frozen, 1 restarting)`, or nothing.
    fn held_back(&self) -> String {
        let mut held_back = BTreeMap::new();
        for target in &self.targets {
            let survey = self.survey.as_ref();
            if let Some(status) = survey.and_then(|survey| survey.hindrance(target.id())) {
                *held_back.entry(status.to_string()).or_default() += 1;
            }
        }
        by_status(&held_back, "held back")
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
    pub(super) fn ids(&mut self, verb: &str) -> Result<Vec<String>, Failure> {
        if self.is_recorded {
            for target in &mut self.targets {
                *target = RestartTarget::new(target.phone_id());
            }
        }
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
        if let Some(survey) = &self.survey {
            let servers = self.targets.iter().filter_map(|target| survey.server(target.id()));
            let servers: HashSet<&str> = servers.collect();
            what = format!("{what} on {}", counted(servers.len(), "server"));
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
        by_status(&self.passed_over, "passed over")
    }
}

fn by_status(counts: &BTreeMap<String, usize>, what: &str) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let each: Vec<String> =
        counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    format!("; {} {what} ({})", counts.values().sum::<usize>(), each.join(", "))
}
