//! The raw client, by the names that operations and arguments have on the wire.

use cph_raw::{Client, Error, types};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Reads JSON into a type and writes it again.
pub(crate) type RoundTrip = fn(&Value) -> serde_json::Result<Value>;

/// The types of one operation.
pub(crate) struct Types {
    /// `None` where the operation has no request body.
    pub(crate) request: Option<RoundTrip>,
    /// `None` where the answer has no body.
    pub(crate) answer: Option<RoundTrip>,
}

/// Names the method of every operation, its arguments in the order of the method, the type of its body and that of its
/// answer.
macro_rules! operations {
    ($($name:ident: $method:ident [$($argument:literal),*] $(($request:ident))? $(-> $answer:ident)?;)*) => {
        impl Types {
            /// `None`: the operation is not in the table, and should be.
            pub(crate) fn of(operation: &str) -> Option<Self> {
                let (request, answer): (&[RoundTrip], &[RoundTrip]) = match operation {
                    $(stringify!($name) => (
                        &[$(again::<types::$request>)?],
                        &[$(again::<types::$answer>)?],
                    ),)*
                    _ => return None,
                };
                Some(Self { request: request.first().copied(), answer: answer.first().copied() })
            }
        }

        /// Makes a call with arguments by their names.
        pub(crate) async fn call(
            client: &Client,
            project: &str,
            operation: &str,
            arguments: &Value,
        ) -> Result<(), Error<()>> {
            match operation {
                $(stringify!($name) => client
                    .$method(
                        project,
                        $(argument(arguments, $argument),)*
                        $(argument::<&types::$request>(arguments, "body"))?
                    )
                    .await
                    .map(drop),)*
                _ => panic!("raw.rs has no {operation}"),
            }
        }
    };
}

