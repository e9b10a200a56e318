"""Phones: lists, details, restarts, resets, stops, names, properties, routes, disks, connections."""

import json

import huaweicloudsdkcph.v1 as cph

from harness import ID, SOME, TIME, equal, fields, operation, the_one

RUNNING, RESETTING, RESTARTING, SHUTTING_DOWN, SHUT_DOWN = 2, 3, 4, 7, 8


def statuses(stage):
    return {phone.phone_id: phone.status for phone in stage.phones_on(stage.server)}


@operation("ListCloudPhones")
def list_phones(stage):
    request = cph.ListCloudPhonesRequest(server_id=stage.server, limit=2, offset=1)
    answer = stage.client.list_cloud_phones(request)
    fields(answer, count=len(stage.phones), request_id=ID)
    equal("phone_id", [phone.phone_id for phone in answer.phones], stage.phones[1:3])
    for phone in answer.phones:
        fields(
            phone,
            server_id=stage.server,
            phone_name=SOME,
            phone_model_name="rx1.cp.c60.d10.e1v1",
            image_id=ID,
            image_version=SOME,
            vnc_enable="false",
            status=RUNNING,
            type=0,
            traffic_type="direct",
            volume_mode=0,
            has_encrypt=False,
            create_time=TIME,
            update_time=TIME,
        )
        fields(phone.metadata, order_id=SOME, product_id=SOME)
    named = cph.ListCloudPhonesRequest(phone_name=answer.phones[0].phone_name)
    found = the_one("phones of that name", stage.client.list_cloud_phones(named).phones)
    equal("phone_id", found.phone_id, stage.phones[1])
    off = cph.ListCloudPhonesRequest(server_id=stage.server, status=SHUT_DOWN)
    fields(stage.client.list_cloud_phones(off), count=0, phones=[])


@operation("ShowCloudPhoneDetail")
def show_phone(stage):
    phone = stage.phone()
    fields(
        phone,
        request_id=ID,
        phone_id=stage.phones[0],
        server_id=stage.server,
        status=RUNNING,
        phone_model_name="rx1.cp.c60.d10.e1v1",
        availability_zone=SOME,
        create_time=TIME,
        custom_property=None,
    )
    fields(phone.phone_data_volume, volume_type="GPSSD", volume_size=10)
    access = the_one("access infos", phone.access_infos)
    fields(access, type="adb", listen_port=5555, phone_ip=SOME, server_ip=SOME)
    equal("access_port", 10000 <= access.access_port < 60000, True)
    equal("com.cph.mainkeys", json.loads(phone._property)["com.cph.mainkeys"], "0")


@operation("RestartCloudPhone")
def restart(stage):
    restarted, stopped, untouched = stage.phones[0], stage.phones[1], stage.phones[2]
    stop = cph.StopCloudPhoneRequestBody(phone_ids=[stopped])
    stage.finish(stage.client.stop_cloud_phone(cph.StopCloudPhoneRequest(body=stop)).request_id)
    public = cph.ListCloudPhoneImagesRequest(image_type="public")
    image = stage.client.list_cloud_phone_images(public).phone_images[1].image_id
    before = stage.phone().image_id
    equal("another image", image != before, True)
    written = {"com.cph.mainkeys": "1", "sys.prop.writewifissid": "office-7"}
    body = cph.RestartCloudPhoneRequestBody(
        image_id=image,
        phones=[
            cph.PhoneProperty(phone_id=restarted, _property=json.dumps(written)),
            cph.PhoneProperty(phone_id=stopped),
        ],
    )
    answer = stage.client.restart_cloud_phone(cph.RestartCloudPhoneRequest(body=body))
    stage.accepted(answer, "phones", [restarted, stopped], "RestartCloudPhone")
    seen = statuses(stage)
    equal("status", [seen[phone] for phone in stage.phones[:3]], [RESTARTING, RESTARTING, RUNNING])
    stage.succeeded(answer, "phones", [restarted, stopped], "RestartCloudPhone")
    phone = stage.phone(restarted)
    fields(phone, status=RUNNING, image_id=image)
    shown = json.loads(phone._property)
    equal("property", {key: shown[key] for key in written}, written)
    fields(stage.phone(stopped), status=RUNNING, image_id=image)
    fields(stage.phone(untouched), image_id=before)
    equal("ledger", stage.simulation.ledger("phones", untouched), [])


@operation("ResetCloudPhone")
def reset(stage):
    stage.install("my.app")
    body = cph.ResetCloudPhoneRequestBody(
        phones=[
            cph.ResetPhoneProperty(
                phone_id=stage.phones[0],
                _property='{"com.cph.mainkeys":"1"}',
                factory_reset_enabled=True,
            )
        ]
    )
    answer = stage.client.reset_cloud_phone(cph.ResetCloudPhoneRequest(body=body))
    stage.accepted(answer, "phones", stage.phones[:1], "ResetCloudPhone")
    fields(stage.phone(), status=RESETTING)
    stage.succeeded(answer, "phones", stage.phones[:1], "ResetCloudPhone")
    phone = stage.phone()
    fields(phone, status=RUNNING)
    equal("com.cph.mainkeys", json.loads(phone._property)["com.cph.mainkeys"], "1")
    packages = [stage.printed("pm list packages", phone_id) for phone_id in stage.phones[:2]]
    equal("packages of the phone reset and of another", packages, ["", "package:my.app"])


