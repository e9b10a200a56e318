"""What takes minutes: servers bought, changed and deleted, and other flavors for them."""

import json

import huaweicloudsdkcph.v1 as cph

from harness import ID, SOME, UUID, equal, fields, operation, refusal, the_one
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

CREATING, NORMAL, SHUTTING_DOWN = 0, 5, 11
PHONE_CREATING, PHONE_RUNNING = 1, 2
IMAGE = "20060220200717f201120a2300000e91"
VPC = "fca063f6-b942-42a8-9004-e5545f58d6a2"
SUBNET = "f1cbfc37-eb42-4357-a0ec-9e4f11950908"
HALF_AN_HOUR = 1800


def buy(stage, server_name, count=1, charging_mode=0):
    body = cph.CreateNet2CloudPhoneServerRequestBody(
        server_name=server_name,
        server_model_name="physical.kg1.4xlarge.cp",
        phone_model_name="kg1.cp.c20.d64SSD.e1v1",
        image_id=IMAGE,
        count=count,
        keypair_name="keypair",
        ports=[cph.Port(name="game", listen_port=20000, internet_accessible="true")],
        extend_param=cph.CreateNet2CloudPhoneServerRequestBodyExtendParam(
            charging_mode=charging_mode, period_type=2, period_num=1, is_auto_pay=1
        ),
        tenant_vpc_id=VPC,
        nics=[cph.Nic(subnet_id=SUBNET)],
        public_ip=cph.CreateNet2CloudPhoneServerRequestBodyPublicIp(
            eip=cph.CreateNet2CloudPhoneServerRequestBodyPublicIpEip(type="5_bgp")
        ),
        server_share_data_volume=cph.CreateNet2CloudPhoneServerRequestBodyServerShareDataVolume(
            volume_type="GPSSD", size=100
        ),
        band_width=cph.CreateNet2CloudPhoneServerRequestBodyBandWidth(
            band_width_size=200, band_width_charge_mode=1, band_width_share_type=0
        ),
        _property='{"com.cph.mainkeys":"1"}',
    )
    request = cph.CreateNet2CloudPhoneServerRequest(body=body)
    return stage.client.create_net2_cloud_phone_server(request)


@operation("CreateNet2CloudPhoneServer")
def order_with_phones(stage):
    answer = buy(stage, "shop", count=2)
    fields(answer, request_id=ID, order_id=SOME, product_id=SOME, error_code=None, error_msg=None)
    equal("number of servers", len(answer.server_ids), 2)
    fields(stage.shown_server(answer.server_ids[0]), status=CREATING, server_name="shop-0001")
    coming = stage.phones_on(answer.server_ids[1])
    equal("its phones", [phone.status for phone in coming], [PHONE_CREATING] * 20)
    stage.simulation.pass_time(HALF_AN_HOUR)
    server = stage.shown_server(answer.server_ids[1])
    fields(
        server,
        status=NORMAL,
        server_name="shop-0002",
        server_model_name="physical.kg1.4xlarge.cp",
        phone_model_name="kg1.cp.c20.d64SSD.e1v1",
        keypair_name="keypair",
        network_version="v2",
        vpc_id=VPC,
        subnet_id=SUBNET,
    )
    fields(server.metadata, order_id=answer.order_id, product_id=answer.product_id, charging_mode=0)
    fields(server.share_volume_info, size=100, version=1)
    fields(the_one("bandwidths", server.band_widths), band_width_size=200, band_width_charge_mode=1)
    phones = stage.phones_on(answer.server_ids[1])
    equal("its phones", [phone.status for phone in phones], [PHONE_RUNNING] * 20)
    phone = stage.phone(phones[0].phone_id)
    fields(phone, image_id=IMAGE, phone_name="shop-0002-0001")
    equal("com.cph.mainkeys", json.loads(phone._property)["com.cph.mainkeys"], "1")


@operation("CreateCloudPhoneSingleServer")
def order_without_phones(stage):
    body = cph.CreateCloudPhoneSingleServerRequestBody(
        server_name="single",
        server_model_name="physical.rx2.32xlarge.4",
        count=1,
        keypair_name="KeyPair-1d1d-wy",
        order_param=cph.CreateCloudPhoneSingleServerRequestBodyOrderParam(
            charging_mode=0, period_type=2, period_num=1, is_auto_pay=1, is_auto_renew=0
        ),
        nics=[cph.NicForSingleServer(subnet_id=SUBNET, ipv6_enable=True)],
        public_ip=cph.CreateCloudPhoneSingleServerRequestBodyPublicIp(
            type="5_bgp",
            count=1,
            band_width=cph.CreateCloudPhoneSingleServerRequestBodyPublicIpBandWidth(
                band_width_size=300, band_width_charge_mode=1, band_width_share_type=0
            ),
        ),
        data_volume=cph.CreateCloudPhoneSingleServerRequestBodyDataVolume(
            volume_type="GPSSD", size=100, count=2
        ),
    )
    request = cph.CreateCloudPhoneSingleServerRequest(body=body)
    answer = stage.client.create_cloud_phone_single_server(request)
    fields(answer, request_id=ID, order_id=SOME, product_id=SOME, error_code=None)
    server_id = the_one("servers", answer.server_ids)
    fields(stage.shown_server(server_id), status=CREATING)
    stage.simulation.pass_time(HALF_AN_HOUR)
    server = stage.shown_server(server_id)
    fields(server, status=NORMAL, server_name="single", phone_model_name=None, subnet_id=SUBNET, vpc_id=UUID)
    equal("volume_size", [volume.volume_size for volume in server.volumes], [100, 100])
    equal("its phones", stage.phones_on(server_id), [])


