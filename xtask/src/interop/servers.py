"""Servers: lists, details, flavors, restarts, names, key pairs, encoding services, bandwidths."""

import huaweicloudsdkcph.v1 as cph

from harness import ID, SOME, TIME, UUID, equal, fields, operation, the_one

NORMAL, STARTING = 5, 13
PHONE_RUNNING, PHONE_RESTARTING = 2, 4
ENCODER_RUNNING, ENCODER_RESTARTING = 1, 3


@operation("ListCloudPhoneServers")
def list_servers(stage):
    answer = stage.client.list_cloud_phone_servers(cph.ListCloudPhoneServersRequest(server_id=stage.server))
    fields(answer, request_id=ID, count=1)
    server = the_one("servers", answer.servers)
    fields(
        server,
        server_id=stage.server,
        server_name=SOME,
        server_model_name="physical.rx1.xlarge",
        phone_model_name="rx1.cp.c60.d10.e1v1",
        keypair_name=SOME,
        status=NORMAL,
        vpc_id=UUID,
        subnet_id=UUID,
        network_version="v1",
        enterprise_project_id="0",
        create_time=TIME,
    )
    fields(server.metadata, charging_mode=1, order_id=SOME, product_id=SOME)
    fields(the_one("addresses", server.addresses), server_ip=SOME, public_ip=SOME)
    request = cph.ListCloudPhoneServersRequest
    pages = [stage.client.list_cloud_phone_servers(request(offset=offset, limit=2)) for offset in (0, 2)]
    equal("ids on two pages", len({server.server_id for page in pages for server in page.servers}), 4)
    named = stage.client.list_cloud_phone_servers(request(server_name=server.server_name)).servers
    equal("server_id", the_one("servers of that name", named).server_id, stage.server)


@operation("ShowCloudPhoneServerDetail")
def show_server(stage):
    server = stage.shown_server()
    fields(server, request_id=ID, server_id=stage.server, server_name=SOME, status=NORMAL)
    fields(server, network_version="v1", security_groups=[], create_time=TIME, update_time=TIME)
    shared, own = server.band_widths
    fields(shared, band_width_id=UUID, band_width_share_type=1, band_width_charge_mode=0)
    fields(own, band_width_id=UUID, band_width_share_type=0, band_width_size=300, create_time=TIME)
    volume = the_one("volumes", server.volumes)
    fields(volume, volume_id=UUID, volume_name=SOME, volume_size=600, volume_type="SSD", create_time=TIME)
    fields(server.share_volume_info, volume_type="GPSSD", size=50, version=0)


@operation("ListCloudPhoneServerModels")
def list_models(stage):
    ask = stage.client.list_cloud_phone_server_models
    answer = ask(cph.ListCloudPhoneServerModelsRequest())
    fields(answer, request_id=ID)
    name = stage.shown_server().server_model_name
    model = the_one(f"models called {name}", (m for m in answer.server_models if m.server_model_name == name))
    fields(model, server_type="Hi1616", cpu=64, memory=256, disk_max_num=0, product_type=0, free_size=0)
    fields(model.extend_spec, cpu=SOME, memory=SOME, disk=SOME, gpu_count=3, numa_count=4)
    games = ask(cph.ListCloudPhoneServerModelsRequest(product_type=1)).server_models
    equal("product_type", {model.product_type for model in games}, {1})
    first = ask(cph.ListCloudPhoneServerModelsRequest(limit=2))
    fields(first.page_info, next_marker=SOME)
    second = ask(cph.ListCloudPhoneServerModelsRequest(limit=2, marker=first.page_info.next_marker))
    names = [model.server_model_name for page in (first, second) for model in page.server_models]
    equal("names on two pages", names, [model.server_model_name for model in answer.server_models[:4]])


@operation("ListCloudPhoneServerModelOfferings")
def list_offerings(stage):
    ask = stage.client.list_cloud_phone_server_model_offerings
    request = cph.ListCloudPhoneServerModelOfferingsRequest
    everything = ask(request())
    fields(everything, request_id=ID, count=len(everything.models))
    for model in everything.models:
        fields(model, available_zone=SOME, model_name=SOME)
        equal("sell_status", model.sell_status in ("available", "sellout"), True)
    page, found = ask(request(limit=5)), []
    while True:
        found += page.models
        if page.page_info.next_marker is None:
            break
        page = ask(request(limit=5, marker=page.page_info.next_marker))
    equal("offerings page by page", found, everything.models)


