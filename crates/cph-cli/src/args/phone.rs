//! `cph phone`.

#![expect(clippy::doc_markdown, reason = "the comments are the help, which is plain text")]

use clap::Subcommand;
use cph::{ClientType, PhoneStatus, Ready, TrafficType};

use super::{
    batch::{PhonePace, Which},
    values::{key_and_value, pattern, ready},
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
        /// Only phones of this kind: 0 ordinary, 1 trial
        #[arg(long = "type", value_name = "N", allow_hyphen_values = true)]
        kind: Option<i64>,
    },
    /// Show one phone with its properties and addresses
    ///
    /// Values that point at a person or a SIM are shown as *** unless --show-personal is given.
    Show {
        /// Id of the phone
        id: String,
    },
    /// List the flavors that phones come in
    Models {
        /// Only flavors in this state: 1 in use, 0 offline
        #[arg(long, value_name = "N", allow_hyphen_values = true)]
        status: Option<i64>,
    },
    /// Restart phones, and wait until each has settled
    ///
    /// Phones are named by id, read from a file, or selected from the project's running phones. They are sent in parts, the
    /// first part alone. One record per phone is printed as it settles: done, refused, failed, not_sent (safe to send
    /// again), unconfirmed (may have happened: look before repeating) or still_running.
    ///
    /// Ctrl-C sends no more and waits for what runs: the rest is not_sent. A second Ctrl-C, or SIGTERM, leaves at once: what was
    /// sent is still_running or unconfirmed, and goes on at the service. When the terminal is closed (SIGHUP), or the reader of
    /// the output goes away, the run goes on without them. However a run ends, its file says how far it came: cph run show tells,
    /// cph run resume goes on with it, after a kill or a power cut too.
    Restart(Box<Restart>),
    /// Start phones that are shut down, and wait until each has settled
    ///
    /// The vendor's restart call, which also powers on. --all and --server select the phones that are shut down; all
    /// else is as in cph phone restart.
    Start(Box<Restart>),
    /// Reset phones to their factory state, which erases what they hold
    ///
    /// All else is as in cph phone restart.
    Reset(Box<Reset>),
    /// Shut phones down, and wait until each has settled
    Stop(Box<Stop>),
    /// Rename one phone
    Rename {
        /// Id of the phone
        id: String,
        /// At most 60 letters, Chinese characters, digits, - and _
        name: String,
    },
    /// Set properties of phones
    ///
    /// Some take effect only after a restart: cph property KEY tells.
    Set(Box<SetProperties>),
    /// Run a shell command on phones
    ///
    /// The output comes from the phone's job, at most 1024 bytes of it. With --sync it comes with the answer itself: at most
    /// 15 phones a call, 6 calls a minute, 2 seconds a phone.
    ///
    ///   cph phone exec --server 1234 -- pm list packages
    Exec(Box<Exec>),
    /// Copy a tar archive from OBS to phones, which unpack it
    Push(Box<Push>),
    /// Install an app from OBS on phones
    Install(Box<Install>),
    /// Remove an app from phones, with what it stored
    Uninstall(Box<Uninstall>),
    /// Save what phones hold to OBS
    Export(Box<Export>),
    /// Put back what was saved to OBS, over what phones hold
    Import(Box<Import>),
    /// Get what an app needs to connect to phones, tickets included
    Connect {
        /// Ids of the phones
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// What will connect: android, windows, h5_mobile, h5_pc or ios
        #[arg(long, value_name = "TYPE")]
        client: ClientType,
    },
    /// Enlarge the data disks of phones, which costs money
    Grow(Box<Grow>),
    /// Route the traffic of phones
    Traffic(Box<Traffic>),
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
    /// Count a phone as done only when it is running, or prints what it should when this is run on it
    ///
    /// running, or a command and its output, such as 'getprop sys.boot_completed=1'. Six commands a minute are allowed, each
    /// for many phones. A phone that is not ready when the time for its job is over ends as unconfirmed.
    #[arg(long, value_name = "running|COMMAND=OUTPUT", value_parser = ready, conflicts_with = "no_wait")]
    pub(crate) ready: Option<Ready>,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reset {
    #[command(flatten)]
    pub(crate) restart: Restart,
    /// Forget every property that was ever set, too
    #[arg(long)]
    pub(crate) factory_reset: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SetProperties {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Set a property on every phone that does not bring a value of its own; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Set a property of your own making on every phone; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) custom: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Exec {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Take the output from the answer itself, without a job
    #[arg(long)]
    pub(crate) sync: bool,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
    /// The command, after --
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Push {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The archive, such as obs://bucket/path/file.tar
    #[arg(long, value_name = "OBS")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Install {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The apk, such as obs://bucket/path/app.apk; several are the parts of one split app
    #[arg(long, value_name = "OBS", required = true)]
    pub(crate) apk: Vec<String>,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Uninstall {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Name of the package, such as com.example.app
    #[arg(long, value_name = "NAME")]
    pub(crate) package: String,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

/// Where in OBS.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// Name of the bucket
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: String,
    /// Key of the object; {phone_id} in it stands for each phone's id
    #[arg(long, value_name = "KEY")]
    pub(crate) object: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Save this path under /data or cache, with * at its end for all that begins so; may be given several times
    #[arg(long, value_name = "PATH", required = true)]
    pub(crate) include: Vec<String>,
    /// Leave this path out; may be given several times
    #[arg(long, value_name = "PATH")]
    pub(crate) exclude: Vec<String>,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Grow {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The new size of each disk in GiB, at least the present one
    #[arg(long, value_name = "GIB", allow_hyphen_values = true)]
    pub(crate) size: u32,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Traffic {
    #[command(flatten)]
    pub(crate) which: Which,
    /// direct by the default route, or routing through the encoding service
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: TrafficType,
    #[command(flatten)]
    pub(crate) pace: PhonePace,
}
