"""What the phones of a server share: files, apps, network file systems. Files are pushed and deleted on one path."""

import json

import huaweicloudsdkcph.v1 as cph

from harness import ID, SOME, TIME, equal, fields, operation, the_one

TWO_HOURS = 7200
FILE_SYSTEM = "0f3bd5b1-7d1c-4a9a-9f5e-2b7f6f0f9d11"


def push_files(stage):
    body = cph.PushShareFilesRequestBody(
        bucket_name="bucketA", object_path="my_apps/games.tar", server_ids=[stage.server]
    )
    answer = stage.client.push_share_files(cph.PushShareFilesRequest(body=body))
    stage.succeeded(answer, "servers", [stage.server], "PushShareFiles")


def listing(stage):
    """What ListShareFiles finds out by its job."""
    request = cph.ListShareFilesRequest(server_ids=stage.server, path="/data", offset=0, limit=50)
    answer = stage.client.list_share_files(request)
    job = the_one("jobs", stage.succeeded(answer, "servers", [stage.server], "ListShareFiles"))
    return json.loads(job.execute_msg)


@operation("PushShareFiles")
def push_share_files(stage):
    push_files(stage)
    files = listing(stage)["files_in_path"]["files"]
    equal("file", the_one("files", files).split()[-1], "games")


@operation("DeleteShareFiles")
def delete_share_files(stage):
    push_files(stage)
    body = cph.DeleteShareFilesRequestBody(server_ids=[stage.server], file_paths=["/data/games"])
    answer = stage.client.delete_share_files(cph.DeleteShareFilesRequest(body=body))
    stage.succeeded(answer, "servers", [stage.server], "DeleteShareFiles")
    equal("files", listing(stage)["files_in_path"]["files"], [])


@operation("ListShareFiles")
def list_share_files(stage):
    empty = listing(stage)
    equal("files_in_path", empty["files_in_path"], {"total": 0, "count": 0, "files": []})
    equal("share_base_max_size", empty["share_base_max_size"], "50G")
    push_files(stage)
    files = listing(stage)["files_in_path"]
    equal("total and count", (files["total"], files["count"]), (1, 1))


def push_app(stage, package):
    body = cph.PushShareAppsRequestBody(
        package_name=package,
        pre_install_app=1,
        bucket_name="bucket",
        object_path="my_apps/v1.tar",
        server_ids=[stage.server],
    )
    answer = stage.client.push_share_apps(cph.PushShareAppsRequest(body=body))
    stage.succeeded(answer, "servers", [stage.server], "PushShareApps")


def snapshot(stage, **filters):
    request = cph.ListShareAppsSnapshotRequest(server_id=stage.server, **filters)
    return stage.client.list_share_apps_snapshot(request)


def collected(stage):
    """Names and versions of the apps, once they have been collected anew."""
    stage.simulation.pass_time(TWO_HOURS)
    return {app.package_name: app.versions for app in snapshot(stage).share_apps}


@operation("PushShareApps")
def push_share_apps(stage):
    push_app(stage, "com.example.world")
    equal("share_apps", collected(stage), {"com.example.world": ["v1"]})


@operation("DeleteShareApps")
def delete_share_apps(stage):
    def delete():
        body = cph.DeleteShareAppsRequestBody(package_name="com.example.world", server_ids=[stage.server])
        return stage.client.delete_share_apps(cph.DeleteShareAppsRequest(body=body))

    push_app(stage, "com.example.world")
    stage.succeeded(delete(), "servers", [stage.server], "DeleteShareApps")
    equal("share_apps", collected(stage), {})
    job = the_one("jobs", stage.finish(delete().request_id))
    fields(job, status=-1, error_code="CPS.1010", error_msg=SOME, server_id=stage.server)


@operation("ListShareAppsSnapshot")
def list_share_apps(stage):
    push_app(stage, "com.example.one")
    push_app(stage, "com.example.two")
    equal("share_apps", collected(stage), {"com.example.one": ["v1"], "com.example.two": ["v1"]})
    first = snapshot(stage, limit=1)
    fields(first, request_id=ID, collect_time=TIME)
    fields(the_one("apps", first.share_apps), package_name="com.example.one", versions=["v1"])
    second = snapshot(stage, limit=1, marker=first.page_info.next_marker)
    fields(the_one("apps", second.share_apps), package_name="com.example.two")
    found = snapshot(stage, package_name="com.example.two").share_apps
    fields(the_one("apps of that name", found), package_name="com.example.two")


def attach(stage):
    body = cph.AttachShareFilesystemRequestBody(
        type="sfs_turbo", id=FILE_SYSTEM, server_ids=[stage.server], path="/games/2026"
    )
    return stage.client.attach_share_filesystem(cph.AttachShareFilesystemRequest(body=body))


def detach(stage):
    body = cph.DetachShareFilesystemRequestBody(
        type="sfs_turbo", id=FILE_SYSTEM, server_ids=[stage.server]
    )
    return stage.client.detach_share_filesystem(cph.DetachShareFilesystemRequest(body=body))


@operation("AttachShareFilesystem")
def attach_file_system(stage):
    stage.succeeded(attach(stage), "servers", [stage.server], "AttachShareFilesystem")
    # No list shows it; what is there cannot be attached again.
    again = the_one("jobs", stage.finish(attach(stage).request_id))
    fields(again, status=-1, error_code="CPS.0003", error_msg=SOME, server_id=stage.server)


@operation("DetachShareFilesystem")
def detach_file_system(stage):
    stage.succeeded(attach(stage), "servers", [stage.server], "AttachShareFilesystem")
    stage.succeeded(detach(stage), "servers", [stage.server], "DetachShareFilesystem")
    again = the_one("jobs", stage.finish(detach(stage).request_id))
    fields(again, status=-1, error_code="CPS.0003", error_msg=SOME)
    stage.succeeded(attach(stage), "servers", [stage.server], "AttachShareFilesystem")
