//! `cph phone restart` and `cph phone start`.

use std::collections::HashMap;

use cph::PhoneStatus;
use serde_json::Value;

use super::{Context, counted, follow, phones, selection::Selection};
use crate::{Console, Exit, args::Restart, confirm::confirm, exit::Failure};

/// More phones than this are not restarted without asking.
const ASK_ABOVE: usize = 10;

/// The two things that the vendor's restart call does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verb {
    Restart,
    Start,
}

impl Verb {
    fn plain(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Start => "start",
        }
    }

    fn going_on(self) -> &'static str {
        match self {
            Self::Restart => "restarting",
            Self::Start => "starting",
        }
    }

    /// What phones are doing that it selects.
    pub(super) fn acts_on(self) -> PhoneStatus {
        match self {
            Self::Restart => PhoneStatus::Running,
            Self::Start => PhoneStatus::ShutDown,
        }
    }
}

pub(super) async fn run(
    context: Context<'_>,
    verb: Verb,
    args: &Restart,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let Context { session, settings } = context;
    if args.no_wait && session.is_simulated {
        return Err(Failure::usage(
            "--no-wait leaves jobs behind, and the simulation of --sim ends with the command: \
             use a simulator that stays, with `cph sim serve`",
        ));
    }
    let selection = Selection::gather(context, verb, args, console).await?;
    let restart = prepare(context, &selection, args);
    let bodies = restart.dry_run().map_err(|error| selection.refused(error))?;
    if args.dry_run {
        return dry_run(context, verb, &selection, bodies, console);
    }
    let heading = format!("{} {}", selection.what(), session.place());
    let count = selection.targets.len();
    let is_much = count > ASK_ABOVE || count > 0 && selection.servers.is_some();
    if is_much && !args.yes {
        let question = format!("{} {heading}", verb.plain());
        if !confirm(console, &question)? {
            console.note("nothing was sent");
            return Ok(Exit::Usage);
        }
    }
    if !settings.quiet && count > 0 {
        console.note(format_args!("{} {heading}", verb.going_on()));
    }
    follow::follow(context, restart, args.no_wait, &selection, console).await
}

fn prepare(context: Context<'_>, selection: &Selection, args: &Restart) -> cph::Restart {
    let mut restart = context.session.client.phones().restart(selection.targets.iter().cloned());
    if let Some(image) = &selection.image {
        restart = restart.image(image);
    }
    if let Some(batch) = args.batch {
        restart = restart.batch(batch);
    }
    if let Some(calls) = args.in_flight {
        restart = restart.in_flight(calls);
    }
    if let Some(phones) = args.max_down {
        restart = restart.max_down(phones);
    }
    if let Some(until) = args.until {
        restart = restart.deadline(until);
    }
    if args.no_wait {
        // One look settles what was accepted.
        restart.job_timeout(std::time::Duration::ZERO)
    } else if let Some(timeout) = args.job_timeout {
        restart.job_timeout(timeout)
    } else {
        restart
    }
}

/// Prints what would be sent.
fn dry_run(
    context: Context<'_>,
    verb: Verb,
    selection: &Selection,
    mut bodies: Vec<Value>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    if context.settings.show_personal {
        reveal(&mut bodies, selection);
    }
    for (part, body) in (1..).zip(&bodies) {
        serde_json::to_writer(&mut *console.out, body).map_err(std::io::Error::from)?;
        writeln!(console.out)?;
        if !context.settings.quiet {
            let count = body["phones"].as_array().map_or(0, Vec::len);
            console.note(format_args!("part {part}: {}", phones(count)));
        }
    }
    console.out.flush()?;
    if !context.settings.quiet {
        console.note(format_args!(
            "would {} {} {}, in {}{}; nothing was sent",
            verb.plain(),
            selection.what(),
            context.session.place(),
            counted(bodies.len(), "part"),
            selection.passed_over()
        ));
    }
    Ok(Exit::Done)
}

/// Puts the property texts back that the library masked.
fn reveal(bodies: &mut [Value], selection: &Selection) {
    let texts: HashMap<&str, &str> = selection
        .targets
        .iter()
        .filter_map(|target| Some((target.phone_id(), target.property()?.as_str())))
        .collect();
    for phone in bodies.iter_mut().filter_map(|body| body["phones"].as_array_mut()).flatten() {
        if let Some(text) = phone["phone_id"].as_str().and_then(|id| texts.get(id)) {
            phone["property"] = (*text).into();
        }
    }
}
