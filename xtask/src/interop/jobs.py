"""Jobs: by request, by several requests, page by page, one by one."""

import huaweicloudsdkcph.v1 as cph

from harness import ID, TIME, equal, fields, operation


def stop(stage, phones):
    body = cph.StopCloudPhoneRequestBody(phone_ids=phones)
    return stage.client.stop_cloud_phone(cph.StopCloudPhoneRequest(body=body))


@operation("ListJobs")
def list_jobs(stage):
    answers = [stop(stage, stage.phones[:2]), stop(stage, stage.phones[2:3])]
    started = [job.job_id for answer in answers for job in answer.jobs]
    one = stage.client.list_jobs(cph.ListJobsRequest(request_id=answers[0].request_id))
    fields(one, request_id=ID)
    for job, phone in zip(one.jobs, stage.phones, strict=False):
        fields(job, phone_id=phone, status=1, begin_time=TIME, end_time=None, error_code="", error_msg="")
        fields(job, server_id=None)
    request_ids = ",".join(answer.request_id for answer in answers)
    several = stage.client.list_jobs(cph.ListJobsRequest(request_ids=request_ids))
    equal("jobs of both requests", [job.job_id for job in several.jobs], started)
    page = stage.client.list_jobs(cph.ListJobsRequest(request_ids=request_ids, offset=1, limit=1))
    equal("second page", [job.job_id for job in page.jobs], started[1:2])
    ended = stage.finish(answers[0].request_id)
    for job in ended:
        fields(job, status=2, end_time=TIME, error_code="", execute_msg=None)
    equal("jobs", [job.job_id for job in ended], started[:2])


@operation("ShowJob")
def show_job(stage):
    answer = stop(stage, stage.phones[:1])
    request = cph.ShowJobRequest(job_id=answer.jobs[0].job_id)
    running = stage.client.show_job(request)
    fields(running, request_id=ID, job_id=answer.jobs[0].job_id, phone_id=stage.phones[0], server_id=None)
    fields(running, status=1, begin_time=TIME, end_time=None, error_code=None, execute_msg=None)
    stage.finish(answer.request_id)
    fields(stage.client.show_job(request), status=2, end_time=TIME, begin_time=running.begin_time)
    with stage.simulation.fault(operation="StopCloudPhone", effect="fail_job", code="CPS.0003"):
        failing = stop(stage, stage.phones[1:2])
    stage.finish(failing.request_id)
    failed = stage.client.show_job(cph.ShowJobRequest(job_id=failing.jobs[0].job_id))
    fields(failed, status=-1, error_code="CPS.0003", end_time=TIME, phone_id=stage.phones[1])
    fields(stage.phone(stage.phones[1]), status=-9)
