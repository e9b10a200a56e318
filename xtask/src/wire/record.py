"""Prints, as JSON, what the official SDK sends and how it signs.

`cargo xtask wire --record` runs this file in a virtual environment that holds the SDK.
One more request to record is one more row in REQUESTS, one more signature a row in VECTORS.
"""

import http.server
import json
import re
import sys
import threading
from importlib.metadata import version
from urllib.parse import parse_qsl, quote, urlsplit

import huaweicloudsdkcph.v1 as cph
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

ACCESS_KEY = "EXAMPLEACCESSKEY"
SECRET_KEY = "example-secret-key-of-nobody"
PROJECT = "0123456789abcdef0123456789abcdef"

PHONES = ["a7f3a1c5258347d6b6f1def79e11f2bc", "1678567b8bab40f93711234cb80d0764"]
PHONE = "1234567b8bab40ffb711234cb80d0234"
# The vendor's pages print the same ids for phones and for servers.
TARGETS = [PHONE, PHONES[1]]
IMAGE = "1564567b8bab40f34711234cb80d8574"
SERVER = "88b8449b896f3a4f0ad57222dd919090"
REQUEST_IDS = [
    "6837531fd3f54550927b930180a706bf",
    "6a63a18b8bab40ffb71ebd9cb80d0085",
    "70bb40bef50e4a14b116a5a527fd7432",
]
ACCOUNT = "87dc6af96095488d9205b6f31f314b16"
EVENT = "0b1f5a7e-3c52-4f0e-9a51-4c7f1f6d2e90"
SUBNET = "f1cbfc37-eb42-4357-a0ec-9e4f11950908"
BANDWIDTH = "fbe74c2f-e2ba-427a-b8aa-1c7c4f510ac1"
ADDRESS = "7c1de2f3-98c4-4f4d-a1c6-3a0e3b8f5d52"
NEW_PROPERTY = (
    '{"sys.prop.writephonenum":"13666666666","sys.prop.writeimsi":"460021624617113",'
    '"sys.prop.writewifissid":"test_wifi"}'
)
OLD_PROPERTY = (
    '{"phone_num":"13666666666","imsi":"460021624617113",'
    '"iccid":"42947a38410b137c","wifi_name":"test_wifi"}'
)


def restart(property=None, **rest):
    extra = {} if property is None else {"property": property}
    return {"body": {"phones": [{"phone_id": phone, **extra} for phone in PHONES], **rest}}


def command(command, content, **rest):
    return {"body": {"command": command, "content": content, "phone_ids": TARGETS, **rest}}


def network(nic, public_ip, band_width):
    """What CreateNet2CloudPhoneServer and ChangeCloudPhoneServer have in common, as the pages print it."""
    return {
        "image_id": "20060220200717f201120a2300000e91",
        "keypair_name": "keypair",
        "phone_model_name": "kg1.cp.c20.d64SSD.e1v1",
        "ports": [
            {"name": "myServer1", "listen_port": 20000, "internet_accessible": "false"},
            {"name": "myServer2", "listen_port": 20001, "internet_accessible": "true"},
        ],
        "tenant_vpc_id": "fca063f6-b942-42a8-9004-e5545f58d6a2",
        "nics": [{"subnet_id": SUBNET, **nic}],
        "public_ip": {"eip": {"type": "5_bgp"}, **public_ip},
        "band_width": {
            "band_width_size": 300,
            "band_width_charge_mode": 1,
            "band_width_share_type": 0,
            **band_width,
        },
    }


