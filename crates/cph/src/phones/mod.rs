//! Phones: finding them, and changing them in batches.

mod change;
mod commands;
mod connect;
mod data;
mod listing;
mod models;
mod property;
mod reset;
mod restart;
mod target;
mod words;

use cph_core::PhoneId;
use cph_raw::types::UpdatePhoneNameRequestBody;
use futures_util::Stream;

pub use self::{
    change::{
        ExpandPhoneVolumes, ExpandTarget, ExpandVolume, SetPhoneTraffic, SetTraffic, Stop,
        StopPhones, TrafficType,
    },
    commands::{
        InstallApk, InstallApkOnPhones, PushFile, PushFileToPhones, RunShell, RunShellOnPhones,
        RunSync, RunSyncOnPhones, UninstallApk, UninstallApkFromPhones,
    },
    connect::{ClientType, ConnectAccess, Connection},
    data::{ExportData, ExportPhoneData, ExportTarget, ImportData, ImportPhoneData, ImportTarget},
    listing::{AccessInfo, ListPhones, Phone, PhoneDetail},
    models::{ListPhoneModels, PhoneModel},
    property::{PropertyUpdate, UpdatePhoneProperties, UpdateProperty},
    reset::{Reset, ResetPhones, ResetTarget},
    restart::{Restart, RestartPhones, RestartTarget},
};
use crate::text::NAME;
use crate::{Client, Error, Problem, Result, Survey, view::view};

/// What can be asked and done about phones; see [`Client::phones`].
///
/// What changes phones comes as a batch in the making: any number of phones, split into calls. Nothing is sent before its
/// [`start`](crate::Batch::start), which checks everything and names every problem.
///
/// Commands name phones, never servers, which the vendor would take too: list the phones of a server first, so that each has
/// an outcome.
#[derive(Debug, Clone, Copy)]
pub struct Phones<'a> {
    client: &'a Client,
}