operations! {
    AddImageMember: add_image_member["image_id"](AddImageMemberRequestBody) -> AddImageMemberResponse;
    AttachShareFilesystem: attach_share_filesystem[](AttachShareFilesystemRequestBody) -> AttachShareFilesystemResponse;
    AuthorizeScheduledEvent: authorize_scheduled_event["event_id"](AuthorizeScheduledEventRequestBody) -> AuthorizeScheduledEventResponse;
    BatchExportCloudPhoneData: batch_export_cloud_phone_data[](BatchExportCloudPhoneDataRequestBody) -> BatchExportCloudPhoneDataResponse;
    BatchImportCloudPhoneData: batch_import_cloud_phone_data[](BatchImportCloudPhoneDataRequestBody) -> BatchImportCloudPhoneDataResponse;
    BatchShowPhoneConnectInfos: batch_show_phone_connect_infos[](BatchShowPhoneConnectInfosRequestBody) -> BatchShowPhoneConnectInfosResponse;
    ChangeCloudPhoneServer: change_cloud_phone_server["server_id"](ChangeCloudPhoneServerRequestBody) -> ChangeCloudPhoneServerResponse;
    ChangeCloudPhoneServerModel: change_cloud_phone_server_model[](ChangeCloudPhoneServerModelRequestBody) -> ChangeCloudPhoneServerModelResponse;
    ChangeShareFiles: change_share_files[](ChangeShareFilesRequestBody) -> ChangeShareFilesResponse;
    ChangeTags: change_tags["resource_type", "resource_id"](ChangeTagsRequestBody);
    CreateCloudPhoneSingleServer: create_cloud_phone_single_server[](CreateCloudPhoneSingleServerRequestBody) -> CreateCloudPhoneSingleServerResponse;
    CreateNet2CloudPhoneServer: create_net2_cloud_phone_server[](CreateNet2CloudPhoneServerRequestBody) -> CreateNet2CloudPhoneServerResponse;
    DeleteCloudPhoneServer: delete_cloud_phone_server[](DeleteCloudPhoneServerRequestBody) -> DeleteCloudPhoneServerResponse;
    DeleteImage: delete_image["image_id"] -> DeleteImageResponse;
    DeleteImageMember: delete_image_member["image_id", "member_id"] -> DeleteImageMemberResponse;
    DeleteShareApps: delete_share_apps[](DeleteShareAppsRequestBody) -> DeleteShareAppsResponse;
    DetachShareFilesystem: detach_share_filesystem[](DetachShareFilesystemRequestBody) -> DetachShareFilesystemResponse;
    ExpandPhoneDataVolumeSize: expand_phone_data_volume_size[](ExpandPhoneDataVolumeSizeRequestBody) -> ExpandPhoneDataVolumeSizeResponse;
    ImportTraffic: import_traffic[](ImportTrafficRequestBody) -> ImportTrafficResponse;
    ListCloudPhoneImages: list_cloud_phone_images["image_type", "limit", "marker"] -> ListCloudPhoneImagesResponse;
    ListCloudPhoneModels: list_cloud_phone_models["limit", "offset", "status"] -> ListCloudPhoneModelsResponse;
    ListCloudPhoneServerModelOfferings: list_cloud_phone_server_model_offerings["limit", "marker"] -> ListCloudPhoneServerModelOfferingsResponse;
    ListCloudPhoneServerModels: list_cloud_phone_server_models["limit", "marker", "product_type"] -> ListCloudPhoneServerModelsResponse;
    ListCloudPhoneServers: list_cloud_phone_servers["create_since", "create_until", "limit", "network_version", "offset", "phone_model_name", "server_id", "server_name", "status"] -> ListCloudPhoneServersResponse;
    ListCloudPhones: list_cloud_phones["limit", "offset", "phone_name", "server_id", "status", "type"] -> ListCloudPhonesResponse;
    ListEncodeServers: list_encode_servers["limit", "offset", "server_id", "status", "type"] -> ListEncodeServersResponse;
    ListImageMembers: list_image_members["image_id", "limit", "marker"] -> ListImageMembersResponse;
    ListImages: list_images["create_since", "create_until", "image_id", "image_name", "image_type", "limit", "offset", "src_project_id", "status"] -> ListImagesResponse;
    ListJobs: list_jobs["limit", "offset", "request_id", "request_ids"] -> ListJobsResponse;
    ListProjectTags: list_project_tags["resource_type", "limit", "offset"] -> ListProjectTagsResponse;
    ListResourceInstances: list_resource_instances["resource_type"](ListResourceInstancesRequestBody) -> ListResourceInstancesResponse;
    ListResourceTags: list_resource_tags["resource_type", "resource_id"] -> ListResourceTagsResponse;
    ListScheduledEvents: list_scheduled_events["event_id", "limit", "marker", "publish_since", "publish_until", "server_id", "state", "type"] -> ListScheduledEventsResponse;
    ListShareAppsSnapshot: list_share_apps_snapshot["server_id", "limit", "marker", "package_name"] -> ListShareAppsSnapshotResponse;
    ListShareFiles: list_share_files["limit", "offset", "path", "server_ids"] -> ListShareFilesResponse;
    PushShareApps: push_share_apps[](PushShareAppsRequestBody) -> PushShareAppsResponse;
    ResetCloudPhone: reset_cloud_phone[](ResetCloudPhoneRequestBody) -> ResetCloudPhoneResponse;
    RestartCloudPhone: restart_cloud_phone[](RestartCloudPhoneRequestBody) -> RestartCloudPhoneResponse;
    RestartCloudPhoneServer: restart_cloud_phone_server[](RestartCloudPhoneServerRequestBody) -> RestartCloudPhoneServerResponse;
    RestartEncodeServer: restart_encode_server[](RestartEncodeServerRequestBody) -> RestartEncodeServerResponse;
    RunSyncCommand: run_sync_command[](RunSyncCommandRequestBody) -> RunSyncCommandResponse;
    SendPhoneCommand: send_phone_command[](SendPhoneCommandRequestBody) -> SendPhoneCommandResponse;
    ShowBandwidthDetail: show_bandwidth_detail["limit", "offset"] -> ShowBandwidthDetailResponse;
    ShowCloudPhoneDetail: show_cloud_phone_detail["phone_id"] -> ShowCloudPhoneDetailResponse;
    ShowCloudPhoneServerDetail: show_cloud_phone_server_detail["server_id"] -> ShowCloudPhoneServerDetailResponse;
    ShowJob: show_job["job_id"] -> ShowJobResponse;
    StopCloudPhone: stop_cloud_phone[](StopCloudPhoneRequestBody) -> StopCloudPhoneResponse;
    UpdateBandwidth: update_bandwidth["band_width_id"](UpdateBandwidthRequestBody) -> UpdateBandwidthResponse;
    UpdateCloudPhoneProperty: update_cloud_phone_property[](UpdateCloudPhonePropertyRequestBody) -> UpdateCloudPhonePropertyResponse;
    UpdateImageMember: update_image_member["image_id"](UpdateImageMemberRequestBody) -> UpdateImageMemberResponse;
    UpdateKeypair: update_keypair[](UpdateKeypairRequestBody) -> UpdateKeypairResponse;
    UpdatePhoneName: update_phone_name["phone_id"](UpdatePhoneNameRequestBody) -> UpdatePhoneNameResponse;
    UpdateScheduledEvent: update_scheduled_event["event_id"](UpdateScheduledEventRequestBody) -> UpdateScheduledEventResponse;
    UpdateServerName: update_server_name["server_id"](UpdateServerNameRequestBody) -> UpdateServerNameResponse;
}

fn again<T: Serialize + DeserializeOwned>(value: &Value) -> serde_json::Result<Value> {
    serde_json::to_value(T::deserialize(value)?)
}

fn argument<'a, T: Argument<'a>>(arguments: &'a Value, name: &str) -> T {
    let value = &arguments[name];
    T::read(value).unwrap_or_else(|| panic!("the raw client does not take {name} = {value}"))
}

/// What the methods take.
trait Argument<'a>: Sized {
    fn read(value: &'a Value) -> Option<Self>;
}

impl<'a, T: Argument<'a>> Argument<'a> for Option<T> {
    fn read(value: &'a Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

impl Argument<'_> for i64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_i64()
    }
}

impl<'a> Argument<'a> for &'a str {
    fn read(value: &'a Value) -> Option<Self> {
        value.as_str()
    }
}

/// Bodies and lists, which a method borrows and nobody owns.
impl<'a, T: DeserializeOwned> Argument<'a> for &'a T {
    fn read(value: &'a Value) -> Option<Self> {
        T::deserialize(value).ok().map(|owned| &*Box::leak(Box::new(owned)))
    }
}