NETWORK = network({}, {}, {})
FULL_NETWORK = {
    **network(
        {"ipv6_enable": True, "ipv6_bandwidth": {"band_width_id": BANDWIDTH}},
        {"ids": [ADDRESS], "count": 1},
        {"band_width_id": BANDWIDTH, "band_width_share_type": 1},
    ),
    "phone_count_per_ip": 5,
    "phone_data_volume": {"volume_type": "GPSSD", "size": 32},
    "server_share_data_volume": {"volume_type": "GPSSD", "size": 100},
    "availability_zone": "cn-north-4a",
    "property": NEW_PROPERTY,
}
NET2_SERVER = {
    "server_name": "cph-kertus-1110",
    "server_model_name": "physical.kg1.4xlarge.cp",
    "count": 1,
}
NET2_ORDER = {"charging_mode": 0, "period_type": 2, "period_num": 1, "is_auto_pay": 0}
SINGLE_SERVER = {
    "server_name": "cph-test-wy",
    "server_model_name": "physical.rx2.32xlarge.4",
    "count": 1,
    "order_param": {
        "charging_mode": 0,
        "period_type": 2,
        "period_num": 1,
        "is_auto_pay": 1,
        "is_auto_renew": 0,
    },
    # The page also sends vpc_id, which the SDK does not know.
    "nics": [
        {
            "subnet_id": "3c5e2638-b71f-4499-8d1e-355e89f21ae0",
            "ipv6_enable": True,
            "ipv6_band_width_id": BANDWIDTH,
        }
    ],
    "keypair_name": "KeyPair-1d1d-wy",
    "enterprise_project_id": "0",
}
SINGLE_ADDRESS = {
    "type": "5_bgp",
    "count": 1,
    "band_width": {"band_width_size": 300, "band_width_charge_mode": 1, "band_width_share_type": 0},
}
FILESYSTEM = {
    "type": "sfs_turbo",
    "id": "0f3bd5b1-7d1c-4a9a-9f5e-2b7f6f0f9d11",
    "server_ids": TARGETS,
}
TAGGED = {"resource_type": "cph-server", "resource_id": SERVER}
TAGS = [{"key": "key1", "value": "value1"}, {"key": "key2", "value": "value2"}]
BY_TAG = {
    "tags": [
        {"key": "key1", "values": ["value1", "value2"]},
        {"key": "key2", "values": ["value1", "value2"]},
    ],
    "matches": [{"key": "resource_name", "value": "resource1"}],
}
OBJECT = {"bucket_name": "mybucket", "object_path": "myimage/v1/xxxx.tar"}
# Timestamps; no page states their unit.
SINCE, UNTIL = 1719763200000, 1722441600000

