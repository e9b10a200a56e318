//! Putting a new machine in the place of a server, and changing its flavor.

use cph_core::PropertyText;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    parts::{DataVolume, ServerBandWidth, ServerNic, ServerPort, ServerPublicIp, size},
    request::{self, Check as _, bytes, filled, image, property, request, some, within},
};
use crate::{
    Batch, Client, Entry, Problem, Result, ServerOutcome,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
    },
};

request! {
    /// What the new machine of a server is to have; see [`Servers::change`](crate::Servers::change).
    ///
    /// It reads and writes the vendor's JSON body. What is required is checked before anything is sent.
    pub struct ServerChange {
        /// Flavor of the phones, at most 64 bytes.
        required phone_model_name: String => bytes(64),
        /// Image of the phones.
        required image_id: String => image,
        /// Key pair that ADB logs in with, at most 64 bytes.
        optional keypair_name: String => bytes(64),
        /// Where the server is to stand; left out, it stays.
        optional availability_zone: String,
        /// Ports of apps that the service forwards to the phones.
        optional ports: Vec<ServerPort>,
        /// Enterprise project of the server.
        optional extend_param: EnterpriseProject,
        /// VPC that the server joins, a UUID.
        required tenant_vpc_id: String => filled,
        /// Network interfaces of the server.
        required nics: Vec<ServerNic> => some,
        /// Elastic addresses of the server.
        required public_ip: ServerPublicIp,
        /// How many phones share one virtual address: 1 to all phones of the server, the service's default.
        optional phone_count_per_ip: i64 => within(1..=i64::MAX),
        /// Data disk of each phone, 10 to 32768 GiB; 2.0 flavors need it.
        optional phone_data_volume: DataVolume => size(10..=32768),
        /// Disk that the phones of the server share, 10 to 32768 GiB; for 2.0 flavors.
        optional server_share_data_volume: DataVolume => size(10..=32768),
        /// Bandwidth of the elastic addresses.
        required band_width: ServerBandWidth,
        /// Properties of the new phones, at most 8192 characters as text; only those that may be modified.
        optional property: PropertyText => property,
    }

    /// An enterprise project, by its id.
    pub struct EnterpriseProject {
        /// Its id; left out or `0`, the default one.
        optional enterprise_project_id: String,
    }

    /// A new flavor of a server; see [`Servers::change_model`](crate::Servers::change_model).
    ///
    /// It reads and writes the vendor's JSON body.
    pub struct ServerModelChange {
        /// The server.
        required server_id: String => server,
        /// Its new flavor, at most 64 bytes; of the same generation as the old one.
        required server_model_name: String => bytes(64),
        /// The new flavor of its phones: it fits that of the server, and makes as many phones as before.
        required phone_model_name: String => filled,
        /// How the change is paid.
        optional extend_param: ServerModelChangeTerms,
    }

    /// How a new flavor is paid.
    pub struct ServerModelChangeTerms {
        /// Whether the order is paid at once; if not, it is left open. The service's default is `false`.
        #[serde(with = "super::request::number")]
        optional is_auto_pay: bool,
    }
}

fn server(server_id: &str) -> Option<String> {
    server_id.parse::<cph_core::ServerId>().err().map(|error| error.to_string())
}

impl ServerChange {
    /// A change that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the property text as it is to be sent, byte for byte.
    #[must_use]
    pub fn property_text(self, text: impl Into<String>) -> Self {
        self.property(PropertyText::new(text))
    }

    /// What a run checks before it sends anything.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming every problem by its place in the JSON body.
    pub fn check(&self) -> Result<()> {
        request::check(self)
    }
}

impl From<&str> for EnterpriseProject {
    fn from(enterprise_project_id: &str) -> Self {
        Self::default().enterprise_project_id(enterprise_project_id)
    }
}

impl ServerModelChange {
    /// The server, its new flavor, and the new flavor of its phones.
    pub fn new(
        server_id: impl Into<String>,
        server_model_name: impl Into<String>,
        phone_model_name: impl Into<String>,
    ) -> Self {
        let change = Self::default().server_id(server_id).server_model_name(server_model_name);
        change.phone_model_name(phone_model_name)
    }

    /// Whether the order is paid at once; if not, it is left open. The service's default is `false`.
    #[must_use]
    pub fn is_auto_pay(self, is_auto_pay: bool) -> Self {
        self.extend_param(ServerModelChangeTerms::default().is_auto_pay(is_auto_pay))
    }

    /// What [`Servers::change_model`](crate::Servers::change_model) checks before it sends anything.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), naming every problem by its place in the JSON body.
    pub fn check(&self) -> Result<()> {
        request::check(self)
    }
}

/// A change of a server in the making; see [`Servers::change`](crate::Servers::change).
pub type ServerReplacement = Batch<ChangeServer>;

/// What the server's new machine is to have.
#[derive(Debug)]
pub struct ChangeServer {
    pub(crate) change: ServerChange,
}

/// The body, and the server that stands in the path.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeOfServer {
    #[serde(skip)]
    server_id: String,
    change: ServerChange,
}

impl Sealed for ChangeServer {}

impl BatchKind for ChangeServer {
    type Target = String;
    type Outcome = ServerOutcome;
    type Body = ChangeOfServer;

    const OPERATION: &'static str = "ChangeCloudPhoneServer";

    fn check(&self, problems: &mut Vec<Problem>) {
        self.change.problems("", problems);
    }

    fn body(&self, part: &[&String]) -> ChangeOfServer {
        // There is one target, which is a part of its own.
        let server_id = part.iter().map(ToString::to_string).collect();
        ChangeOfServer { server_id, change: self.change.clone() }
    }

    fn recorded(targets: &[String], body: Value) -> serde_json::Result<ChangeOfServer> {
        let change = serde_json::from_value(body)?;
        Ok(ChangeOfServer { server_id: targets.concat(), change })
    }

    async fn send(client: Client, body: ChangeOfServer) -> Result<Answer> {
        let ChangeOfServer { server_id, change } = body;
        let change = request::raw(&change)?;
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.change_cloud_phone_server(&project, &server_id, &change).await
        });
        let reply = call.await?;
        let entry = Entry {
            target: reply.body.server_id.or(Some(server_id)),
            job_id: reply.body.job_id,
            error_code: reply.body.error_code,
            error_msg: reply.body.error_msg,
            ..Default::default()
        };
        Ok(Answer::new(reply.body.request_id, reply.request_id, [entry]))
    }
}
