//! `cph image`, `cph tag`, `cph event` and `cph bandwidth`: what an account has besides phones and servers.

use std::time::SystemTime;

use clap::Subcommand;
use cph::ImageStatus;

use super::values::{instant, key_and_value};

#[derive(Debug, Subcommand)]
pub(crate) enum Image {
    /// List the images that phones can be given
    List {
        /// Only images of this kind: public, private, share or all
        #[arg(long = "type", value_name = "KIND")]
        kind: Option<String>,
    },
    /// List the images that were made here or shared with this project, with size and state
    Custom {
        /// Only images of this kind: private or share
        #[arg(long = "type", value_name = "KIND")]
        kind: Option<String>,
        /// Only images in this state: creating, production (usable) or create-failed
        #[arg(long, allow_hyphen_values = true)]
        status: Option<ImageStatus>,
        /// Only this image
        #[arg(long, value_name = "ID")]
        image: Option<String>,
        /// Only images of this name
        #[arg(long)]
        name: Option<String>,
        /// Only images made since this timestamp
        #[arg(long, value_name = "N", allow_hyphen_values = true)]
        create_since: Option<i64>,
        /// Only images made until this timestamp
        #[arg(long, value_name = "N", allow_hyphen_values = true)]
        create_until: Option<i64>,
        /// Only images that this project shares
        #[arg(long, value_name = "ID")]
        src_project: Option<String>,
    },
    /// Delete an image
    Delete {
        /// Id of the image
        id: String,
        /// Do not ask; needed without a terminal
        #[arg(long, short)]
        yes: bool,
    },
    /// List the projects that an image is shared with
    Members {
        /// Id of the image
        id: String,
    },
    /// Share an image with another project of the region
    Share {
        /// Id of the image
        id: String,
        /// Id of the project; 10 at most for one image
        with: String,
    },
    /// Share an image no longer with a project
    Unshare {
        /// Id of the image
        id: String,
        /// Id of the project
        with: String,
    },
    /// Accept an image that another project shares
    Accept {
        /// Id of the image
        id: String,
    },
    /// Reject an image that another project shares
    Reject {
        /// Id of the image
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tag {
    /// List the tags of all servers
    List,
    /// Show the tags of one server
    Show {
        /// Id of the server
        id: String,
    },
    /// Tag a server
    Add {
        /// Id of the server
        id: String,
        /// The tags
        #[arg(value_name = "KEY=VALUE", value_parser = key_and_value, required = true)]
        tags: Vec<(String, String)>,
    },
    /// Take tags from a server
    Remove {
        /// Id of the server
        id: String,
        /// The tags
        #[arg(value_name = "KEY=VALUE", value_parser = key_and_value, required = true)]
        tags: Vec<(String, String)>,
    },
    /// Find servers by their tags
    Find {
        /// With this tag and one of these values; several tags must all be there
        #[arg(long, value_name = "KEY=VALUE[,VALUE]…", value_parser = key_and_value)]
        tag: Vec<(String, String)>,
        /// With this tag, whatever its value
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
        /// Without any tag
        #[arg(long)]
        untagged: bool,
        /// Of exactly this name
        #[arg(long)]
        name: Option<String>,
        /// Only say how many there are
        #[arg(long)]
        count: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Event {
    /// List scheduled events: maintenance that servers are due for
    List {
        /// Only this event
        #[arg(long, value_name = "ID")]
        event: Option<String>,
        /// Only events of this server
        #[arg(long, value_name = "ID")]
        server: Option<String>,
        /// Only events in this state; may be given several times
        #[arg(long)]
        state: Vec<String>,
        /// Only events of this kind: localdisk-recovery or system-maintenance; may be given several times
        #[arg(long = "type", value_name = "KIND")]
        kind: Vec<String>,
        /// Only events published since this time
        #[arg(long, value_name = "TIME")]
        publish_since: Option<String>,
        /// Only events published until this time
        #[arg(long, value_name = "TIME")]
        publish_until: Option<String>,
    },
    /// Let an event go ahead, which takes the server away for a while
    Authorize {
        /// Id of the event
        id: String,
        /// Maintain the server where it is, or redeploy it
        #[arg(value_enum)]
        how: How,
        /// For maintenance: not before this time, at least 5 minutes ahead, such as 2027-03-01T06:00:00+08:00 [default: at once]
        #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
        not_before: Option<SystemTime>,
        /// Do not ask; needed without a terminal
        #[arg(long, short)]
        yes: bool,
    },
    /// Move an event to another time
    Reschedule {
        /// Id of the event
        id: String,
        /// Not before this time, at least 5 minutes ahead, such as 2027-03-01T06:00:00+08:00
        #[arg(long, value_name = "TIME", value_parser = instant, required_unless_present = "now", allow_hyphen_values = true)]
        not_before: Option<SystemTime>,
        /// At once
        #[arg(long, conflicts_with = "not_before")]
        now: bool,
        /// Do not ask; needed without a terminal
        #[arg(long, short)]
        yes: bool,
    },
}

/// What is done about an event.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum How {
    /// Maintain the server where it is
    Maintenance,
    /// Move it to other hardware
    Redeploy,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bandwidth {
    /// List the bandwidths of servers in the system's network
    List,
    /// Change a bandwidth, which may cost money
    Resize {
        /// Id of the bandwidth
        id: String,
        /// Its new size in Mbit/s: any up to 300, a multiple of 50 up to 1000, of 500 above
        #[arg(value_name = "MBIT", allow_hyphen_values = true)]
        size: u32,
        /// Do not ask; needed without a terminal
        #[arg(long, short)]
        yes: bool,
    },
}
