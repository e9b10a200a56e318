//! What a run says while it goes: a bar on a terminal, a line for each part otherwise.

use cph::{Observer, Part, PartAnswer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;

use crate::{Console, commands::counted, console::printable, settings::Settings};

/// One part has been answered.
#[derive(Debug)]
pub(crate) struct PartAnswered {
    number: usize,
    /// What a target is called.
    target: &'static str,
    targets: usize,
    accepted: usize,
    unsent: usize,
    error: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// Passes on what the run's own task sees, for the task that holds the console.
pub(crate) struct Reporter {
    /// What a target is called.
    pub(crate) target: &'static str,
    pub(crate) answered: mpsc::UnboundedSender<PartAnswered>,
}

impl Observer for Reporter {
    fn before(&mut self, _: &Part) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    fn after(&mut self, part: &Part, answer: PartAnswer<'_>) {
        let answered = PartAnswered {
            number: part.number,
            target: self.target,
            targets: part.targets.len(),
            accepted: answer.accepted(),
            unsent: part.unsent,
            error: answer.error.map(|error| format!("{error:#}")),
            request_id: answer.request_id.map(str::to_owned),
        };
        // Nobody listens any more once the command has left.
        let _left = self.answered.send(answered);
    }
}

impl std::fmt::Display for PartAnswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "part {}: {} sent", self.number, counted(self.targets, self.target))?;
        match &self.error {
            Some(error) => write!(f, ", {error}")?,
            None if self.accepted < self.targets => write!(f, ", {} accepted", self.accepted)?,
            None => {}
        }
        write!(f, ", {} to go", self.unsent)
    }
}

/// The bar, or its stand-in.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl Progress {
    pub(crate) fn new(targets: usize, settings: &Settings, console: &Console<'_>) -> Self {
        let bar = (console.err_is_terminal && !settings.quiet).then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos} of {len} settled  {msg}");
            ProgressBar::with_draw_target(Some(targets as u64), ProgressDrawTarget::stderr())
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        if let Some(bar) = &bar {
            bar.tick();
        }
        Self { bar, quiet: settings.quiet }
    }

    pub(crate) fn part(&self, part: &PartAnswered, console: &mut Console<'_>) {
        match &self.bar {
            Some(bar) => bar.set_message(printable(&part.to_string())),
            None if self.quiet => {}
            None => console.note(part),
        }
    }

    pub(crate) fn settled(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Takes the bar away while something else is written.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