@operation("ChangeCloudPhoneServerModel")
def change_model(stage):
    body = cph.ChangeCloudPhoneServerModelRequestBody(
        server_id=stage.server,
        server_model_name="physical.rx1.xlarge.special",
        phone_model_name="rx1.cp.sp.c60.d8.e5v5",
        extend_param=cph.ChangeCloudPhoneServerModelRequestBodyExtendParam(is_auto_pay=1),
    )
    request = cph.ChangeCloudPhoneServerModelRequest(body=body)
    answer = stage.client.change_cloud_phone_server_model(request)
    fields(answer, request_id=ID, order_id=SOME, product_id=SOME, error_code=None)
    fields(stage.shown_server(), server_model_name="physical.rx1.xlarge")
    stage.simulation.pass_time(HALF_AN_HOUR)
    fields(stage.shown_server(), server_model_name="physical.rx1.xlarge.special", status=NORMAL)
    models = {phone.phone_model_name for phone in stage.phones_on(stage.server)}
    equal("phone_model_name", models, {"rx1.cp.sp.c60.d8.e5v5"})


@operation("ChangeCloudPhoneServer")
def change_server(stage):
    body = cph.ChangeCloudPhoneServerRequestBody(
        phone_model_name="rx1.cp.c15.d30.e1v1",
        image_id=IMAGE,
        keypair_name="other-keypair",
        ports=[cph.Port(name="game", listen_port=20000, internet_accessible="false")],
        extend_param=cph.ChangeCloudPhoneServerRequestBodyExtendParam(enterprise_project_id="0"),
        tenant_vpc_id=VPC,
        nics=[cph.Nic(subnet_id=SUBNET)],
        public_ip=cph.ChangeCloudPhoneServerRequestBodyPublicIp(count=0),
        band_width=cph.ChangeCloudPhoneServerRequestBodyBandWidth(
            band_width_size=100, band_width_charge_mode=1, band_width_share_type=0
        ),
    )
    request = cph.ChangeCloudPhoneServerRequest(server_id=stage.server, body=body)
    answer = stage.client.change_cloud_phone_server(request)
    fields(answer, request_id=ID, server_id=stage.server, job_id=ID, error_code=None, error_msg=None)
    done = the_one("ledger entries", stage.simulation.ledger("servers", stage.server))
    equal("ledger", (done["operation"], done["job_id"]), ("ChangeCloudPhoneServer", answer.job_id))
    equal("phones", [phone.phone_id for phone in stage.phones_on(stage.server)], stage.phones)
    fields(the_one("jobs", stage.finish(answer.request_id)), job_id=answer.job_id, status=2)
    server = stage.shown_server()
    fields(server, status=NORMAL, network_version="v2", vpc_id=VPC, keypair_name="other-keypair")
    fields(the_one("bandwidths", server.band_widths), band_width_size=100)
    phones = stage.phones_on(stage.server)
    equal("number of phones", len(phones), 15)
    equal("old phones", [phone for phone in phones if phone.phone_id in stage.phones], [])
    fields(phones[0], phone_model_name="rx1.cp.c15.d30.e1v1", image_id=IMAGE, status=PHONE_RUNNING)


@operation("DeleteCloudPhoneServer")
def delete_server(stage):
    def delete(server_id):
        body = cph.DeleteCloudPhoneServerRequestBody(server_ids=[server_id])
        return stage.client.delete_cloud_phone_server(cph.DeleteCloudPhoneServerRequest(body=body))

    monthly = buy(stage, "monthly").server_ids[0]
    stage.simulation.pass_time(HALF_AN_HOUR)
    error = refusal(ClientRequestException, lambda: delete(monthly))
    fields(error, status_code=400, error_code="CPS.0094", request_id=ID)
    answer = delete(stage.server)
    fields(answer, request_id=ID, job_id=ID)
    fields(stage.shown_server(), status=SHUTTING_DOWN)
    fields(the_one("jobs", stage.finish(answer.request_id)), job_id=answer.job_id, status=2)
    error = refusal(ClientRequestException, stage.shown_server)
    fields(error, error_code="CPS.0159", request_id=ID)
    equal("its phones", stage.phones_on(stage.server), [])
    left = {server["server_id"] for server in stage.simulation.state()["servers"]}
    equal("deleted", (stage.server in left, monthly in left), (False, True))
