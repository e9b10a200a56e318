//! What can be typed. Where flags depend on each other or on the environment, `settings` decides.

#![expect(clippy::doc_markdown, reason = "the comments are the help, which is plain text")]

use std::{
    fmt,
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
    time::{Duration, SystemTime},
};

use clap::{ArgAction, ArgGroup, Parser, Subcommand};
use cph::PhoneStatus;

use crate::{
    env,
    output::{ColorWhen, Format},
};

/// A fleet of cloud phones from the terminal
///
/// Lists and restarts the Android phones of Huawei Cloud's Cloud Phone Host, any number at a time, and says of every phone
/// what became of it. Data goes to standard output, everything else to standard error. With --sim every command runs
/// against a simulated fleet, without an account.
#[derive(Debug, Parser)]
#[command(name = "cph", version, after_long_help = env::HELP, term_width = 80, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Region, such as cn-north-4
    #[arg(long, global = true)]
    pub(crate) region: Option<String>,
    /// Id of the project
    #[arg(long, global = true)]
    pub(crate) project: Option<String>,
    /// Base URL of the service, instead of the region's own
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Use a simulated fleet of this size, 100 if not given
    ///
    /// The simulation lives as long as the command and runs 60 times as fast as ours.
    #[cfg(feature = "sim")]
    #[arg(long, global = true, value_name = "PHONES", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "left out, bare, or with a number")]
    pub(crate) sim: Option<Option<usize>>,
    /// Phones of the simulation, as a CSV file with the column phone_id
    #[cfg(feature = "sim")]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) fleet: Option<PathBuf>,
    /// How the data is written [default: table]
    #[arg(long, global = true, value_enum)]
    pub(crate) format: Option<Format>,
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: ColorWhen,
    /// Say nothing but data, questions and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Log what is sent and decided; -vv and -vvv log more
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// How long a call may go on making attempts, such as 90s; the last is not cut short [default: 2m]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) call_timeout: Option<Duration>,
    /// Show phone numbers, IMSI, ICCID and IMEI instead of ***
    #[arg(long, global = true)]
    pub(crate) show_personal: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find, show, restart and start phones
    #[command(subcommand, arg_required_else_help = true)]
    Phone(Phone),
    /// Look at the jobs that calls started
    #[command(subcommand, arg_required_else_help = true)]
    Job(Job),
    /// Explain an error code, or list all
    ///
    /// What a code means, what to do about it, whether a call that ended with it may have done something all the same
    /// (effect), and how much of a batch it speaks of (scope). Nothing is asked of the service.
    Code {
        /// The code, such as CPS.0004
        code: Option<String>,
    },
    /// Explain an operation of the service, or list all
    ///
    /// All that the vendor documents, with method and path, the pages it was transcribed from, how many targets one call
    /// takes, and whether sending it twice does more than sending it once. Nothing is asked of the service.
    Operation {
        /// The vendor's name, such as RestartCloudPhone
        name: Option<String>,
    },
    /// Explain a property key, or list all
    ///
    /// What it sets, which values it takes, its default, and the key that replaces it. Nothing is asked of the service.
    Property {
        /// The key, such as com.cph.mainkeys
        key: Option<String>,
    },
    /// Simulate the service
    #[cfg(feature = "sim")]
    #[command(subcommand, arg_required_else_help = true)]
    Sim(Sim),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Phone {
    /// List phones
    ///
    /// Every phone of the project that all of the given conditions hold for.
    List {
        /// Only phones in this state, such as running or shut-down
        #[arg(long, allow_hyphen_values = true)]
        status: Option<PhoneStatus>,
        /// Only phones of this server
        #[arg(long, value_name = "ID")]
        server: Option<String>,
        /// Only phones whose name contains this
        #[arg(long, value_name = "PATTERN", value_parser = pattern)]
        name: Option<String>,
    },
    /// Show one phone with its properties and addresses
    ///
    /// Values that point at a person or a SIM are shown as *** unless --show-personal is given.
    Show {
        /// Id of the phone
        id: String,
    },
    /// Restart phones, and wait until each has settled
    ///
    /// Phones are named by id, read from a file, or selected from the project's running phones. They are sent in parts, the
    /// first part alone. One record per phone is printed as it settles: done, refused, failed, not_sent (safe to send
    /// again), unconfirmed (may have happened: look before repeating) or still_running. Ctrl-C stops sending and waits for
    /// what runs; a second one leaves.
    Restart(Box<Restart>),
    /// Start phones that are shut down, and wait until each has settled
    ///
    /// The vendor's restart call, which also powers on. --all and --server select the phones that are shut down; all
    /// else is as in cph phone restart.
    Start(Box<Restart>),
}

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(group(ArgGroup::new("which").required(true).args(["ids", "from", "all", "server"])))]
pub(crate) struct Restart {
    /// Ids of the phones
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Take phones from a file, or from standard input with -
    ///
    /// Either ids, one on each line, where empty lines and lines that begin with # are skipped; or the body of the vendor's
    /// own request, {"phones": [{"phone_id": …, "property": …}], "image_id": …}, whose property texts are sent byte for byte.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
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
    /// Change every phone to this image
    #[arg(long, value_name = "ID")]
    pub(crate) image: Option<String>,
    /// Set a property on every phone that does not bring a value of its own; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) set: Vec<(String, String)>,
    /// End when every phone has been accepted or refused; accepted ones are reported as still_running
    #[arg(long, conflicts_with_all = ["job_timeout", "until", "max_down"])]
    pub(crate) no_wait: bool,
    /// How long each job may take, such as 45m or 1h30m [default: 30m]
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) job_timeout: Option<Duration>,
    /// When to stop sending and waiting, such as 2027-03-01T06:00:00+08:00
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    pub(crate) until: Option<SystemTime>,
    /// Phones in one call [default: 100]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
    pub(crate) batch: Option<usize>,
    /// Calls on the wire at once [default: 4]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
    pub(crate) in_flight: Option<usize>,
    /// Phones down at once [default: twice the batch]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
    pub(crate) max_down: Option<usize>,
    /// Send nothing unless there are so many phones, such as 250, 200..300 or 200..
    #[arg(long, value_name = "N..M", allow_hyphen_values = true)]
    pub(crate) expect: Option<Expect>,
    /// Print the bodies that would be sent, one on each line, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask; needed without a terminal for more than 10 phones, --all and --server
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// List the jobs that calls started
    ///
    /// The request id of a call stands in the records that the call printed.
    List {
        /// Ids of the calls
        #[arg(value_name = "REQUEST_ID", required = true)]
        request_ids: Vec<String>,
    },
    /// Show one job
    Show {
        /// Id of the job
        #[arg(value_name = "JOB_ID")]
        job_id: String,
    },
}

