"""What goes wrong, as the SDK tells its users: refusals, broken connections, throttling, and what it does again."""

import socket

import huaweicloudsdkcph.v1 as cph
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import (
    ClientRequestException,
    ConnectionException,
    ServerResponseException,
)
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.retry.backoff_strategy import BackoffStrategies

from harness import ID, SOME, equal, fields, other, refusal, the_one
from simulation import new_client

UNKNOWN = "0" * 32


def restart(stage, phones, client=None, **rest):
    phones = [cph.PhoneProperty(phone_id=phone, **rest) for phone in phones]
    body = cph.RestartCloudPhoneRequestBody(phones=phones)
    return (client or stage.client).restart_cloud_phone(cph.RestartCloudPhoneRequest(body=body))


def list_phones(stage, client=None):
    return (client or stage.client).list_cloud_phones(cph.ListCloudPhonesRequest(limit=1))


def statuses_since(stage, begun):
    return [call["status"] for call in stage.simulation.journal()[begun:]]


@other("a call that is refused")
def refused_call(stage):
    error = refusal(ClientRequestException, lambda: restart(stage, []))
    fields(error, status_code=400, error_code="CPS.0009", error_msg=SOME, request_id=ID)
    noted = stage.simulation.journal()[-1]
    equal("request_id", error.request_id, noted["request_id"])
    equal("journal", (noted["status"], noted["error_code"]), (400, "CPS.0009"))


@other("a phone that is refused, beside one that is not")
def refused_phone(stage):
    answer = restart(stage, [UNKNOWN, stage.phones[0]])
    refused, accepted = answer.jobs
    fields(refused, phone_id=UNKNOWN, error_code="CPS.0005", error_msg=SOME, job_id=None)
    fields(accepted, phone_id=stage.phones[0], job_id=ID, error_code=None)
    equal("jobs", [job.phone_id for job in stage.finish(answer.request_id)], [stage.phones[0]])


@other("a property that is no JSON")
def bad_property(stage):
    error = refusal(ClientRequestException, lambda: restart(stage, stage.phones[:1], _property="{"))
    fields(error, status_code=400, error_code="CPS.0078", request_id=ID)
    equal("ledger", stage.simulation.ledger("phones", stage.phones[0]), [])


@other("a phone that nobody knows")
def unknown_phone(stage):
    error = refusal(ClientRequestException, lambda: stage.phone(UNKNOWN))
    fields(error, status_code=404, error_code="CPS.0005", error_msg=SOME, request_id=ID)


@other("a project that is not the caller's")
def unknown_project(stage):
    own = stage.client.get_credentials()
    client = new_client(BasicCredentials(own.ak, own.sk, UNKNOWN))
    error = refusal(ClientRequestException, lambda: list_phones(stage, client))
    fields(error, status_code=403, error_code=SOME, error_msg=SOME, request_id=ID)


@other("a service that fails")
def server_error(stage):
    rule = {"operation": "ListCloudPhones", "effect": "refuse", "code": "CPS.0003", "status": 500}
    with stage.simulation.fault(**rule):
        error = refusal(ServerResponseException, lambda: list_phones(stage))
    fields(error, status_code=500, error_code="CPS.0003", error_msg=SOME, request_id=ID)


@other("a page of a proxy instead of an answer")
def html(stage):
    with stage.simulation.fault(operation="ListCloudPhones", effect="html", status=503):
        error = refusal(ServerResponseException, lambda: list_phones(stage))
    # The SDK makes a code of the status, and a message of the page.
    fields(error, status_code=503, error_code="503")
    equal("page", "<html" in error.error_msg.lower(), True)


@other("a connection that is cut before the work, and one that is cut after it")
def cut_connections(stage):
    for effect, done in [("drop_before", 0), ("drop_after", 1)]:
        with stage.simulation.fault(operation="RestartCloudPhone", effect=effect):
            refusal(ConnectionException, lambda: restart(stage, stage.phones[:1]))
        ledger = stage.simulation.ledger("phones", stage.phones[0])
        equal(f"restarts after {effect}", len(ledger), done)


@other("a port where nobody listens")
def nobody_listens(stage):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = cph.CphClient.new_builder().with_credentials(stage.client.get_credentials())
    client = client.with_endpoint(f"http://127.0.0.1:{port}").build()
    error = refusal(ConnectionException, lambda: list_phones(stage, client))
    equal("message", "refused" in error.error_msg, True)


