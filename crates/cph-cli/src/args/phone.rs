//! `cph phone`.

#![expect(clippy::doc_markdown, reason = "the comments are the help, which is plain text")]

use clap::Subcommand;
use cph::PhoneStatus;

use super::{
    batch::{Pace, Which},
    values::{key_and_value, pattern},
};

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
pub(crate) struct Restart {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Change every phone to this image
    #[arg(long, value_name = "ID")]
    pub(crate) image: Option<String>,
    /// Set a property on every phone that does not bring a value of its own; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) set: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}