#[cfg(feature = "sim")]
#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    /// Serve a simulated fleet on this machine until Ctrl-C
    ///
    /// Prints the lines that point a client at it. It checks signatures, runs jobs, and keeps a ledger of what each phone
    /// was made to do, under /_sim/ledger.
    Serve(Serve),
}

#[cfg(feature = "sim")]
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// How many phones there are [default: 100]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true, conflicts_with = "fleet")]
    pub(crate) phones: Option<usize>,
    /// Over how many servers they are spread [default: one for every 60 phones]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
    pub(crate) servers: Option<usize>,
    /// The port to serve on; 0 takes a free one
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    pub(crate) port: u16,
    /// What all chance follows from
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    pub(crate) seed: u64,
    /// How many times as fast as the service's jobs are
    #[arg(long, value_name = "X", default_value_t = 1.0, allow_hyphen_values = true)]
    pub(crate) speed: f64,
    /// Rules for what goes wrong, as TOML with [[fault]] tables
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}

/// How many phones there must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expect(pub(crate) RangeInclusive<usize>);

impl FromStr for Expect {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, to) = match text.split_once("..") {
            Some((from, "")) => (from.parse(), Ok(usize::MAX)),
            Some((from, to)) => (from.parse(), to.parse()),
            None => (text.parse(), text.parse()),
        };
        match (from, to) {
            (Ok(from), Ok(to)) if from <= to => Ok(Self(from..=to)),
            (Ok(_), Ok(_)) => Err("the smaller number comes first"),
            _ => Err("write it as 250, 200..300 or 200.."),
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.start(), self.0.end()) {
            (from, to) if from == to => write!(f, "{from}"),
            (from, &usize::MAX) => write!(f, "{from} or more"),
            (from, to) => write!(f, "{from} to {to}"),
        }
    }
}

fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "write it as a whole number")
}

/// An empty one would hold for every phone.
fn pattern(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("it is empty") } else { Ok(text.to_owned()) }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| duration.try_into().ok())
        .ok_or("write it as 90s, 30m or 1h30m")
}

fn instant(text: &str) -> Result<SystemTime, &'static str> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .and_then(|instant| instant.try_into().ok())
        .ok_or("write it with its offset, as 2027-03-01T06:00:00+08:00 or 2027-02-28T22:00:00Z")
}

fn key_and_value(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn numbers_of_phones_and_durations_are_read_in_their_written_forms() {
        assert_eq!("250".parse(), Ok(Expect(250..=250)));
        assert_eq!("0..3".parse(), Ok(Expect(0..=3)));
        assert_eq!("30..".parse(), Ok(Expect(30..=usize::MAX)));
        for bad in ["", "3..2", "..", "..1", "-1", "1...2"] {
            assert!(bad.parse::<Expect>().is_err(), "{bad}");
        }
        assert_eq!(duration("1h30m"), Ok(Duration::from_mins(90)));
        for bad in ["", "30", "-5m", "soon"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
