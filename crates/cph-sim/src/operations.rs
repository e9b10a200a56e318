//! Which code does what each operation asks for.

use serde_json::Value;

use crate::{LastMarker, models, refusal::Refusal, server_models, work::Work};

pub(crate) fn perform(work: Work<'_>) -> Result<Value, Refusal> {
    let (query, last_marker) = (work.query, work.assumptions.last_marker);
    let mut answer = dispatch(work)?;
    if let Some(page_info) = answer.get_mut("page_info")
        && page_info.get("next_marker").is_none()
    {
        match last_marker {
            LastMarker::Missing => {}
            LastMarker::Empty => page_info["next_marker"] = "".into(),
            LastMarker::Repeated => {
                if let Some(marker) = query.get("marker") {
                    page_info["next_marker"] = marker.as_str().into();
                }
            }
        }
    }
    Ok(answer)
}

fn dispatch(mut work: Work<'_>) -> Result<Value, Refusal> {
    match work.operation {
        "ListCloudPhones" => Ok(work.state.phones.list(work.query, work.now)),
        "ShowCloudPhoneDetail" => work.state.phones.show(work.argument("phone_id"), work.now),
        "RestartCloudPhone" => work.restart_phones(),
        "ResetCloudPhone" => work.reset_phones(),
        "StopCloudPhone" => work.stop_phones(),
        "UpdatePhoneName" => work.rename_phone(),
        "UpdateCloudPhoneProperty" => work.update_properties(),
        "ImportTraffic" => work.import_traffic(),
        "ExpandPhoneDataVolumeSize" => work.expand_volumes(),
        "BatchExportCloudPhoneData" => work.export_data(),
        "BatchImportCloudPhoneData" => work.import_data(),
        "BatchShowPhoneConnectInfos" => work.connect_infos(),
        "PushFile" => work.push_file(),
        "InstallApk" => work.install_apk(),
        "UninstallApk" => work.uninstall_apk(),
        "RunShellCommand" => work.run_shell(),
        "RunSyncCommand" => work.run_sync(),
        "ListCloudPhoneModels" => Ok(models::list(work.query)),
        "ListJobs" => work.state.jobs.list(work.query, work.now, work.assumptions),
        "ShowJob" => work.state.jobs.show(work.argument("job_id"), work.now, work.assumptions),
        "ListCloudPhoneServers" => {
            let in_milliseconds = work.assumptions.create_since_in_milliseconds;
            Ok(work.state.servers.list(work.query, in_milliseconds))
        }
        "ShowCloudPhoneServerDetail" => {
            let server_id = work.argument("server_id");
            work.state.servers.show(server_id, &work.state.bandwidths)
        }
        "ListCloudPhoneServerModels" => server_models::list(work.query),
        "ListCloudPhoneServerModelOfferings" => server_models::offerings(work.query, work.seed),
        "CreateNet2CloudPhoneServer" => work.order_servers_with_phones(),
        "CreateCloudPhoneSingleServer" => work.order_servers(),
        "ChangeCloudPhoneServerModel" => work.change_server_model(),
        "RestartCloudPhoneServer" => work.restart_servers(),
        "ChangeCloudPhoneServer" => work.change_server(),
        "DeleteCloudPhoneServer" => work.delete_servers(),
        "UpdateServerName" => work.rename_server(),
        "UpdateKeypair" => work.update_keypairs(),
        "AttachShareFilesystem" => work.change_file_systems(true),
        "DetachShareFilesystem" => work.change_file_systems(false),
        "PushShareFiles" => work.push_share_files(),
        "DeleteShareFiles" => work.delete_share_files(),
        "ListShareFiles" => work.list_share_files(),
        "PushShareApps" => work.push_share_apps(),
        "DeleteShareApps" => work.delete_share_apps(),
        "ListShareAppsSnapshot" => work.list_share_apps(),
        "ListEncodeServers" => Ok(work.state.encode_servers.list(work.query, &work.state.servers)),
        "RestartEncodeServer" => work.restart_encode_servers(),
        "ShowBandwidthDetail" => Ok(work.state.bandwidths.list(work.query)),
        "UpdateBandwidth" => work.update_bandwidth(),
        "ListCloudPhoneImages" => work.list_phone_images(),
        "ListImages" => work.list_images(),
        "DeleteImage" => work.delete_image(),
        "AddImageMember" => work.add_image_member(),
        "ListImageMembers" => work.list_image_members(),
        "DeleteImageMember" => work.delete_image_member(),
        "UpdateImageMember" => work.update_image_member(),
        "ListProjectTags" => work.list_project_tags(),
        "ListResourceTags" => work.list_resource_tags(),
        "BatchCreateTags" => work.create_tags(),
        "BatchDeleteTags" => work.delete_tags(),
        "ListResourceInstances" => work.list_resource_instances(),
        "ListScheduledEvents" => work.list_events(),
        "AuthorizeScheduledEvent" => work.authorize_event(),
        "UpdateScheduledEvent" => work.update_event(),
        other => unreachable!("no documented operation is called {other}"),
    }
}