impl<'a> Phones<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Restarts phones, or starts those that are shut down: any number, split into calls.
    ///
    /// A target is an id, or a [`RestartTarget`] with properties. Nothing is sent before
    /// [`Restart::start`], which checks everything.
    /// Documented as [RestartCloudPhone](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0515.html).
    pub fn restart(&self, targets: impl IntoIterator<Item = impl Into<RestartTarget>>) -> Restart {
        Restart::new(self.client, targets, RestartPhones::default())
    }

    /// Resets phones to their factory state, which **erases what they hold**.
    ///
    /// A target is an id, or a [`ResetTarget`] with properties.
    /// Documented as [ResetCloudPhone](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0514.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let run = client.phones().reset(["1234567b8bab40ffb711234cb80d0234"]).start()?;
    /// let report = run.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: properties that break a rule or have more than 7,800 bytes, an image id that is none.
    pub fn reset(&self, targets: impl IntoIterator<Item = impl Into<ResetTarget>>) -> Reset {
        Reset::new(self.client, targets, ResetPhones::default())
    }

    /// Shuts phones down, which interrupts whatever they do; [`restart`](Self::restart) starts them again.
    /// Documented as [StopCloudPhone](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0516.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let report = client.phones().stop(["1234567b8bab40ffb711234cb80d0234"]).start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stop(&self, phone_ids: impl IntoIterator<Item = impl Into<String>>) -> Stop {
        Stop::new(self.client, phone_ids, StopPhones)
    }

    /// Gives a phone a name: 1 to 60 letters, digits, Chinese characters, `-` and `_`.
    /// Documented as [UpdatePhoneName](https://support.huaweicloud.com/api-cph/cph_api_0508.html) (in Chinese).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// client.phones().rename("1564567b8bab40f34711234cb80d8574", "front-desk").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a name that breaks the rule: nothing was sent then.
    pub async fn rename(&self, phone_id: impl AsRef<str>, name: impl Into<String>) -> Result<()> {
        let phone_id: PhoneId = Client::id(phone_id)?;
        let phone_name = name.into();
        let problems = NAME.problems("the name", &phone_name);
        if !problems.is_empty() {
            return Err(Error::invalid_input(problems.into_iter().map(Problem::new).collect()));
        }
        let body = UpdatePhoneNameRequestBody { phone_name };
        let call = self.client.call("UpdatePhoneName", async |raw, project| {
            raw.update_phone_name(&project, phone_id.as_str(), &body).await
        });
        call.await.map(|_| ())
    }

    /// Changes properties of phones while they run; some take effect only after a restart.
    ///
    /// A target is a [`PropertyUpdate`], or an id with properties.
    /// Documented as [UpdateCloudPhoneProperty](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0536.html).
    ///
    /// ```
    /// use cph::Properties;
    ///
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let wifi = Properties::new().wifi_name("test_wifi");
    /// let report = client.phones().update_property([("1234567b8bab40ffb711234cb80d0234", wifi)]).start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: properties that break a rule, more than 7,800 bytes of a phone's property text and its custom properties
    /// as JSON together, a target that sets nothing.
    pub fn update_property(
        &self,
        targets: impl IntoIterator<Item = impl Into<PropertyUpdate>>,
    ) -> UpdateProperty {
        UpdateProperty::new(self.client, targets, UpdatePhoneProperties)
    }

    /// Exports files of phones into a bucket, one tar file for each phone. Shared apps and their files are left out.
    ///
    /// The service needs the right to write into the bucket.
    /// Documented as [BatchExportCloudPhoneData](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0538.html).
    ///
    /// ```
    /// use cph::ExportTarget;
    ///
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let apps = ExportTarget::new("1234567b8bab40ffb711234cb80d0234", "mybucket", "backup/phone-1.tar", ["/data/app"]);
    /// let report = client.phones().export_data([apps]).start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: a bucket, a path in it or a path on the phone that breaks a rule of [`ExportTarget::new`].
    pub fn export_data(&self, targets: impl IntoIterator<Item = ExportTarget>) -> ExportData {
        ExportData::new(self.client, targets, ExportPhoneData)
    }

    /// Restores exports on phones, which **overwrites** the files there. Restart the phones afterwards.
    ///
    /// The export of a newer phone version does not fit an older one. The service needs the right to read the bucket.
    /// Documented as [BatchImportCloudPhoneData](https://support.huaweicloud.com/api-cph/cph_api_0539.html) (in Chinese).
    ///
    /// ```
    /// use cph::ImportTarget;
    ///
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let apps = ImportTarget::new("1234567b8bab40ffb711234cb80d0234", "mybucket", "backup/phone-1.tar");
    /// let report = client.phones().import_data([apps]).start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: a bucket that breaks its rule, a path of none or more than 1024 characters.
    pub fn import_data(&self, targets: impl IntoIterator<Item = ImportTarget>) -> ImportData {
        ImportData::new(self.client, targets, ImportPhoneData)
    }

    /// Changes the way that the traffic of phones takes; at most 100 phones a call.
    /// Documented as [ImportTraffic](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0549.html).
    ///
    /// ```
    /// use cph::TrafficType;
    ///
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let phones = ["631056bfb66b4f4ea02ba25f04830cb4"];
    /// let report = client.phones().set_traffic(phones, TrafficType::Routing).start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_traffic(
        &self,
        phone_ids: impl IntoIterator<Item = impl Into<String>>,
        traffic_type: TrafficType,
    ) -> SetTraffic {
        SetTraffic::new(self.client, phone_ids, SetPhoneTraffic { traffic_type })
    }

    /// Makes the data disks of phones larger, which **costs money**. A target is an id with the whole new size in GiB, 1 to 32768.
    /// Documented as [ExpandPhoneDataVolumeSize](https://support.huaweicloud.com/api-cph/ExpandPhoneDataVolumeSize.html) (in Chinese).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let report = client.phones().expand_volume([("ca6ae3158406452696deade1a1091250", 100)]).start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: a size out of range. Whether it is below the present one only the service knows.
    pub fn expand_volume(
        &self,
        targets: impl IntoIterator<Item = impl Into<ExpandTarget>>,
    ) -> ExpandVolume {
        ExpandVolume::new(self.client, targets, ExpandPhoneVolumes)
    }

    /// Unpacks a tar file from a bucket into the root directory of phones, **over whatever is there**.
    ///
    /// The content is `obs://BUCKET/PATH/FILE.tar`, at most 1024 bytes of letters, digits and `_ . / : -`; the file has at most
    /// 6 GB. What it holds ought to lie under `data/`. Commands to many phones of one server hold up its other jobs.
    /// Documented as [PushFile](https://support.huaweicloud.com/api-cph/cph_api_0529.html) (in Chinese).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let phones = ["1234567b8bab40ffb711234cb80d0234"];
    /// let report = client.phones().push_file(phones, "obs://push-bucket/my_apps/test.tar").start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: a content that is not of this form.
    pub fn push_file(
        &self,
        phone_ids: impl IntoIterator<Item = impl Into<String>>,
        content: impl Into<String>,
    ) -> PushFile {
        PushFile::new(self.client, phone_ids, PushFileToPhones::new(content.into()))
    }

    /// Installs an app that is one apk of at most 2 GB.
    ///
    /// The content is `obs://BUCKET/PATH/FILE.apk`, options such as `-t -r` before it if need be; at most 1024 bytes of letters,
    /// digits, spaces and `_ . / : -`.
    /// Documented as [InstallApk](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0530.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let phones = ["1234567b8bab40ffb711234cb80d0234"];
    /// let report = client.phones().install_apk(phones, "-t -r obs://push-bucket/my_apps/test.apk").start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: a content that is not of this form, or names several apks.
    pub fn install_apk(
        &self,
        phone_ids: impl IntoIterator<Item = impl Into<String>>,
        content: impl Into<String>,
    ) -> InstallApk {
        InstallApk::new(self.client, phone_ids, InstallApkOnPhones::new(content.into()))
    }

    /// Installs one app that is split into several apks: at most 50, and 8100 bytes with a space between them.
    ///
    /// Otherwise as [`install_apk`](Self::install_apk); options stand before the first apk.
    /// Documented as [InstallApk](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0530.html), `install-multiple`.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let phones = ["1234567b8bab40ffb711234cb80d0234"];
    /// let apks = ["-r", "obs://push-bucket/my_apps/part1.apk", "obs://push-bucket/my_apps/part2.apk"];
    /// let report = client.phones().install_split_apk(phones, apks).start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: contents that are not of this form, or more than 50 apks.
    pub fn install_split_apk(
        &self,
        phone_ids: impl IntoIterator<Item = impl Into<String>>,
        contents: impl IntoIterator<Item = impl Into<String>>,
    ) -> InstallApk {
        let contents: Vec<String> = contents.into_iter().map(Into::into).collect();
        InstallApk::new(self.client, phone_ids, InstallApkOnPhones::split(&contents))
    }

    /// Uninstalls an app, **with its files**, by its package name: at most 1024 bytes of letters, digits and `_ . / : -`.
    /// Documented as [UninstallApk](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0531.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let phones = ["1234567b8bab40ffb711234cb80d0234"];
    /// let report = client.phones().uninstall_apk(phones, "com.myapp.test").start()?.await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: a name that is not of this form.
    pub fn uninstall_apk(
        &self,
        phone_ids: impl IntoIterator<Item = impl Into<String>>,
        package: impl Into<String>,
    ) -> UninstallApk {
        UninstallApk::new(self.client, phone_ids, UninstallApkFromPhones::new(package.into()))
    }

    /// Runs a shell command as a job on each phone; what it prints is [`Outcome::output`](crate::Outcome::output).
    ///
    /// The command has at most 2048 bytes of letters, digits, spaces and `_ . / : - ? = & |`: what the newest SDK allows; the
    /// page says 1024, without `? = & |`. Commands to many phones of one server hold up its other jobs.
    /// Documented as [RunShellCommand](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0532.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let mut run = client.phones().run_shell(["1234567b8bab40ffb711234cb80d0234"], "ls -l /system").start()?;
    /// while let Some(outcome) = run.next().await {
    ///     println!("{}: {}", outcome.phone, outcome.output.unwrap_or_default());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: a command that is not of this form.
    pub fn run_shell(
        &self,
        phone_ids: impl IntoIterator<Item = impl Into<String>>,
        content: impl Into<String>,
    ) -> RunShell {
        RunShell::new(self.client, phone_ids, RunShellOnPhones::new(content.into()))
    }

    /// Runs a shell command whose result stands in the answer: at most 15 phones a call, 2 seconds a phone, 30 seconds a call.
    ///
    /// One user may make 6 calls a minute. This client does not pace them: it makes one at a time, and one that is turned away
    /// for its rate is sent again later, as any other. For many phones take [`run_shell`](Self::run_shell), whose rules hold for
    /// the command too.
    /// Documented as [RunSyncCommand](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0537.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// let mut run = client.phones().run_sync(["1234567b8bab40ffb711234cb80d0234"], "ls -l /system").start()?;
    /// while let Some(outcome) = run.next().await {
    ///     println!("{}: {}", outcome.phone, outcome.output.unwrap_or_default());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// At its start: a command that is not of this form, a batch of more than 15.
    pub fn run_sync(
        &self,
        phone_ids: impl IntoIterator<Item = impl Into<String>>,
        content: impl Into<String>,
    ) -> RunSync {
        RunSync::new(self.client, phone_ids, RunSyncOnPhones::new(content.into()))
    }

    /// How a client connects to each phone, or why it cannot: one item per phone, in the order given, ten phones a call.
    ///
    /// The stream ends after its first `Err`. Dropping it asks for no more.
    /// Documented as [BatchShowPhoneConnectInfos](https://support.huaweicloud.com/api-cph/cph_api_0565.html) (in Chinese).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let phones = ["1564567b8bab40f34711234cb80d8574"];
    /// let mut connections = pin!(client.phones().connect(phones, cph::ClientType::Android));
    /// while let Some(connection) = connections.try_next().await? {
    ///     match connection.access {
    ///         Ok(access) => println!("{}: {:?}", connection.phone, access.access_ip),
    ///         Err(fault) => println!("{}: {fault}", connection.phone),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) as the only item for ids that are none or named twice: nothing
    /// was sent then.
    pub fn connect(
        &self,
        phone_ids: impl IntoIterator<Item = impl Into<String>>,
        client_type: ClientType,
    ) -> impl Stream<Item = Result<Connection>> + Send + 'static {
        connect::connections(self.client, phone_ids, client_type)
    }

    /// Lists the flavors of phones, every page of them.
    /// Documented as [ListCloudPhoneModels](https://support.huaweicloud.com/api-cph/cph_api_0506.html) (in Chinese).
    pub fn models(&self) -> ListPhoneModels {
        ListPhoneModels::new(self.client)
    }

    /// Lists phones, every page of them.
    /// Documented as [ListCloudPhones](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0503.html).
    pub fn list(&self) -> ListPhones {
        ListPhones::new(self.client)
    }

    /// Where all phones of the project are and what they are doing, for [`Batch::survey`](crate::Batch::survey). One call for every
    /// 200 phones.
    ///
    /// ```
    /// # async fn example(client: cph::Client, targets: Vec<String>) -> cph::Result<()> {
    /// let survey = client.phones().survey().await?;
    /// // Never more than five phones of one server down, nor more than 200 in total.
    /// let restart = client.phones().restart(targets).survey(&survey).per_server(5).max_down(200);
    /// println!("{}", restart.start()?.await);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first call that fails.
    pub async fn survey(&self) -> Result<Survey> {
        Survey::of(self.client).await
    }

    /// One phone with all that is known of it.
    /// Documented as [ShowCloudPhoneDetail](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0504.html).
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PHONE_NOT_FOUND`](crate::ErrorCode::PHONE_NOT_FOUND) if the project has no such phone.
    pub async fn get(&self, phone_id: impl AsRef<str>) -> Result<PhoneDetail> {
        let phone_id: PhoneId = Client::id(phone_id)?;
        let operation = "ShowCloudPhoneDetail";
        let call = self.client.call(operation, async |raw, project| {
            raw.show_cloud_phone_detail(&project, phone_id.as_str()).await
        });
        view(call.await?.body, operation)
    }
}