# Operation, case, arguments by their names on the wire. The project id comes from the credentials.
REQUESTS = [
    ("AddImageMember", "page example", {"image_id": IMAGE, "body": {"member": ACCOUNT}}),
    ("AttachShareFilesystem", "every field", {"body": {**FILESYSTEM, "path": "/games/2026"}}),
    ("AttachShareFilesystem", "without path", {"body": FILESYSTEM}),
    (
        "AuthorizeScheduledEvent",
        "page example",
        {
            "event_id": EVENT,
            "body": {"authorization_type": "maintenance", "not_before": "2026-06-08T10:43:00Z"},
        },
    ),
    (
        "AuthorizeScheduledEvent",
        "without time",
        {"event_id": EVENT, "body": {"authorization_type": "redeploy"}},
    ),
    ("BatchCreateTags", "page example", {**TAGGED, "body": {"action": "create", "tags": TAGS}}),
    ("BatchDeleteTags", "page example", {**TAGGED, "body": {"action": "delete", "tags": TAGS}}),
    (
        "BatchExportCloudPhoneData",
        "page example",
        {
            "body": {
                "storage_infos": [
                    {
                        "phone_id": PHONE,
                        "include_files": ["/data/app", "/data/local", "/data/media"],
                        "exclude_files": ["/data/app/com.xx.xx-*"],
                        "bucket_name": "mybucket",
                        "object_path": "myimage/v1/xxxxx.tar",
                    }
                ]
            }
        },
    ),
    (
        "BatchExportCloudPhoneData",
        "without exceptions",
        {
            "body": {
                "storage_infos": [{"phone_id": PHONE, "include_files": ["/data/app"], **OBJECT}]
            }
        },
    ),
    (
        "BatchImportCloudPhoneData",
        "page example",
        {"body": {"restore_infos": [{"phone_id": PHONE, **OBJECT}]}},
    ),
    (
        "BatchShowPhoneConnectInfos",
        "page example",
        {
            "body": {
                "phone_ids": [IMAGE, PHONE, "1234567b8bab40ffb711234cb8654321"],
                "client_type": "ANDROID",
            }
        },
    ),
    (
        "ChangeCloudPhoneServer",
        "page example",
        {
            "server_id": SERVER,
            "body": {
                **NETWORK,
                "extend_param": {"enterprise_project_id": "0"},
                "property": NEW_PROPERTY,
            },
        },
    ),
    (
        "ChangeCloudPhoneServer",
        "every field",
        {
            "server_id": SERVER,
            "body": {**FULL_NETWORK, "extend_param": {"enterprise_project_id": "0"}},
        },
    ),
    (
        "ChangeCloudPhoneServerModel",
        "page example",
        {
            "body": {
                "server_id": "a176d8625981453bbafbc0a321d8d6a1",
                "server_model_name": "physical.rx1.xlarge.special",
                "phone_model_name": "rx1.cp.sp.c105.d8.e5v5",
                "extend_param": {"is_auto_pay": 1},
            }
        },
    ),
    (
        "CreateCloudPhoneSingleServer",
        "page example without vpc_id",
        {"body": {**SINGLE_SERVER, "public_ip": SINGLE_ADDRESS}},
    ),
    (
        "CreateCloudPhoneSingleServer",
        "every field",
        {
            "body": {
                **SINGLE_SERVER,
                "public_ip": {
                    "ids": [ADDRESS],
                    **SINGLE_ADDRESS,
                    "band_width": {
                        "band_width_id": BANDWIDTH,
                        "band_width_size": 300,
                        "band_width_charge_mode": 1,
                        "band_width_share_type": 1,
                    },
                },
                "data_volume": {"volume_type": "GPSSD", "size": 100, "count": 2},
                "image_id": "5f2c8c3e-6d0a-4f43-8a5b-8d2f0c1b7e64",
                "availability_zone": "cn-north-4a",
            }
        },
    ),
    (
        "CreateNet2CloudPhoneServer",
        "page example",
        {"body": {**NETWORK, **NET2_SERVER, "extend_param": NET2_ORDER}},
    ),
    (
        "CreateNet2CloudPhoneServer",
        "every field",
        {
            "body": {
                **FULL_NETWORK,
                **NET2_SERVER,
                "extend_param": {**NET2_ORDER, "is_auto_renew": 1, "enterprise_project_id": "0"},
            }
        },
    ),
    ("DeleteCloudPhoneServer", "every field", {"body": {"server_ids": TARGETS}}),
    ("DeleteImage", "page example", {"image_id": IMAGE}),
    ("DeleteImageMember", "page example", {"image_id": IMAGE, "member_id": ACCOUNT}),
    (
        "DeleteShareApps",
        "page example",
        {"body": {"package_name": "com.miniteck.miniworld", "server_ids": TARGETS}},
    ),
    (
        "DeleteShareFiles",
        "page example",
        {"body": {"server_ids": TARGETS, "file_paths": ["/data/app", "/data/data/test.apk"]}},
    ),
    ("DetachShareFilesystem", "every field", {"body": FILESYSTEM}),
    (
        "ExpandPhoneDataVolumeSize",
        "page example",
        {"body": {"phones": [{"phone_id": "ca6ae3158406452696deade1a1091250", "new_size": 100}]}},
    ),
    (
        "ImportTraffic",
        "page example",
        {"body": {"traffic_type": "routing", "phone_ids": ["631056bfb66b4f4ea02ba25f04830cb4"]}},
    ),
    ("InstallApk", "page example", command("install", "-t -r obs://push-bucket/my_apps/test.apk")),
    (
        "InstallApk",
        "page example, one app in parts",
        command(
            "install-multiple",
            "-t -r obs://push-bucket/my_apps/test_part1.apk"
            " obs://push-bucket/my_apps/test_part_2.apk obs://push-bucket/my_apps/test_part3.apk",
        ),
    ),
    (
        "InstallApk",
        "every field",
        command("install", "-t -r obs://push-bucket/my_apps/test.apk", server_ids=[SERVER]),
    ),
    ("ListCloudPhoneImages", "page example", {}),
    (
        "ListCloudPhoneImages",
        "every filter",
        {"image_type": "public", "marker": IMAGE, "limit": 100},
    ),
    ("ListCloudPhoneModels", "page example", {}),
    ("ListCloudPhoneModels", "every filter", {"status": 1, "offset": 0, "limit": 100}),
    ("ListCloudPhoneServerModelOfferings", "first page", {}),
    ("ListCloudPhoneServerModelOfferings", "every filter", {"marker": SERVER, "limit": 10}),
    ("ListCloudPhoneServerModels", "page example", {}),
    (
        "ListCloudPhoneServerModels",
        "every filter",
        {"product_type": 1, "marker": "physical.rx1.xlarge", "limit": 100},
    ),
    ("ListCloudPhoneServers", "page example", {}),
    (
        "ListCloudPhoneServers",
        "every filter",
        {
            "offset": 0,
            "limit": 100,
            "server_name": "server 0001/ü",
            "server_id": SERVER,
            "network_version": "v2",
            "phone_model_name": "rx1.cp.c60.d32.e1v1",
            "create_since": SINCE,
            "create_until": UNTIL,
            "status": 5,
        },
    ),
    ("ListCloudPhones", "page example", {}),
    (
        "ListCloudPhones",
        "every filter",
        {
            "offset": 100,
            "limit": 200,
            "phone_name": "mobile 0001/ü",
            "server_id": SERVER,
            "status": -6,
            "type": 0,
        },
    ),
    ("ListEncodeServers", "page example", {"server_id": "9a8870d670584f929978b15c80009e99"}),
    (
        "ListEncodeServers",
        "every filter",
        {"offset": 0, "limit": 100, "type": 1, "status": 1, "server_id": SERVER},
    ),
    ("ListImageMembers", "page example", {"image_id": IMAGE}),
    ("ListImageMembers", "every filter", {"image_id": IMAGE, "marker": ACCOUNT, "limit": 100}),
    ("ListImages", "page example", {}),
    (
        "ListImages",
        "every filter",
        {
            "image_type": "private",
            "status": 1,
            "offset": 0,
            "limit": 100,
            "image_id": IMAGE,
            "image_name": "image 0001/ü",
            "create_since": SINCE,
            "create_until": UNTIL,
            "src_project_id": ACCOUNT,
        },
    ),
    ("ListJobs", "one request", {"request_id": REQUEST_IDS[0]}),
    ("ListJobs", "three requests", {"request_ids": ",".join(REQUEST_IDS)}),
    ("ListJobs", "first page", {"request_ids": ",".join(REQUEST_IDS), "offset": 0, "limit": 100}),
    ("ListJobs", "later page", {"request_id": REQUEST_IDS[0], "offset": 100, "limit": 50}),
    ("ListProjectTags", "page example", {"resource_type": "cph-server"}),
    (
        "ListProjectTags",
        "every filter",
        {"resource_type": "cph-server", "limit": 100, "offset": 100},
    ),
    (
        "ListResourceInstances",
        "page example, count",
        {"resource_type": "cph-server", "body": {"action": "count", **BY_TAG}},
    ),
    (
        "ListResourceInstances",
        "page example, filter",
        {
            "resource_type": "cph-server",
            "body": {"action": "filter", "limit": "100", "offset": "100", **BY_TAG},
        },
    ),
    (
        "ListResourceInstances",
        "without any tag",
        {"resource_type": "cph-server", "body": {"action": "filter", "without_any_tag": True}},
    ),
    ("ListResourceTags", "page example", TAGGED),
    ("ListScheduledEvents", "first page", {}),
    (
        "ListScheduledEvents",
        "every filter",
        {
            "limit": 100,
            "marker": EVENT,
            "event_id": EVENT,
            "server_id": SERVER,
            "publish_since": "2026-06-08T10:43:00Z",
            "publish_until": "2026-08-08T10:43:00Z",
            "state": ["inquiring", "scheduled"],
            "type": ["localdisk-recovery", "system-maintenance"],
        },
    ),
    ("ListShareAppsSnapshot", "first page", {"server_id": SERVER}),
    (
        "ListShareAppsSnapshot",
        "every filter",
        {
            "server_id": SERVER,
            "limit": 100,
            "marker": "com.miniteck.miniworld",
            "package_name": "com.miniteck.miniworld",
        },
    ),
    (
        "ListShareFiles",
        "page example",
        {"path": "/data/data", "server_ids": "xxxxxxx,xxxxxxx", "limit": 100, "offset": 0},
    ),
    ("PushFile", "page example", command("push", "obs://push-bucket/my_apps/test.tar")),
    (
        "PushFile",
        "every field",
        command("push", "obs://push-bucket/my_apps/test.tar", server_ids=[SERVER]),
    ),
    (
        "PushShareApps",
        "page example",
        {
            "body": {
                "package_name": "com.miniteck.miniworld",
                "bucket_name": "bucket",
                "object_path": "my_apps/test.tar",
                "server_ids": TARGETS,
            }
        },
    ),
    (
        "PushShareApps",
        "every field",
        {
            "body": {
                "package_name": "com.miniteck.miniworld",
                "pre_install_app": 1,
                **OBJECT,
                "server_ids": TARGETS,
            }
        },
    ),
    (
        "PushShareFiles",
        "page example",
        {
            "body": {
                "bucket_name": "bucketA",
                "object_path": "my_apps/test.tar",
                "server_ids": TARGETS,
            }
        },
    ),
    ("ResetCloudPhone", "page example", restart(NEW_PROPERTY, image_id=IMAGE)),
    (
        "ResetCloudPhone",
        "every field",
        {
            "body": {
                "image_id": IMAGE,
                "phones": [
                    {"phone_id": PHONE, "property": NEW_PROPERTY, "factory_reset_enabled": True}
                ],
            }
        },
    ),
    ("RestartCloudPhone", "page example, newest keys", restart(NEW_PROPERTY, image_id=IMAGE)),
    ("RestartCloudPhone", "page example, undated", restart(OLD_PROPERTY, image_id=IMAGE)),
    ("RestartCloudPhone", "without image", restart(NEW_PROPERTY)),
    ("RestartCloudPhone", "without property", restart(image_id=IMAGE)),
    ("RestartCloudPhoneServer", "page example", {"body": {"server_ids": TARGETS}}),
    (
        "RestartEncodeServer",
        "page example",
        {
            "body": {
                "encode_server_ids": [
                    "d5cfa92995da40168c39b38d2aa478b3",
                    "00b00d1b35094f13b360cdfe15a9bfee",
                ]
            }
        },
    ),
    ("RunShellCommand", "page example", command("shell", "ls -l /system")),
    ("RunShellCommand", "every field", command("shell", "ls -l /system", server_ids=[SERVER])),
    ("RunSyncCommand", "page example", command("shell", "ls -l /system")),
    ("RunSyncCommand", "every field", command("shell", "ls -l /system", server_ids=[SERVER])),
    ("ShowBandwidthDetail", "page example", {}),
    ("ShowBandwidthDetail", "every filter", {"offset": 0, "limit": 100}),
    ("ShowCloudPhoneDetail", "page example", {"phone_id": IMAGE}),
    (
        "ShowCloudPhoneServerDetail",
        "page example",
        {"server_id": "88b8449b896f3a4f0ad57222dd91909"},
    ),
    ("ShowJob", "page example", {"job_id": "6837531fd3f54550927b930180a706bf"}),
    ("StopCloudPhone", "page example", {"body": {"phone_ids": TARGETS}}),
    ("UninstallApk", "page example", command("uninstall", "com.myapp.test")),
    ("UninstallApk", "every field", command("uninstall", "com.myapp.test", server_ids=[SERVER])),
    (
        "UpdateBandwidth",
        "page example",
        {"band_width_id": BANDWIDTH, "body": {"band_width_size": 350}},
    ),
    ("UpdateCloudPhoneProperty", "page example", restart(NEW_PROPERTY)),
    (
        "UpdateCloudPhoneProperty",
        "every field",
        {
            "body": {
                "phones": [
                    {
                        "phone_id": PHONE,
                        "property": NEW_PROPERTY,
                        "custom_property": {"my.shop": "Büro 7"},
                    }
                ]
            }
        },
    ),
    ("UpdateImageMember", "page example", {"image_id": IMAGE, "body": {"status": "accepted"}}),
    (
        "UpdateKeypair",
        "page example",
        {
            "body": {
                "servers": [
                    {"server_id": "ae4d231e44d2a4ccf612660a473fe1e3", "keypair_name": "mykeypair"},
                    {"server_id": "2347275010d3440d963d3fcb8931ff55", "keypair_name": "mykeypair"},
                ]
            }
        },
    ),
    ("UpdatePhoneName", "page example", {"phone_id": IMAGE, "body": {"phone_name": "newName"}}),
    (
        "UpdateScheduledEvent",
        "page example",
        {"event_id": EVENT, "body": {"not_before": "2026-08-08T10:43:00Z"}},
    ),
    ("UpdateServerName", "page example", {"server_id": IMAGE, "body": {"server_name": "newName"}}),
]

