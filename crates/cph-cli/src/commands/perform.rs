//! A batch from the command line: shown, asked about, sent and followed.

use std::{collections::BTreeSet, fmt, time::Duration};

use cph::{
    Asks, Batch, BatchKind, JobFamily, Operation, PhoneStatus, RunFile, Share, TargetOutcome,
};

use super::{Context, counted, follow};
use crate::{
    Console, Exit, args::Pace, confirm::confirm, env, exit::Failure, input::Source,
    session::RunFiles,
};

/// More targets than this are not changed without asking.
pub(super) const ASK_ABOVE: usize = 10;

/// An image for more phones than this goes in steps.
const CANARY_ABOVE: usize = 20;

/// What a command does, in the words that it uses.
#[derive(Debug)]
pub(super) struct Verb {
    /// `restart`.
    pub(super) plain: &'static str,
    /// `restarting`.
    pub(super) going_on: &'static str,
    /// What could not be done, after "failed to": `restart phones`.
    pub(super) doing: &'static str,
    /// What phones are doing that it selects; other targets are always named.
    pub(super) acts_on: PhoneStatus,
    /// Whether its jobs print something worth a column.
    pub(super) prints: bool,
}

impl Verb {
    /// What is done to running phones, or to targets that are no phones, without printing.
    pub(super) const fn new(
        plain: &'static str,
        going_on: &'static str,
        doing: &'static str,
    ) -> Self {
        Self { plain, going_on, doing, acts_on: PhoneStatus::Running, prints: false }
    }
}

/// What a batch is about, for the words around it.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) verb: &'a Verb,
    /// Such as `250 phones on 5 servers with image 1564…`.
    pub(super) what: String,
    /// Such as `; 3 passed over (2 shut down, 1 frozen)`, or nothing.
    pub(super) passed_over: String,
    /// The same for phones that will not be sent.
    pub(super) held_back: String,
    /// Whether the targets were listed and not named.
    pub(super) is_listed: bool,
    /// The file that names the targets.
    pub(super) file: Option<&'a Source>,
    pub(super) per_server: Option<usize>,
    /// How many phones are to have an image.
    pub(super) with_image: usize,
    /// Those images, with the flavors of the phones where they are known.
    pub(super) images: BTreeSet<(&'a str, Option<&'a str>)>,
}

impl<'a> About<'a> {
    /// Targets that were named one by one on the command line.
    pub(super) fn named(verb: &'a Verb, what: impl Into<String>) -> Self {
        Self {
            verb,
            what: what.into(),
            passed_over: String::new(),
            held_back: String::new(),
            is_listed: false,
            file: None,
            per_server: None,
            with_image: 0,
            images: BTreeSet::new(),
        }
    }
}

pub(super) async fn perform<K: BatchKind>(
    context: Context<'_>,
    batch: Batch<K>,
    about: &About<'_>,
    pace: &Pace,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let Context { session, settings } = context;
    if pace.no_wait && session.is_simulated {
        return Err(Failure::usage(
            "--no-wait leaves jobs behind, and the simulation of --sim ends with the command: \
             use a simulator that stays, with `cph sim serve`",
        ));
    }
    if let Some(expected) = &pace.expect
        && !expected.0.contains(&batch.len())
    {
        return Err(Failure::usage(format!(
            "{} selected{}, {expected} expected; nothing was sent",
            counted(batch.len(), K::Outcome::TARGET),
            about.passed_over
        )));
    }
    if pace.until.is_some_and(|until| until <= session.now()) {
        return Err(Failure::usage("--until is over already; nothing was sent"));
    }
    let brakes = Brakes::new(pace, about);
    let batch = brakes.put_on(paced(batch, pace));
    let steps = batch.steps().map_err(|error| refused(error, about.file))?;
    check_images(context, about).await?;
    if pace.dry_run {
        return dry_run(context, &batch, about, &brakes, &steps, console);
    }
    let verb = about.verb;
    let heading = format!("{} {}{brakes}", about.what, session.place());
    let asks = batch.operation().asks;
    let is_much = batch.len() > ASK_ABOVE
        || about.is_listed
        || asks.is_some()
        || K::Outcome::FAMILY != JobFamily::Phone;
    if is_much && !batch.is_empty() {
        let question = format!("{} {}", verb.plain, about.what);
        if !agreed(context, batch.operation(), &question, pace.yes, console)? {
            return Ok(Exit::Usage);
        }
    }
    let file = if batch.is_empty() { None } else { run_file(context, &batch, pace)? };
    if !settings.quiet && !batch.is_empty() {
        if let Some(file) = &file {
            console.note(format_args!("run file: {}", file.path().display()));
        }
        console.note(format_args!("{} {heading}", verb.going_on));
    }
    follow::follow(context, batch, file, about, pace.no_wait, console).await
}

