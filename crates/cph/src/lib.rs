//! A client for Huawei Cloud's Cloud Phone Host: every documented operation, batches of any size, and one outcome per phone.
//!
//! The service changes phones in batches, asynchronously: a call answers with a job or an error per phone, and the jobs are
//! polled until they end. This crate splits the batches, checks what it sends, follows the jobs, and says of every phone
//! exactly once what is known of it.
//!
//! ```
//! use cph::{Client, Credentials, Fate};
//!
//! # async fn example(targets: Vec<String>) -> cph::Result<()> {
//! let client = Client::builder()
//!     .region("cn-north-4")
//!     .project("0123456789abcdef0123456789abcdef")
//!     .credentials(Credentials::from_env()?)
//!     .build()?; // everything that can be wrong is said here, at once
//!
//! let mut run = client.phones().restart(targets).start()?; // an `Err` means that nothing was sent
//! while let Some(outcome) = run.next().await {
//!     match outcome.fate {
//!         Fate::Done => {}
//!         Fate::Refused(fault) | Fate::Failed(fault) => eprintln!("{}: {}", outcome.phone, fault.code),
//!         Fate::NotSent(_) => {}     // safe to send again
//!         Fate::Unconfirmed(_) => {} // may have happened: look before repeating
//!         Fate::StillRunning => {}   // patience ran out, the job did not
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | [`Client::phones`] | list, show, restart, reset, stop, rename, change properties, run commands, install, export, import, connect, enlarge |
//! | [`Client::servers`] | list, show, buy, restart, rename, change, delete; key pairs, shared file systems |
//! | [`Client::images`] | list, delete, share and accept |
//! | [`Client::jobs`] | what calls started, and how it is going |
//! | [`Client::tags`], [`Client::events`], [`Client::bandwidths`], [`Client::encode_servers`] | the rest of the account |
//! | [`Client::shared_files`], [`Client::shared_apps`] | what all phones of a server share |
//! | [`Client::api`] | any of the 59 documented operations, as documented |
//!
//! What changes many phones or servers is a [`Batch`]: targets in, a [`Run`] out, with one outcome per target. What lists is a
//! stream over every page. The rest are single calls. A [`RunFile`] keeps what a run sends and hears, so that another process can
//! take over.
//!
//! # What it promises
//!
//! - As many outcomes as targets, each once, whatever the service or the network does.
//! - A call that may have been carried out is never sent again on a guess: [`Delivery`] has the table of what is sent again.
//! - Secret keys, tokens, phone numbers, IMSI, ICCID and IMEI that you pass in or get back as such stay out of `Display`,
//!   `Debug`, logs and errors. So do the service's own error texts, which may quote them: [`Error::message`] and
//!   [`Fault::message`] have those.
//!
//! # Credentials
//!
//! They are given in code or come from a source of them, [`ProvideCredentials`]: the environment, the credentials file of the
//! vendor's SDKs, the metadata service of a cloud server, a user with a password, or several in a [`Chain`]. What ends is renewed
//! ahead of its end, by one call for all that wait.
//!
//! ```no_run
//! # async fn example() -> cph::Result<()> {
//! let client = cph::Client::builder()
//!     .region("cn-north-4")
//!     .environment(cph::Environment::of_process())
//!     .connect() // asks for the region's project if none is set
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! Five bad signatures in a row lock an access key, so signed calls go one at a time until the gateway has taken one, and after
//! two refused ones nothing more is sent with that key. A `~/.netrc` is never read.
//!
//! # TLS
//!
//! rustls with ring and the certificates of the system, or those of [`ClientBuilder::ca_file`] alone; nothing switches the check
//! off. Should your own code build a `reqwest::Client` with none of reqwest's
//! TLS features on, install a rustls provider first: this crate turns on reqwest's `rustls-no-provider`.
//!
//! # What it does not do
//!
//! No blocking client, no automatic choice of region. Commands name phones, never servers, so that each phone has an outcome. The
//! types of the generated client, the crate `cph-raw`, stay private here.

mod answer;
mod api;
mod bandwidths;
mod batch;
mod builder;
mod call;
mod client;
mod clock;
mod delivery;
mod encode_servers;
mod endpoint;
mod error;
mod events;
mod identity;
mod images;
mod jobs;
mod paging;
mod personal;
mod phones;
mod rules;
mod run_file;
mod servers;
mod setting;
mod shared_apps;
mod shared_files;
mod sign;
mod sockets;
mod tags;
mod text;
mod transport;
mod view;
mod wire;
mod wire_log;

