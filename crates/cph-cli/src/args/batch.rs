//! Which targets a changing command is about, and how it goes about them.

#![expect(clippy::doc_markdown, reason = "the comments are the help, which is plain text")]

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::ArgGroup;
use cph::{PhoneStatus, Share};

use super::values::{Expect, Only, count, duration, instant, pattern};

/// The phones.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("which").required(true).args(["ids", "from", "all", "server"])))]
pub(crate) struct Which {
    /// Ids of the phones
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Take phones from a file, or from standard input with -
    ///
    /// Ids, one on each line, where empty lines and lines that begin with # are skipped; CSV with a header, JSON Lines or a
    /// JSON array with phone_id and, if wanted, set_image_id, property keys and property.KEY for keys that nobody documents,
    /// where empty and null mean not given; or the body of the vendor's own request, {"phones": [{"phone_id": …, "property":
    /// …}], "image_id": …}, whose property texts are sent byte for byte. cph schema target describes a line.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Take from the run file that --from names the phones with these outcomes or error codes, such as failed,not_sent,CPS.0042
    ///
    /// Outcomes are done, refused, failed, not_sent, unconfirmed and still_running; of a run that was cut off also unsent, sent
    /// and waiting. The phones get the properties and the image that they were meant to get. To those that are unconfirmed,
    /// sent, waiting or still_running it may happen a second time.
    #[arg(long, value_name = "OUTCOME|CODE,…", value_delimiter = ',', requires = "from", conflicts_with_all = ["ids", "all", "server"])]
    pub(crate) only: Vec<Only>,
    /// Take all phones of the project in the state that the command is for
    #[arg(long)]
    pub(crate) all: bool,
    /// Take all phones of this server in that state; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) server: Vec<String>,
    /// With --all or --server: phones in this state instead
    #[arg(long, conflicts_with_all = ["ids", "from"], allow_hyphen_values = true)]
    pub(crate) status: Option<PhoneStatus>,
    /// With --all or --server: only phones whose name contains this
    #[arg(long, value_name = "PATTERN", value_parser = pattern, conflicts_with_all = ["ids", "from"])]
    pub(crate) name: Option<String>,
}

/// How fast, how long, and whether at all.
#[derive(Debug, clap::Args)]
pub(crate) struct Pace {
    /// End when every target has been accepted or refused; accepted ones are reported as still_running
    #[arg(long, conflicts_with_all = ["job_timeout", "until", "max_down", "canary", "max_errors"])]
    pub(crate) no_wait: bool,
    /// How long each job may take, such as 45m or 1h30m [default: 30m]
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) job_timeout: Option<Duration>,
    /// When to stop sending and waiting, such as 2027-03-01T06:00:00+08:00
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    pub(crate) until: Option<SystemTime>,
    /// Targets in one call [default: 100 phones, 1 server; cph operation NAME tells]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
    pub(crate) batch: Option<usize>,
    /// Calls on the wire at once [default: 4]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
    pub(crate) in_flight: Option<usize>,
    /// Targets down at once, such as 50 or 5% [default: twice the batch]
    #[arg(long, value_name = "N|P%", allow_hyphen_values = true)]
    pub(crate) max_down: Option<Share>,
    /// Send in steps, such as 1,10%,100%: what a step sends is awaited before the next begins
    ///
    /// Each number or percentage is of all targets, the steps before included; everybody is the last step. Where more than 20
    /// phones are to have an image the default is 1,10%,100%; 100% is a single step.
    #[arg(long, value_name = "N|P%,…", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) canary: Vec<Share>,
    /// Send no more once more targets than this were refused, failed, still run or are unconfirmed, such as 20 or 5%
    ///
    /// A percentage is of the targets of the steps so far, rounded down. With steps the default is 5%; 100% is no limit.
    #[arg(long, value_name = "N|P%", allow_hyphen_values = true)]
    pub(crate) max_errors: Option<Share>,
    /// Keep the run in this new file, which another process can resume [default: cph/runs/TIME-ID.jsonl in $XDG_STATE_HOME or
    /// ~/.local/state; none with --sim]
    ///
    /// Each part is on the disk before it is sent. cph run resume goes on with a run that was cut off, cph run report counts
    /// its outcomes. Properties stand in it in full; only its owner may read it.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) run: Option<PathBuf>,
    /// Send nothing unless there are so many targets, such as 250, 200..300 or 200..
    #[arg(long, value_name = "N..M", allow_hyphen_values = true)]
    pub(crate) expect: Option<Expect>,
    /// Print the bodies that would be sent, one on each line, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask; needed without a terminal for more than 10 targets, for whole servers, and for what erases or costs money
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// The same for phones.
#[derive(Debug, clap::Args)]
pub(crate) struct PhonePace {
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// Phones down at once on each physical server [default: no limit]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true, conflicts_with = "no_wait")]
    pub(crate) per_server: Option<usize>,
}