@other("jobs that fail")
def failing_job(stage):
    with stage.simulation.fault(operation="RestartCloudPhone", effect="fail_job", code="CPS.0003"):
        answer = restart(stage, stage.phones[:1])
    job = the_one("jobs", stage.finish(answer.request_id))
    fields(job, status=-1, error_code="CPS.0003", error_msg=SOME, phone_id=stage.phones[0])
    fields(stage.phone(), status=-6)


@other("throttling")
def throttled(stage):
    body = cph.RunSyncCommandRequestBody(command="shell", content="echo again", phone_ids=stage.phones[:1])
    request = cph.RunSyncCommandRequest(body=body)
    # What was called before must not count.
    stage.simulation.pass_time(60)
    for _ in range(6):
        fields(stage.client.run_sync_command(request).jobs[0], execute_msg="again")
    error = refusal(ClientRequestException, lambda: stage.client.run_sync_command(request))
    fields(error, status_code=429, error_code="APIGW.0308", request_id=ID)
    equal("limit", "policy user over ratelimit,limit:6,time:1 minute" in error.error_msg, True)
    equal("commands", len(stage.simulation.ledger("phones", stage.phones[0])), 6)
    stage.simulation.pass_time(60)
    fields(stage.client.run_sync_command(request).jobs[0], execute_msg="again")


@other("what the SDK does again when it is throttled")
def retries(stage):
    def is_throttled(_, error):
        return isinstance(error, ClientRequestException) and error.status_code == 429

    begun = len(stage.simulation.journal())
    with stage.simulation.fault(operation="ListCloudPhones", effect="throttle", count=2):
        invoker = stage.client.list_cloud_phones_invoker(cph.ListCloudPhonesRequest(limit=1))
        answer = invoker.with_retry(is_throttled, 3, BackoffStrategies.NONE).invoke()
    equal("number of phones", len(answer.phones), 1)
    equal("status", statuses_since(stage, begun), [429, 429, 200])
    # The setting for all calls repeats what only reads, and nothing else.
    config = HttpConfig.get_default_config()
    config.retry_times = 3
    client = new_client(stage.client.get_credentials(), config)
    begun = len(stage.simulation.journal())
    with stage.simulation.fault(operation="ListCloudPhones", effect="throttle", count=2):
        list_phones(stage, client)
    equal("status", statuses_since(stage, begun), [429, 429, 200])
    begun = len(stage.simulation.journal())
    with stage.simulation.fault(operation="RestartCloudPhone", effect="throttle"):
        error = refusal(ClientRequestException, lambda: restart(stage, stage.phones[:1], client))
    fields(error, status_code=429, error_code="APIGW.0308")
    with stage.simulation.fault(operation="RestartCloudPhone", effect="drop_after"):
        refusal(ConnectionException, lambda: restart(stage, stage.phones[:1], client))
    equal("status", statuses_since(stage, begun), [429, None])
    equal("restarts", len(stage.simulation.ledger("phones", stage.phones[0])), 1)


@other("the client for asynchronous calls")
def asynchronous(stage):
    builder = cph.CphAsyncClient.new_builder().with_credentials(stage.client.get_credentials())
    client = builder.with_endpoint(stage.simulation.endpoint).build()
    request = cph.ShowCloudPhoneDetailRequest
    running = [client.show_cloud_phone_detail_async(request(phone_id=phone)) for phone in stage.phones]
    equal("phone_id", [call.result().phone_id for call in running], stage.phones)
    failing = client.show_cloud_phone_detail_async(request(phone_id=UNKNOWN))
    fields(refusal(ClientRequestException, failing.result), status_code=404, error_code="CPS.0005")


@other("text in every script, sent and returned")
def every_script(stage):
    written = {"my.note": 'Büro "7" 测试 🙂 \\ %20+&='}
    phone = cph.PropertyToUpdate(phone_id=stage.phones[0], _property="{}", custom_property=written)
    body = cph.UpdateCloudPhonePropertyRequestBody(phones=[phone])
    answer = stage.client.update_cloud_phone_property(cph.UpdateCloudPhonePropertyRequest(body=body))
    stage.succeeded(answer, "phones", stage.phones[:1], "UpdateCloudPhoneProperty")
    fields(stage.phone(), custom_property=written)
    unknown = cph.ListCloudPhonesRequest(phone_name="a b/c+d=e&f~g*h'(i)!ü")
    fields(stage.client.list_cloud_phones(unknown), count=0, phones=[])
