//! Which code does what each operation asks for.

use serde_json::Value;

use crate::{models, refusal::Refusal, work::Work};

/// The operations that the simulator performs; any other is unknown to its gateway.
pub(crate) const PERFORMED: &[&str] = &[
    "BatchExportCloudPhoneData",
    "BatchImportCloudPhoneData",
    "BatchShowPhoneConnectInfos",
    "ExpandPhoneDataVolumeSize",
    "ImportTraffic",
    "InstallApk",
    "ListCloudPhoneModels",
    "ListCloudPhones",
    "ListJobs",
    "PushFile",
    "ResetCloudPhone",
    "RestartCloudPhone",
    "RunShellCommand",
    "RunSyncCommand",
    "ShowCloudPhoneDetail",
    "ShowJob",
    "StopCloudPhone",
    "UninstallApk",
    "UpdateCloudPhoneProperty",
    "UpdatePhoneName",
];

pub(crate) fn perform(mut work: Work<'_>) -> Result<Value, Refusal> {
    let retention = work.assumptions.job_retention;
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
        "ListJobs" => work.state.jobs.list(
            work.query,
            work.now,
            retention,
            work.assumptions.unknown_request_id_sinks_query,
        ),
        "ShowJob" => work.state.jobs.show(work.argument("job_id"), work.now, retention),
        other => unreachable!("{other} is routed here"),
    }
}
