import time

from huaweicloudsdkcph.v1 import *
from huaweicloudsdkcph.v1.region.cph_region import CphRegion

client = CphClient.new_builder().with_region(CphRegion.value_of("cn-north-4")).build()
phones = client.list_cloud_phones(ListCloudPhonesRequest(limit=3)).phones
body = RestartCloudPhoneRequestBody(phones=[PhoneProperty(phone_id=phone.phone_id) for phone in phones])
answer = client.restart_cloud_phone(RestartCloudPhoneRequest(body=body))
while True:
    jobs = client.list_jobs(ListJobsRequest(request_id=answer.request_id)).jobs
    if all(job.status != 1 for job in jobs):
        break
    time.sleep(1)
for job in jobs:
    print(job.phone_id, job.status)