HOST = ("Host", "cph.cn-north-4.myhuaweicloud.com")
DATE = ("X-Sdk-Date", "20260102T030405Z")
CONTENT = ("Content-Type", "application/json")
IN_PROJECT = ("X-Project-Id", PROJECT)
PHONES_PATH = f"/v1/{PROJECT}/cloud-phone/phones"
JOBS_PATH = f"/v1/{PROJECT}/cloud-phone/jobs"
RESTART_BODY = json.dumps(restart(NEW_PROPERTY, image_id=IMAGE)["body"])
NON_ASCII_BODY = json.dumps(
    restart('{"sys.prop.writewifissid":"Büro 测试 🙂"}')["body"], ensure_ascii=False
)
LONG_BODY = json.dumps({"phones": [{"phone_id": f"{n:032x}"} for n in range(660)]})
RESTART = dict(
    method="POST",
    path=PHONES_PATH + "/batch-restart",
    headers=[HOST, DATE, CONTENT],
    body=RESTART_BODY,
)

# Arguments of `vector`; paths stand as they go over the wire.
VECTORS = [
    dict(name="host and date alone"),
    dict(name="host with a port", headers=[("Host", "127.0.0.1:18080"), DATE]),
    dict(name="root", path="/"),
    dict(name="path that ends in a slash", path=JOBS_PATH + "/"),
    dict(name="path with an empty segment", path=JOBS_PATH + "//x"),
    dict(name="path with spaces", path=JOBS_PATH + "/0123%20ab%20"),
    dict(name="path in unicode", path=JOBS_PATH + "/B%C3%BCro%E6%B5%8B%F0%9F%99%82"),
    dict(name="path escaped in lower case", path=JOBS_PATH + "/b%c3%bcro%2bx"),
    dict(name="path escaped without need", path=JOBS_PATH + "/%61%2D%7E%5F"),
    dict(name="path with escaped percent signs", path=JOBS_PATH + "/100%25/%2520"),
    dict(name="path with an escaped slash", path=JOBS_PATH + "/a%2Fb"),
    dict(name="path with tilde, plus, colon", path=JOBS_PATH + "/~a+b:c@1"),
    dict(name="path with delimiters", path=JOBS_PATH + "/!$&'()*,;=-._"),
    dict(
        name="query with every delimiter",
        path=PHONES_PATH,
        query=[("phone_name", "a b/c+d=e&f~g*h'(i)!ü")],
    ),
    dict(
        name="query out of order",
        path=PHONES_PATH,
        query=[("type", "0"), ("limit", "100"), ("status", "-6"), ("offset", "0")],
    ),
    dict(
        name="query with repeated keys",
        query=[("b", "2"), ("a", "2"), ("b", "10"), ("a", "1"), ("b", "2"), ("a", "")],
    ),
    dict(name="query with empty names and values", query=[("status", ""), ("", "x"), ("a", "")]),
    dict(
        name="query whose names extend one another",
        query=[("a.b", "1"), ("a", "z"), ("a-b", "2"), ("A", "3"), ("ab", "4")],
    ),
    dict(
        name="query in the order of characters, not of escapes",
        query=[("k", value) for value in ["🙂", "～", "ü", "~", "z", "/", ".", "A"]]
        + [("ü", "1"), ("~", "2")],
    ),
    dict(
        name="query with awkward names",
        query=[("名 字", "值"), ("a=b", "c=d"), ("a&b", "%20"), ("a[]", "100%")],
    ),
    dict(
        name="query of three request ids",
        query=[("request_ids", ",".join(REQUEST_IDS)), ("offset", "0"), ("limit", "100")],
        headers=[CONTENT, IN_PROJECT, DATE, HOST],
    ),
    dict(RESTART, name="body signed with host and date alone", headers=[HOST, DATE]),
    dict(RESTART, name="body and content type"),
    dict(RESTART, name="body and project", headers=[CONTENT, IN_PROJECT, DATE, HOST]),
    dict(
        RESTART,
        name="content type with a charset",
        headers=[HOST, DATE, ("Content-Type", "application/json;charset=UTF-8")],
    ),
    dict(
        RESTART,
        name="temporary keys",
        headers=[HOST, DATE, CONTENT, ("X-Security-Token", "example/token+of=nobody==")],
    ),
    dict(
        RESTART,
        name="everything that the SDK sends",
        headers=[CONTENT, ("User-Agent", "huaweicloud-usdk-python/3.0"), IN_PROJECT, DATE, HOST],
    ),
    dict(
        name="header names in mixed case, one extending another",
        headers=[
            ("x-sdk-DATE", DATE[1]),
            ("hOST", HOST[1]),
            ("X-SDK", "1"),
            ("x-PROJECT-id", PROJECT),
        ],
    ),
    dict(
        name="header values with spaces",
        headers=[
            HOST,
            DATE,
            ("X-Note", "  two  inner   spaces  "),
            ("X-Tab", "\ta\tb\t"),
            ("X-Empty", ""),
        ],
    ),
    dict(
        name="header with an underscore",
        headers=[HOST, DATE, ("X_Project_Id", "not signed"), IN_PROJECT],
    ),
    dict(RESTART, name="body beyond ASCII", body=NON_ASCII_BODY),
    dict(RESTART, name="body of white space", body=" \r\n\t"),
    dict(RESTART, name="body of 33 KB", body=LONG_BODY),
    dict(RESTART, name="POST without a body", body=""),
    dict(RESTART, name="PUT", method="PUT", query=[("b", "ü"), ("a", "1")]),
    dict(RESTART, name="DELETE", method="DELETE"),
    dict(name="DELETE without a body", method="DELETE", query=[("force", "true")]),
    dict(
        RESTART,
        name="secret key longer than a hash block",
        keys=("EXAMPLEACCESSKEY2", "example secret key, ü, of nobody; " * 4),
    ),
]


