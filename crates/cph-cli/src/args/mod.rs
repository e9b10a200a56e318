//! What can be typed. Where flags depend on each other or on the environment, `settings` decides.

#![expect(clippy::doc_markdown, reason = "the comments are the help, which is plain text")]

mod account;
mod batch;
mod phone;
mod run;
mod server;
mod values;

#[cfg(feature = "sim")]
use std::net::IpAddr;
use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Parser, Subcommand};

#[cfg(feature = "sim")]
use self::values::count;
use self::values::{duration, key_and_value};
pub(crate) use self::{
    account::{Bandwidth, Event, How, Image, Tag},
    batch::{Pace, PhonePace, Which},
    phone::{
        Exec, Export, Grow, Import, Install, Phone, Place, Push, Reset, Restart, SetProperties,
        Stop, Traffic, Uninstall,
    },
    run::Run,
    server::{Encoder, Order, Server, ServerFilter, Servers, SharedApp, SharedFile},
    values::Only,
};
use crate::{
    env,
    output::{ColorWhen, Format, LogFormat},
};

/// A fleet of cloud phones from the terminal
///
/// Restarts, resets, stops and changes the Android phones of Huawei Cloud's Cloud Phone Host, any number at a time, and says
/// of every phone what became of it. Data goes to standard output, everything else to standard error. With --sim every command runs
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
    /// Id of the project [default: looked up by the region]
    #[arg(long, global = true)]
    pub(crate) project: Option<String>,
    /// Section of the credentials file; its keys and settings come before those of variables
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
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
    /// How the log is written
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) log_format: LogFormat,
    /// How long a call may go on, waits for its turn and further attempts included, such as 90s; the last attempt is not cut short
    /// [default: 2m for attempts, 10m for turns]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) call_timeout: Option<Duration>,
    /// Show phone numbers, IMSI, ICCID and IMEI instead of ***
    #[arg(long, global = true)]
    pub(crate) show_personal: bool,
    /// Append a JSON line for each request and its answer to this file, for a report
    ///
    /// Requests to the identity and metadata services too, and those that were sent again. No key, token or password stands in it,
    /// and no phone number, IMSI, ICCID or IMEI, whatever --show-personal says.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) wire_log: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Call(Box<Call>),
    /// Look at the files that runs are kept in, and go on with runs that were cut off
    #[command(subcommand, arg_required_else_help = true)]
    Run(Run),
    #[command(flatten)]
    Local(Local),
    /// Say where each setting comes from, and try one call that changes nothing
    ///
    /// Shows region, endpoint, project, proxy and where the keys were found, whether the clock had to be corrected, and whether the gateway
    /// took the signature; if it did not, what it says about it. No secret is shown.
    Doctor {
        /// List what no page of the vendor says and calls rely on, and what a real call would show; nothing is asked
        #[arg(long)]
        assumptions: bool,
    },
}

/// What calls the service.
#[derive(Debug, Subcommand)]
pub(crate) enum Call {
    /// Find phones, and restart, reset, stop or change any number of them
    #[command(subcommand, arg_required_else_help = true)]
    Phone(Phone),
    /// Find, buy, restart and change the servers that phones run on
    #[command(subcommand, arg_required_else_help = true)]
    Server(Server),
    /// Find, share and delete images
    #[command(subcommand, arg_required_else_help = true)]
    Image(Image),
    /// Tag servers, and find them by their tags
    #[command(subcommand, arg_required_else_help = true)]
    Tag(Tag),
    /// See and steer the maintenance that servers are due for
    #[command(subcommand, arg_required_else_help = true)]
    Event(Event),
    /// List and resize bandwidths
    #[command(subcommand, arg_required_else_help = true)]
    Bandwidth(Bandwidth),
    /// List and restart encoding services
    #[command(subcommand, arg_required_else_help = true)]
    Encoder(Encoder),
    /// Files in the storage that all phones of a server share
    #[command(subcommand, arg_required_else_help = true)]
    SharedFile(SharedFile),
    /// Apps that all phones of a server share
    #[command(subcommand, arg_required_else_help = true)]
    SharedApp(SharedApp),
    /// Look at the jobs that calls started
    #[command(subcommand, arg_required_else_help = true)]
    Job(Job),
    /// Make one call of any documented operation, as it is documented
    ///
    /// The call is checked against the specification before it is sent. The answer is printed as it came, but for values that
    /// point at a person or a SIM, which are shown as *** unless --show-personal is given. An answer is a success whatever its
    /// entries say; see cph phone and cph server for commands that judge them.
    Api(Api),
}