/// The file that the run is kept in, unless it is simulated and none is named.
fn run_file<K: BatchKind>(
    context: Context<'_>,
    batch: &Batch<K>,
    pace: &Pace,
) -> Result<Option<RunFile>, Failure> {
    let session = context.session;
    let file = match (&pace.run, &session.run_files) {
        (Some(path), _) => RunFile::create(path, batch, session.is_simulated),
        (None, RunFiles::In(directory)) => RunFile::create_in(directory, batch, false),
        (None, RunFiles::NoHome) => {
            return Err(Failure::usage(format!(
                "there is no home for the run file: pass --run FILE, or set {}; nothing was sent",
                env::STATE_HOME
            )));
        }
        #[cfg(feature = "sim")]
        (None, RunFiles::None) => return Ok(None),
    };
    match file.map_err(Failure::to("keep the run")) {
        Ok(file) => Ok(Some(file)),
        Err(Failure::Usage(mut problems)) => {
            problems
                .push("without a run file nothing was sent; --run FILE names another".to_owned());
            Err(Failure::Usage(problems))
        }
        Err(failure) => Err(failure),
    }
}

/// Whether a person wants it so: asked on a terminal, or by `--yes`.
pub(super) fn agreed(
    context: Context<'_>,
    operation: &Operation,
    what: &str,
    yes: bool,
    console: &mut Console<'_>,
) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    let because = match operation.asks {
        Some(Asks::Erases) => " (it erases)",
        Some(Asks::Spends) => " (it costs money)",
        Some(Asks::Interrupts) => " (it interrupts whole servers)",
        _ => "",
    };
    let agreed = confirm(console, &format!("{what} {}{because}", context.session.place()))?;
    if !agreed {
        console.note("nothing was sent");
    }
    Ok(agreed)
}

fn paced<K: BatchKind>(mut batch: Batch<K>, pace: &Pace) -> Batch<K> {
    if let Some(targets) = pace.batch {
        batch = batch.batch(targets);
    }
    if let Some(calls) = pace.in_flight {
        batch = batch.in_flight(calls);
    }
    if let Some(until) = pace.until {
        batch = batch.deadline(until);
    }
    if pace.no_wait {
        // One look settles what was accepted.
        batch.job_timeout(Duration::ZERO)
    } else if let Some(timeout) = pace.job_timeout {
        batch.job_timeout(timeout)
    } else {
        batch
    }
}

/// What keeps a mistake from reaching everybody at once.
#[derive(Debug)]
struct Brakes {
    canary: Vec<Share>,
    max_errors: Option<Share>,
    max_down: Option<Share>,
    per_server: Option<usize>,
}