@operation("RestartCloudPhoneServer")
def restart_server(stage):
    body = cph.RestartCloudPhoneServerRequestBody(server_ids=[stage.server])
    answer = stage.client.restart_cloud_phone_server(cph.RestartCloudPhoneServerRequest(body=body))
    stage.accepted(answer, "servers", [stage.server], "RestartCloudPhoneServer")
    fields(stage.shown_server(), status=STARTING)
    equal("its phones", {phone.status for phone in stage.phones_on(stage.server)}, {PHONE_RESTARTING})
    jobs = stage.succeeded(answer, "servers", [stage.server], "RestartCloudPhoneServer")
    fields(jobs[0], server_id=stage.server, phone_id=None, end_time=TIME)
    fields(stage.shown_server(), status=NORMAL)
    equal("its phones", {phone.status for phone in stage.phones_on(stage.server)}, {PHONE_RUNNING})


@operation("UpdateServerName")
def rename_server(stage):
    body = cph.UpdateServerNameRequestBody(server_name="server-of-games")
    request = cph.UpdateServerNameRequest(server_id=stage.server, body=body)
    fields(stage.client.update_server_name(request), request_id=ID, error_code=None, error_msg=None)
    fields(stage.shown_server(), server_name="server-of-games")


@operation("UpdateKeypair")
def update_keypair(stage):
    servers = [cph.ServerKeypair(server_id=stage.server, keypair_name="mykeypair")]
    request = cph.UpdateKeypairRequest(body=cph.UpdateKeypairRequestBody(servers=servers))
    answer = stage.client.update_keypair(request)
    fields(stage.shown_server(), keypair_name="KeyPair-sim")
    stage.succeeded(answer, "servers", [stage.server], "UpdateKeypair")
    fields(stage.shown_server(), keypair_name="mykeypair")


def encoders(stage, **filters):
    request = cph.ListEncodeServersRequest(server_id=stage.server, **filters)
    return stage.client.list_encode_servers(request).encode_servers


@operation("ListEncodeServers")
def list_encoders(stage):
    found = encoders(stage)
    equal("type", [encoder.type for encoder in found], [0, 1])
    for encoder in found:
        fields(
            encoder,
            encode_server_id=ID,
            encode_server_name=SOME,
            encode_server_ip=SOME,
            server_id=stage.server,
            keypair_name=stage.shown_server().keypair_name,
            status=ENCODER_RUNNING,
        )
        kinds = [access.type for access in encoder.access_infos]
        equal("type of the access", kinds, ["cph_app_server", "cph_h5_server"])
        fields(encoder.access_infos[0], listen_port=6900, access_port=6900, server_ip=SOME)
    equal("those of one type", encoders(stage, type=1), found[1:])


@operation("RestartEncodeServer")
def restart_encoder(stage):
    restarted, untouched = [encoder.encode_server_id for encoder in encoders(stage)]
    body = cph.RestartEncodeServerRequestBody(encode_server_ids=[restarted])
    answer = stage.client.restart_encode_server(cph.RestartEncodeServerRequest(body=body))
    stage.accepted(answer, "encode_servers", [restarted], "RestartEncodeServer")
    statuses = [encoder.status for encoder in encoders(stage)]
    equal("status", statuses, [ENCODER_RESTARTING, ENCODER_RUNNING])
    stage.succeeded(answer, "encode_servers", [restarted], "RestartEncodeServer")
    equal("status", [encoder.status for encoder in encoders(stage)], [ENCODER_RUNNING] * 2)
    equal("ledger", stage.simulation.ledger("encode_servers", untouched), [])


@operation("ShowBandwidthDetail")
def list_bandwidths(stage):
    request = cph.ShowBandwidthDetailRequest(limit=2, offset=0)
    answer = stage.client.show_bandwidth_detail(request)
    fields(answer, request_id=ID)
    shared, own = answer.band_widths
    fields(shared, band_width_id=UUID, band_width_name=SOME, band_width_share_type=1, create_time=TIME)
    fields(own, band_width_size=300, band_width_share_type=0, band_width_charge_mode=0, update_time=TIME)
    equal("band_width_id", stage.shown_server().band_widths[0].band_width_id, shared.band_width_id)


@operation("UpdateBandwidth")
def update_bandwidth(stage):
    shared = stage.shown_server().band_widths[0]
    body = cph.UpdateBandwidthRequestBody(band_width_size=350)
    request = cph.UpdateBandwidthRequest(band_width_id=shared.band_width_id, body=body)
    fields(stage.client.update_bandwidth(request), request_id=ID, error_code=None)
    fields(stage.shown_server().band_widths[0], band_width_id=shared.band_width_id, band_width_size=350)