@operation("StopCloudPhone")
def stop(stage):
    body = cph.StopCloudPhoneRequestBody(phone_ids=stage.phones[:2])
    answer = stage.client.stop_cloud_phone(cph.StopCloudPhoneRequest(body=body))
    stage.accepted(answer, "phones", stage.phones[:2], "StopCloudPhone")
    fields(stage.phone(), status=SHUTTING_DOWN)
    stage.succeeded(answer, "phones", stage.phones[:2], "StopCloudPhone")
    seen = statuses(stage)
    equal("status", [seen[phone] for phone in stage.phones[:3]], [SHUT_DOWN, SHUT_DOWN, RUNNING])
    again = stage.client.stop_cloud_phone(cph.StopCloudPhoneRequest(body=body))
    equal("error_code", [job.error_code for job in again.jobs], ["CPS.0141"] * 2)
    equal("job_id", [job.job_id for job in again.jobs], [None] * 2)


@operation("UpdatePhoneName")
def rename(stage):
    request = cph.UpdatePhoneNameRequest(
        phone_id=stage.phones[0], body=cph.UpdatePhoneNameRequestBody(phone_name="云手机-1")
    )
    fields(stage.client.update_phone_name(request), request_id=ID)
    fields(stage.phone(), phone_name="云手机-1")
    named = cph.ListCloudPhonesRequest(phone_name="云手机-1")
    found = the_one("phones of that name", stage.client.list_cloud_phones(named).phones)
    equal("phone_id", found.phone_id, stage.phones[0])


@operation("UpdateCloudPhoneProperty")
def update_property(stage):
    body = cph.UpdateCloudPhonePropertyRequestBody(
        phones=[
            cph.PropertyToUpdate(
                phone_id=stage.phones[0],
                _property='{"sys.prop.writewifissid":"test_wifi"}',
                custom_property={"my.shop": "7"},
            )
        ]
    )
    answer = stage.client.update_cloud_phone_property(cph.UpdateCloudPhonePropertyRequest(body=body))
    before = json.loads(stage.phone()._property)
    stage.succeeded(answer, "phones", stage.phones[:1], "UpdateCloudPhoneProperty")
    phone = stage.phone()
    fields(phone, custom_property={"my.shop": "7"}, status=RUNNING)
    expected = {**before, "sys.prop.writewifissid": "test_wifi"}
    equal("property", json.loads(phone._property), expected)
    equal("getprop", stage.printed("getprop my.shop"), "7")


@operation("ImportTraffic")
def import_traffic(stage):
    body = cph.ImportTrafficRequestBody(traffic_type="routing", phone_ids=stage.phones[:2])
    answer = stage.client.import_traffic(cph.ImportTrafficRequest(body=body))
    stage.succeeded(answer, "phones", stage.phones[:2], "ImportTraffic")
    routes = [phone.traffic_type for phone in stage.phones_on(stage.server)]
    equal("traffic_type", routes[:3], ["routing", "routing", "direct"])


@operation("ExpandPhoneDataVolumeSize")
def expand(stage):
    def ask(size):
        phone = cph.PhoneDataVolumeSize(phone_id=stage.phones[0], new_size=size)
        body = cph.ExpandPhoneDataVolumeSizeRequestBody(phones=[phone])
        return stage.client.expand_phone_data_volume_size(cph.ExpandPhoneDataVolumeSizeRequest(body=body))

    stage.succeeded(ask(100), "phones", stage.phones[:1], "ExpandPhoneDataVolumeSize")
    fields(stage.phone().phone_data_volume, volume_size=100, volume_type="GPSSD")
    smaller = the_one("jobs", ask(50).jobs)
    fields(smaller, phone_id=stage.phones[0], error_code="CPS.0347", error_msg=SOME, job_id=None)


@operation("BatchShowPhoneConnectInfos")
def connect(stage):
    stop = cph.StopCloudPhoneRequestBody(phone_ids=stage.phones[1:2])
    stage.finish(stage.client.stop_cloud_phone(cph.StopCloudPhoneRequest(body=stop)).request_id)

    def ask():
        body = cph.ConnectionRequestBody(phone_ids=stage.phones[:2], client_type="ANDROID")
        request = cph.BatchShowPhoneConnectInfosRequest(body=body)
        return stage.client.batch_show_phone_connect_infos(request)

    answer = ask()
    fields(answer, request_id=ID)
    info = the_one("connect infos", answer.connect_infos)
    fields(info, phone_id=stage.phones[0])
    fields(info.access_info, access_ip=SOME, intranet_ip=SOME, session_id=SOME, timestamp=SOME, ticket=SOME)
    equal("access_port", info.access_info.access_port, stage.phone().access_infos[0].access_port)
    error = the_one("errors", answer.errors)
    fields(error, phone_id=stage.phones[1], error_code="CPS.0018", error_msg=SOME)
    tickets = {ask().connect_infos[0].access_info.ticket, info.access_info.ticket}
    equal("number of tickets", len(tickets), 2)


@operation("ListCloudPhoneModels")
def list_models(stage):
    answer = stage.client.list_cloud_phone_models(cph.ListCloudPhoneModelsRequest(limit=100))
    fields(answer, request_id=ID)
    name = stage.phone().phone_model_name
    model = the_one(f"models called {name}", (m for m in answer.phone_models if m.phone_model_name == name))
    fields(
        model,
        server_model_name="physical.rx1.xlarge",
        status=1,
        phone_capacity=60,
        resolution="720x1280",
        product_type=0,
        image_label="cloud_phone",
        render_fps=60,
    )
    sold = stage.client.list_cloud_phone_models(cph.ListCloudPhoneModelsRequest(status=1))
    expected = [model.phone_model_name for model in answer.phone_models if model.status == 1]
    equal("models on sale", [model.phone_model_name for model in sold.phone_models], expected)
    page = stage.client.list_cloud_phone_models(cph.ListCloudPhoneModelsRequest(offset=1, limit=1))
    equal("second model", page.phone_models[0].phone_model_name, answer.phone_models[1].phone_model_name)