impl Brakes {
    /// Those that were asked for, and those that a new image for many phones comes with.
    fn new(pace: &Pace, about: &About<'_>) -> Self {
        const CANARY: [Share; 3] = [Share::Count(1), Share::Percent(10.0), Share::Percent(100.0)];
        const MAX_ERRORS: Share = Share::Percent(5.0);
        let canary = if pace.canary.is_empty() && about.with_image > CANARY_ABOVE && !pace.no_wait {
            CANARY.to_vec()
        } else {
            pace.canary.clone()
        };
        // Steps that nothing stops would be none.
        let max_errors = pace.max_errors.or((!canary.is_empty()).then_some(MAX_ERRORS));
        Self { canary, max_errors, max_down: pace.max_down, per_server: about.per_server }
    }

    /// The cap per server is the phones' own and on already.
    fn put_on<K: BatchKind>(&self, batch: Batch<K>) -> Batch<K> {
        let batch = batch.canary(self.canary.iter().copied());
        let batch = self.max_errors.into_iter().fold(batch, Batch::max_errors);
        self.max_down.into_iter().fold(batch, Batch::max_down)
    }
}

/// As flags, such as `; --canary 1,10%,100% --max-errors 5%`, or nothing.
impl fmt::Display for Brakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self.canary.iter().map(Share::to_string).collect();
        let flags = [
            ("--canary", (!steps.is_empty()).then(|| steps.join(","))),
            ("--max-errors", self.max_errors.map(|share| share.to_string())),
            ("--max-down", self.max_down.map(|share| share.to_string())),
            ("--per-server", self.per_server.map(|count| count.to_string())),
        ];
        let flags = flags.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
        for (place, (flag, value)) in flags.enumerate() {
            write!(f, "{} {flag} {value}", if place == 0 { ";" } else { "" })?;
        }
        Ok(())
    }
}

/// Whether phones can have the images that they are to have.
async fn check_images(context: Context<'_>, about: &About<'_>) -> Result<(), Failure> {
    let checked = context.session.client.images().check(about.images.iter().copied()).await;
    checked.map_err(Failure::to("look the image up")).map_err(|mut failure| {
        if let Failure::Usage(problems) = &mut failure {
            problems.push(
                "cph image list shows the images that there are, cph image accept takes one that is shared; \
                 nothing was sent"
                    .to_owned(),
            );
        }
        failure
    })
}

/// What is wrong with the targets, with the file that names them.
fn refused(error: cph::Error, file: Option<&Source>) -> Failure {
    match (Failure::to("check the input")(error), file) {
        (Failure::Usage(problems), Some(file)) => {
            Failure::Usage(problems.iter().map(|problem| file.locate(problem)).collect())
        }
        (failure, _) => failure,
    }
}

/// Prints what would be sent.
fn dry_run<K: BatchKind>(
    context: Context<'_>,
    batch: &Batch<K>,
    about: &About<'_>,
    brakes: &Brakes,
    steps: &[usize],
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let field = batch.operation().batch.map_or("", |batch| batch.field);
    let bodies = if context.settings.show_personal { batch.bodies() } else { batch.dry_run() };
    let bodies = bodies.map_err(|error| refused(error, about.file))?;
    let mut ahead = (1..).zip(steps);
    let mut left = 0;
    for (part, body) in (1..).zip(&bodies) {
        serde_json::to_writer(&mut *console.out, body).map_err(std::io::Error::from)?;
        writeln!(console.out)?;
        if !context.settings.quiet {
            let count = body[field].as_array().map_or(1, Vec::len);
            if left == 0
                && steps.len() > 1
                && let Some((step, targets)) = ahead.next()
            {
                left = *targets;
                console.note(format_args!("step {step}: {}", counted(left, K::Outcome::TARGET)));
            }
            left = left.saturating_sub(count);
            console.note(format_args!("part {part}: {}", counted(count, K::Outcome::TARGET)));
        }
    }
    console.out.flush()?;
    if !context.settings.quiet {
        console.note(format_args!(
            "would {} {} {}{brakes}, in {}{}{}; nothing was sent",
            about.verb.plain,
            about.what,
            context.session.place(),
            counted(bodies.len(), "part"),
            about.passed_over,
            about.held_back
        ));
    }
    Ok(Exit::Done)
}
