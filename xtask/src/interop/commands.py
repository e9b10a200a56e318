"""Commands to phones: files, apps and a shell; four of them share a path. Data of phones goes to buckets and back."""

import huaweicloudsdkcph.v1 as cph

from harness import ID, SOME, TIME, equal, fields, operation, the_one


@operation("PushFile")
def push(stage):
    body = cph.PushFileRequestBody(
        command="push", content="obs://push-bucket/my_apps/test.tar", phone_ids=stage.phones[:2]
    )
    answer = stage.client.push_file(cph.PushFileRequest(body=body))
    for job in stage.succeeded(answer, "phones", stage.phones[:2], "PushFile"):
        fields(job, begin_time=TIME, end_time=TIME, error_code="", error_msg="")
    equal("untouched", stage.simulation.ledger("phones", stage.phones[2]), [])


@operation("InstallApk")
def install(stage):
    stage.install("one.app")
    parts = " ".join(f"obs://push-bucket/my_apps/{part}.apk" for part in ["split.app", "config.en", "config.hdpi"])
    body = cph.InstallApkRequestBody(command="install-multiple", content=f"-r {parts}", server_ids=[stage.server])
    answer = stage.client.install_apk(cph.InstallApkRequest(body=body))
    stage.succeeded(answer, "phones", stage.phones, "InstallApk")
    equal("packages", stage.printed("pm list packages"), "package:one.app\npackage:split.app")


@operation("UninstallApk")
def uninstall(stage):
    stage.install("one.app")
    body = cph.UninstallApkRequestBody(command="uninstall", content="one.app", phone_ids=stage.phones[:1])
    answer = stage.client.uninstall_apk(cph.UninstallApkRequest(body=body))
    stage.succeeded(answer, "phones", stage.phones[:1], "UninstallApk")
    packages = [stage.printed("pm list packages", phone) for phone in stage.phones[:2]]
    equal("packages", packages, ["", "package:one.app"])


@operation("RunShellCommand")
def run_shell(stage):
    body = cph.RunShellCommandRequestBody(command="shell", content="echo hello", phone_ids=stage.phones[:2])
    answer = stage.client.run_shell_command(cph.RunShellCommandRequest(body=body))
    running = stage.client.list_jobs(cph.ListJobsRequest(request_id=answer.request_id)).jobs
    equal("execute_msg", [job.execute_msg for job in running], [None, None])
    jobs = stage.succeeded(answer, "phones", stage.phones[:2], "RunShellCommand")
    equal("execute_msg", [job.execute_msg for job in jobs], ["hello", "hello"])
    equal("getprop", stage.printed("getprop com.cph.mainkeys"), "0")


@operation("RunSyncCommand")
def run_sync(stage):
    unknown = "0" * 32
    body = cph.RunSyncCommandRequestBody(
        command="shell", content="echo at once", phone_ids=[stage.phones[0], unknown]
    )
    answer = stage.client.run_sync_command(cph.RunSyncCommandRequest(body=body))
    fields(answer, request_id=ID)
    done, refused = answer.jobs
    fields(done, phone_id=stage.phones[0], job_id=ID, status=2, execute_msg="at once", error_code="")
    fields(refused, phone_id=unknown, status=-1, error_code="CPS.0005", error_msg=SOME)
    entry = the_one("ledger entries", stage.simulation.ledger("phones", stage.phones[0]))
    equal("ledger", (entry["operation"], entry["job_id"]), ("RunSyncCommand", done.job_id))


def export_app(stage, name):
    body = cph.BatchExportCloudPhoneDataRequestBody(
        storage_infos=[
            cph.StorageInfo(
                phone_id=stage.phones[0],
                include_files=["/data/app", "/data/local"],
                exclude_files=["/data/local/tmp*"],
                bucket_name="mybucket",
                object_path=f"myimage/v1/{name}.tar",
            )
        ]
    )
    request = cph.BatchExportCloudPhoneDataRequest(body=body)
    return stage.client.batch_export_cloud_phone_data(request)


def import_app(stage, name, phone_id):
    info = cph.RestoreInfo(
        phone_id=phone_id, bucket_name="mybucket", object_path=f"myimage/v1/{name}.tar"
    )
    body = cph.BatchImportCloudPhoneDataRequestBody(restore_infos=[info])
    request = cph.BatchImportCloudPhoneDataRequest(body=body)
    return stage.client.batch_import_cloud_phone_data(request)


@operation("BatchExportCloudPhoneData")
def export_data(stage):
    stage.install("one.app")
    answer = export_app(stage, "export")
    stage.accepted(answer, "phones", stage.phones[:1], "BatchExportCloudPhoneData")
    early = the_one("jobs", import_app(stage, "export", stage.phones[0]).jobs)
    fields(early, error_code="CPS.0172", error_msg=SOME, job_id=None)
    stage.succeeded(answer, "phones", stage.phones[:1], "BatchExportCloudPhoneData")
    later = the_one("jobs", import_app(stage, "export", stage.phones[0]).jobs)
    fields(later, error_code=None, job_id=ID)


@operation("BatchImportCloudPhoneData")
def import_data(stage):
    stage.install("one.app")
    export = export_app(stage, "import")
    stage.succeeded(export, "phones", stage.phones[:1], "BatchExportCloudPhoneData")
    target = stage.phones[1]
    body = cph.UninstallApkRequestBody(command="uninstall", content="one.app", phone_ids=[target])
    stage.finish(stage.client.uninstall_apk(cph.UninstallApkRequest(body=body)).request_id)
    answer = import_app(stage, "import", target)
    stage.succeeded(answer, "phones", [target], "BatchImportCloudPhoneData")
    equal("packages", stage.printed("pm list packages", target), "package:one.app")