pub use api::{ApiAnswer, ApiCall};
pub use bandwidths::{BandWidth, Bandwidths, ListBandwidths};
pub use batch::{
    builder::{Batch, BatchKind, Target},
    observer::{Entry, Observer, Part, PartAnswer, Settlement},
    outcome::{
        EncodeServerOutcome, Fate, Fault, NotSentReason, Outcome, OutcomeRecord, ServerOutcome,
        TargetOutcome, UnconfirmedReason,
    },
    ready::Ready,
    report::Report,
    run::Run,
    share::Share,
    survey::Survey,
    ticket::Ticket,
};
pub use builder::ClientBuilder;
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use cph_core::{
    Asks, Assumption, BandWidthId, BandwidthLimit, Basis, Class, CodeEntry, Effect,
    EncodeServerFilter, EncodeServerId, EncodeServerStatus, ErrorCode, EventId, EventState,
    ImageId, ImageStatus, InvalidId, JobFamily, JobId, JobStatus, Limit, Operation, PhoneId,
    PhoneStatus, ProjectId, Properties, PropertyError, PropertyKey, PropertyKind, PropertyProblem,
    PropertyText, RateLimit, ReceiveStatus, Region, RequestId, Scope, ServerId, ServerStatus,
    TakesEffect, UnknownRegion, UnknownStatus, Vintage, mask_json,
};
pub use delivery::Delivery;
pub use encode_servers::{
    EncodeServer, EncodeServerAccessInfo, EncodeServerRestart, EncodeServers, ListEncodeServers,
    RestartEncodeServers,
};
pub use error::{Error, ErrorKind, Problem, Result};
pub use events::{Authorization, Events, ListScheduledEvents, ScheduledEvent};
pub use identity::{
    Chain, Credentials, Environment, EnvironmentCredentials, Http, MetadataCredentials,
    PasswordCredentials, Profile, ProfileCredentials, Provide, ProvideCredentials, Provided,
};
pub use images::{
    Image, ImageMember, Images, ListImageMembers, ListImages, ListPhoneImages, Membership,
    PhoneImage,
};
pub use jobs::{Job, Jobs};
pub use personal::Personal;
pub use phones::{
    AccessInfo, ClientType, ConnectAccess, Connection, ExpandPhoneVolumes, ExpandTarget,
    ExpandVolume, ExportData, ExportPhoneData, ExportTarget, ImportData, ImportPhoneData,
    ImportTarget, InstallApk, InstallApkOnPhones, ListPhoneModels, ListPhones, Phone, PhoneDetail,
    PhoneModel, Phones, PropertyUpdate, PushFile, PushFileToPhones, Reset, ResetPhones,
    ResetTarget, Restart, RestartPhones, RestartTarget, RunShell, RunShellOnPhones, RunSync,
    RunSyncOnPhones, SetPhoneTraffic, SetTraffic, Stop, StopPhones, TrafficType, UninstallApk,
    UninstallApkFromPhones, UpdatePhoneProperties, UpdateProperty,
};
pub use run_file::{RecordedRun, RunFile, RunFileFailure, RunHeader, RunTarget};
pub use servers::{
    AttachFilesystem, ChangeServer, DataVolume, DeleteServers, DetachFilesystem, EnterpriseProject,
    FilesystemAttachment, FilesystemDetachment, Ipv6BandWidth, KeypairTarget, KeypairUpdate,
    ListServerModelOfferings, ListServerModels, ListServers, Order, OrderTerms, RestartServers,
    Server, ServerAddress, ServerBandWidth, ServerChange, ServerDeletion, ServerDetail, ServerEip,
    ServerMetadata, ServerModel, ServerModelChange, ServerModelChangeTerms, ServerModelExtendSpec,
    ServerModelOffering, ServerModelOsVolume, ServerNic, ServerOrder, ServerPort, ServerPublicIp,
    ServerReplacement, ServerRestart, ServerShareVolume, ServerVolume, Servers, SingleDataVolume,
    SingleOrderTerms, SinglePublicIp, SingleServerNic, SingleServerOrder, UpdateKeypairs,
};
pub use setting::{Setting, SettingDefault};
pub use shared_apps::{
    DeleteSharedApp, ListSharedApps, PushSharedApp, SharedApp, SharedAppDeletion, SharedAppPush,
    SharedApps,
};
pub use shared_files::{
    DeleteSharedFiles, FilesInPath, InvalidListing, ListSharedFiles, PushSharedFiles,
    SharedFileListing, SharedFiles, SharedFilesDeletion, SharedFilesList, SharedFilesPush,
};
pub use tags::{FindResources, ListProjectTags, ProjectTag, Resource, Tag, Tags};
pub use transport::Counters;
pub use wire_log::WireRecord;
