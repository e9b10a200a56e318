//! How a command ends.

use std::{
    error::Error as _,
    io,
    process::{ExitCode, Termination},
};

use cph::{Class, Delivery, Operation};

use crate::Console;

/// What a command tells its caller in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// All done; with `--no-wait`, all accepted.
    Done = 0,
    /// Something was refused, failed or was not sent.
    NotAll = 1,
    /// A mistake in the command or the configuration; nothing was sent.
    Usage = 2,
    /// Something may have happened, or still runs though it was waited for.
    Unconfirmed = 3,
    /// Left at the second Ctrl-C.
    Interrupted = 130,
    /// Left at a SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.code().into()
    }
}

/// Who made the same mistake in a whole file sees it from these.
const PROBLEMS_SHOWN: usize = 20;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What is wrong with the command or the configuration, each on its own line.
    Usage(Vec<String>),
    /// A call failed while doing this, such as `list phones`.
    Call { doing: &'static str, error: cph::Error },
    /// The data could not be written.
    Output(io::Error),
}

impl Failure {
    pub(crate) fn usage(problem: impl Into<String>) -> Self {
        Self::Usage(vec![problem.into()])
    }

    /// For `map_err`: what could not be done, to go after "failed to".
    pub(crate) fn to(doing: &'static str) -> impl Fn(cph::Error) -> Self {
        move |error| match (error.problems(), error.source()) {
            ([], _) => Self::Call { doing, error },
            ([problem], Some(cause)) => Self::usage(format!("{problem}: {cause}")),
            (problems, _) => Self::Usage(problems.iter().map(ToString::to_string).collect()),
        }
    }

    /// Says what went wrong. A reader who closed the pipe has seen enough and is told nothing.
    pub(crate) fn report(self, console: &mut Console<'_>) -> Exit {
        match self {
            Self::Usage(problems) => {
                for problem in problems.iter().take(PROBLEMS_SHOWN) {
                    console.note(format_args!("cph: {problem}"));
                }
                if let Some(more) =
                    problems.len().checked_sub(PROBLEMS_SHOWN).filter(|more| *more > 0)
                {
                    console.note(format_args!("cph: and {more} more"));
                }
                Exit::Usage
            }
            Self::Call { doing, error } => {
                console.note(format_args!("cph: failed to {doing}: {error:#}"));
                if let Some(code) = error.code() {
                    // The gateway's text on signatures may quote the headers that it saw.
                    let message = error.message();
                    if let Some(message) = message.filter(|_| code.class() != Class::Authentication)
                    {
                        console.note(format_args!("the service's words: {message}"));
                    }
                    console.note(code.advice());
                }
                if error.delivery() == Delivery::Unknown && is_change(&error) {
                    console.note("it may have been done all the same: look before repeating");
                    return Exit::Unconfirmed;
                }
                Exit::NotAll
            }
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Output(error) => {
                console.note(format_args!("cph: failed to write the output: {error}"));
                Exit::NotAll
            }
        }
    }
}

/// Whether the call that failed was to change something.
fn is_change(error: &cph::Error) -> bool {
    let operation = error.operation().and_then(Operation::find);
    operation.is_some_and(|operation| match operation.method {
        "GET" => false,
        // Some POSTs only read.
        "POST" => !operation.idempotent,
        _ => true,
    })
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
