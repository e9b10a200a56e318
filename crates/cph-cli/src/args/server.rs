//! `cph server`, `cph encoder`, `cph shared-file` and `cph shared-app`: what servers are asked to do.

#![expect(clippy::doc_markdown, reason = "the comments are the help, which is plain text")]

use std::{path::PathBuf, time::Duration};

use clap::Subcommand;
use cph::{EncodeServerFilter, ServerStatus};

use super::{
    batch::Pace,
    values::{count, duration, pattern},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Server {
    /// List servers
    List(Box<ServerFilter>),
    /// Show one server with its bandwidths and disks
    Show {
        /// Id of the server
        id: String,
    },
    /// List the flavors that servers come in
    Models {
        /// Only flavors for this: 0 cloud phones, 1 cloud gaming
        #[arg(long, value_name = "N", allow_hyphen_values = true)]
        product_type: Option<i64>,
    },
    /// List which flavors can be bought where
    Offerings,
    /// Restart servers, with all phones on them
    Restart(Box<Servers>),
    /// Rename one server
    Rename {
        /// Id of the server
        id: String,
        /// At most 60 letters, Chinese characters, digits, - and _
        name: String,
    },
    /// Buy servers with phones on them, which costs money
    ///
    /// The order is the body of the vendor's own request, CreateNet2CloudPhoneServer, as JSON. Each time it is sent it buys.
    Buy(Order),
    /// Buy servers without phones, which costs money
    ///
    /// The order is the body of the vendor's own request, CreateCloudPhoneSingleServer, as JSON. Each time it is sent it buys.
    BuySingle(Order),
    /// Change a server's phones to another flavor, which erases them
    ///
    /// The change is the body of the vendor's own request, ChangeCloudPhoneServer, as JSON.
    Change {
        /// Id of the server
        id: String,
        /// The change, or - for standard input
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        #[command(flatten)]
        pace: Pace,
    },
    /// Change a server to another flavor of its generation, which costs money
    ChangeModel {
        /// Id of the server
        id: String,
        /// The new flavor of the server
        #[arg(long, value_name = "NAME")]
        server_model: String,
        /// The new flavor of its phones; there will be as many as before
        #[arg(long, value_name = "NAME")]
        phone_model: String,
        /// Pay the order from the account
        #[arg(long)]
        auto_pay: bool,
        /// Do not ask; needed without a terminal
        #[arg(long, short)]
        yes: bool,
    },
    /// Delete pay-per-use servers, with all phones on them
    Delete(Box<Servers>),
    /// Set the key pair that phones of servers are reached with
    Keypair {
        #[command(flatten)]
        servers: Servers,
        /// Name of the key pair
        #[arg(long, value_name = "NAME")]
        keypair: String,
    },
    /// Attach a shared file system to servers
    Attach {
        #[command(flatten)]
        servers: Servers,
        /// Id of the SFS Turbo file system
        #[arg(long, value_name = "ID")]
        filesystem: String,
        /// Directory in it, instead of its root
        #[arg(long, value_name = "PATH")]
        path: Option<String>,
    },
    /// Detach a shared file system from servers
    Detach {
        #[command(flatten)]
        servers: Servers,
        /// Id of the SFS Turbo file system
        #[arg(long, value_name = "ID")]
        filesystem: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServerFilter {
    /// Only servers whose name contains this
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    pub(crate) name: Option<String>,
    /// Only this server
    #[arg(long, value_name = "ID")]
    pub(crate) server: Option<String>,
    /// Only servers in this state, such as normal or frozen
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) status: Option<ServerStatus>,
    /// Only servers in this network: v1 the system's, v2 the tenant's own
    #[arg(long, value_name = "VERSION")]
    pub(crate) network_version: Option<String>,
    /// Only servers with phones of this flavor
    #[arg(long, value_name = "NAME")]
    pub(crate) phone_model: Option<String>,
    /// Only servers made since this timestamp
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) create_since: Option<i64>,
    /// Only servers made until this timestamp
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) create_until: Option<i64>,
}

/// Servers by id.
#[derive(Debug, clap::Args)]
pub(crate) struct Servers {
    /// Ids of the servers
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Order {
    /// The order, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// Do not ask; needed without a terminal
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Encoder {
    /// List encoding services
    List {
        /// Only services on this server
        #[arg(long, value_name = "ID")]
        server: Option<String>,
        /// Only services in this state; the page's list of states to ask for differs from the one of answers
        #[arg(long, allow_hyphen_values = true)]
        status: Option<EncodeServerFilter>,
        /// Only services of this kind: 0 server, 1 container
        #[arg(long = "type", value_name = "N", allow_hyphen_values = true)]
        kind: Option<i64>,
    },
    /// Restart encoding services
    Restart {
        /// Ids of the encoding services
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        pace: Pace,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SharedFile {
    /// List a directory of the storage that all phones of a server share
    List {
        /// Ids of the servers
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// The directory, from / on; not / itself
        #[arg(long, value_name = "PATH")]
        path: String,
        /// Leave out so many files first
        #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
        offset: Option<usize>,
        /// Ask for so many files, 1 to 50
        #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
        limit: Option<usize>,
        /// How long the job of each server may take, such as 90s [default: 30m]
        #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
        job_timeout: Option<Duration>,
    },
    /// Copy an archive from OBS to the shared storage of servers
    Push {
        #[command(flatten)]
        servers: Servers,
        /// Name of the bucket
        #[arg(long, value_name = "NAME")]
        bucket: String,
        /// Key of the object
        #[arg(long, value_name = "KEY")]
        object: String,
    },
    /// Delete files from the shared storage of servers
    Delete {
        #[command(flatten)]
        servers: Servers,
        /// A file, from / on; may be given several times
        #[arg(long, value_name = "PATH", required = true)]
        path: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SharedApp {
    /// List the apps that all phones of a server share
    ///
    /// As they were when the service last looked, which it does every 2 hours.
    List {
        /// Id of the server
        id: String,
        /// Only this package
        #[arg(long, value_name = "NAME")]
        package: Option<String>,
    },
    /// Install an app from OBS for all phones of servers
    Push {
        #[command(flatten)]
        servers: Servers,
        /// Name of the package, such as com.example.app
        #[arg(long, value_name = "NAME")]
        package: String,
        /// Name of the bucket
        #[arg(long, value_name = "NAME")]
        bucket: String,
        /// Key of the object
        #[arg(long, value_name = "KEY")]
        object: String,
        /// Have it on new phones from the start
        #[arg(long)]
        pre_install: bool,
    },
    /// Remove an app from all phones of servers
    Delete {
        #[command(flatten)]
        servers: Servers,
        /// Name of the package
        #[arg(long, value_name = "NAME")]
        package: String,
    },
}