/// What asks nothing of the service.
#[derive(Debug, Subcommand)]
pub(crate) enum Local {
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
    /// Print the JSON Schema of something that is read or written
    Schema {
        /// Name of the thing
        #[arg(value_enum)]
        name: SchemaName,
    },
    /// Print what lets a shell complete this command
    ///
    /// For bash: source <(cph completions bash). Other shells have a folder for such files.
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page of this command, or of one below it
    ///
    /// Read it with cph man | man -l -
    Man {
        /// The command, such as phone restart
        command: Vec<String>,
    },
    /// Simulate the service
    #[cfg(feature = "sim")]
    #[command(subcommand, arg_required_else_help = true)]
    Sim(Sim),
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
    /// Wait for the jobs that calls started
    ///
    /// One record for each job as it ends. Nothing is sent again; Ctrl-C ends the waiting and stops no job.
    Wait {
        /// Ids of the calls, or a file with the ticket of a run, as the library cph writes it
        #[arg(value_name = "REQUEST_ID|TICKET", required = true)]
        calls: Vec<String>,
        /// How long to wait, such as 45m or 1h30m
        #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30m", allow_hyphen_values = true)]
        job_timeout: Duration,
    },
    /// Show one job
    Show {
        /// Id of the job
        #[arg(value_name = "JOB_ID")]
        job_id: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Api {
    /// The vendor's name, such as ListJobs; cph operation lists all
    pub(crate) operation: String,
    /// A value for the path, such as phone_id=1234…; the project is known
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) path: Vec<(String, String)>,
    /// A value for the query, such as limit=10
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) query: Vec<(String, String)>,
    /// The body as JSON, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body: Option<PathBuf>,
    /// Do not ask; needed without a terminal for more than 10 targets, for whole servers, and for what erases or costs money
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// What there is a schema of.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum SchemaName {
    /// The text of a phone's properties
    Property,
    /// A line of input in JSON Lines
    Target,
    /// A record of output
    Outcome,
    /// A line of a run file
    RunFile,
}

#[cfg(feature = "sim")]
#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    /// Serve a simulated fleet on this machine until Ctrl-C
    ///
    /// Prints the lines that point a client at it. It checks signatures, runs jobs, and keeps a ledger of what each phone
    /// was made to do, under /_sim/ledger. A browser that opens its address sees the fleet live, and stops or moves its time.
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
    /// The address to serve on; one that other machines reach lets them drive the simulation, too
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) bind: IpAddr,
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
    /// How it behaves where no page says how the service does, such as post_status=201; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_and_value)]
    pub(crate) assume: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Arg, CommandFactory as _};

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Args::command().debug_assert();
    }

    /// Flags that say how the command works and prints; the others are settings of the client.
    const OF_THE_COMMAND: [&str; 8] = [
        "--color",
        "--fleet",
        "--format",
        "--log-format",
        "--quiet",
        "--show-personal",
        "--sim",
        "--verbose",
    ];

    #[test]
    fn global_flags_are_settings_of_the_client_or_of_the_command() {
        let command = Args::command();
        let flags: BTreeSet<String> = command
            .get_arguments()
            .filter_map(Arg::get_long)
            .map(|flag| format!("--{flag}"))
            .collect();
        let settings = cph::Setting::all().iter().filter_map(|setting| setting.flag);
        let known: BTreeSet<String> = settings
            .chain(OF_THE_COMMAND)
            .filter(|flag| cfg!(feature = "sim") || !["--sim", "--fleet"].contains(flag))
            .map(str::to_owned)
            .collect();
        assert_eq!(flags, known);
    }
}
