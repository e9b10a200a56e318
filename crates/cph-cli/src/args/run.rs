//! `cph run`: the files of runs.

use std::path::PathBuf;

use clap::Subcommand;
use cph::Share;

#[derive(Debug, Subcommand)]
pub(crate) enum Run {
    /// Show what a run file says of each target
    ///
    /// Of targets without an outcome it says unsent, sent (no answer is on record) or waiting (for its job). Nothing is asked
    /// of the service.
    Show {
        /// The run file
        file: PathBuf,
    },
    /// Count the targets of run files by outcome, error code and server
    ///
    /// A target that stands in several files counts once, as the run says that was begun last. Nothing is asked of the
    /// service.
    Report {
        /// The run files
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// Ask about the targets of a run again, and change nothing
    ///
    /// Asks for the jobs of everything that is not known to have ended, and what each phone or server is doing. One record
    /// for each target: the outcome on record, and now as known now. What a phone is doing is no proof of what happened to it.
    Check {
        /// The run file
        file: PathBuf,
        /// Ask running phones of which nothing else tells when their process 1 began
        ///
        /// A shell command for each: 15 phones a call, 6 calls a minute. A phone that began after it was sent has been
        /// restarted, by this run or by somebody else.
        #[arg(long)]
        boot_time: bool,
    },
    /// Go on with a run that was cut off, or that was stopped
    ///
    /// Sends what was never sent, with the properties and the image that it was meant to get, and asks about what was sent.
    /// Parts that were sent and whose answer is not on record end as unconfirmed. All records are printed, those first that
    /// are known already, and the exit status is that of the whole run. Endpoint, region and project are those of the file.
    Resume {
        /// The run file
        file: PathBuf,
        /// Another limit of errors than the run began with, such as 20 or 5%; those of before count
        #[arg(long, value_name = "N|P%", allow_hyphen_values = true)]
        max_errors: Option<Share>,
        /// Do not ask; needed without a terminal for more than 10 targets that are to be sent, for whole servers, and for what erases or costs money
        #[arg(long, short)]
        yes: bool,
    },
}