def main():
    recordings = {
        "cph": f"huaweicloudsdkcph {version('huaweicloudsdkcph')}",
        "core": f"huaweicloudsdkcore {version('huaweicloudsdkcore')}",
        "requests": record_requests(),
        "vectors": [vector(**row) for row in VECTORS],
    }
    json.dump(recordings, sys.stdout)


def record_requests():
    server = Loopback()
    client = (
        cph.CphClient.new_builder()
        .with_credentials(BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT))
        .with_endpoint(f"http://127.0.0.1:{server.server_port}")
        .build()
    )
    recordings = []
    for operation, case, arguments in REQUESTS:
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        getattr(client, method)(model(operation + "Request", arguments))
        recordings.append(
            {
                "operation": operation,
                "case": case,
                "arguments": arguments,
                "request": server.received.pop(),
            }
        )
    server.shutdown()
    return recordings


def model(kind, value):
    """Builds what the SDK wants from plain JSON; a name that it does not know is a KeyError."""
    if kind.startswith("list["):
        return [model(kind[len("list[") : -1], item) for item in value]
    cls = getattr(cph, kind, None)
    if cls is None:
        return value
    attributes = {name: attribute for attribute, name in cls.attribute_map.items()}
    return cls(
        **{
            attributes[name]: model(cls.openapi_types[attributes[name]], item)
            for name, item in value.items()
        }
    )


