"""Calls as often as a line of standard input says, and prints how many nanoseconds of processor time that took."""

import json
import sys
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcph.v1 import *

setting = json.loads(sys.argv[1])
credentials = BasicCredentials(setting["access_key"], setting["secret_key"], setting["project"])
client = CphClient.new_builder().with_credentials(credentials).with_endpoint(setting["endpoint"]).build()


def restart():
    body = RestartCloudPhoneRequestBody(phones=[PhoneProperty(phone_id=phone) for phone in setting["phones"]])
    answer = client.restart_cloud_phone(RestartCloudPhoneRequest(body=body))
    assert all(job.job_id for job in answer.jobs) and len(answer.jobs) == len(setting["phones"])


def jobs():
    ids = ",".join(setting["request_ids"])
    assert client.list_jobs(ListJobsRequest(limit=100, offset=0, request_id=ids)).jobs


for line in sys.stdin:
    order = json.loads(line)
    ask = {"restart": restart, "jobs": jobs}[order["ask"]]
    before = time.process_time_ns()
    for _ in range(order["calls"]):
        ask()
    print(time.process_time_ns() - before, flush=True)