class Loopback(http.server.ThreadingHTTPServer):
    """Answers every request with an empty object and keeps what arrived."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Recorder)
        self.received = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Recorder(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = urlsplit(self.path)
        self.server.received.append(
            {
                "method": self.command,
                "path": target.path,
                "query": parse_qsl(target.query, keep_blank_values=True),
                "headers": {
                    name: masked(self.headers[name]) for name in HEADERS if name in self.headers
                },
                "body": json.loads(body) if body else None,
            }
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *_):
        pass


HEADERS = ["content-type", "x-project-id", "x-sdk-date", "authorization"]


def masked(value):
    """Takes out what changes from one recording to the next."""
    value = re.sub(r"^\d{8}T\d{6}Z$", "{date}", value)
    return re.sub(r"Signature=[0-9a-f]{64}$", "Signature={signature}", value)


class OpenSigner(Signer):
    """The official signer, with its canonical request kept."""

    def _process_canonical_request(self, request, signed_headers):
        self.canonical_request = super()._process_canonical_request(request, signed_headers)
        return self.canonical_request


def vector(
    name,
    method="GET",
    path=JOBS_PATH,
    query=(),
    headers=(HOST, DATE),
    body="",
    keys=(ACCESS_KEY, SECRET_KEY),
):
    """`uri` has the query in the order given, `sent_uri` as the signer puts it on the wire."""
    signer = OpenSigner(BasicCredentials(*keys))
    signed = signer.sign(
        SdkRequest(
            method=method,
            resource_path=path,
            query_params=list(query),
            header_params=dict(headers),
            body=body,
        )
    )
    pairs = "&".join(f"{quoted(key)}={quoted(value)}" for key, value in query)
    return {
        "name": name,
        "access_key": keys[0],
        "secret_key": keys[1],
        "method": method,
        "uri": f"{path}?{pairs}" if pairs else path,
        "sent_uri": signed.uri,
        "headers": headers,
        "body": body,
        "canonical_request": signer.canonical_request,
        "authorization": signed.header_params["Authorization"],
    }


def quoted(text):
    return quote(text, safe="~")


if __name__ == "__main__":
    main()
