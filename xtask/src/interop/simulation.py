"""The simulator: what its users see of it through the SDK, and what it says of itself."""

import contextlib
import json
import os
import urllib.request

import huaweicloudsdkcph.v1 as cph
from huaweicloudsdkcph.v1.region.cph_region import CphRegion

from harness import ID, Failed, equal, the_one

PAGE = 100
JOB_RUNNING, JOB_SUCCEEDED = 1, 2


def new_client(credentials=None, config=None):
    """A client as users make it; without credentials the SDK finds them in the environment."""
    builder = cph.CphClient.new_builder().with_region(CphRegion.value_of(os.environ["CPH_REGION"]))
    if credentials:
        builder = builder.with_credentials(credentials)
    if config:
        builder = builder.with_http_config(config)
    return builder.build()


class Simulation:
    def __init__(self):
        self.endpoint = os.environ["CPH_ENDPOINT"]
        # It stands still but where a check lets time pass, so that nothing hangs on how fast this machine is.
        self.ask("POST", "clock", {"stopped": True})
        self.client = new_client()
        self.images = self.client.list_images(cph.ListImagesRequest()).image_infos
        phones = {}
        for offset in range(0, 1000, PAGE):
            request = cph.ListCloudPhonesRequest(limit=PAGE, offset=offset)
            for phone in self.client.list_cloud_phones(request).phones:
                phones.setdefault(phone.server_id, []).append(phone.phone_id)
        events = self.client.list_scheduled_events(cph.ListScheduledEventsRequest())
        maintained = {event.server_id for event in events.scheduled_events}
        self.unused = [entry for entry in phones.items() if entry[0] not in maintained]

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.endpoint}/_sim/{path}"
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method)) as answer:
            return json.load(answer)

    def state(self):
        return self.ask("GET", "state")

    def journal(self):
        return self.ask("GET", "journal")

    def ledger(self, kind, target):
        """What a phone, server or encoding service was made to do."""
        return self.ask("GET", "ledger")[kind].get(target, [])

    def pass_time(self, seconds):
        self.ask("POST", "clock", {"advance_seconds": seconds})

    @contextlib.contextmanager
    def running(self):
        """Lets time pass by itself."""
        self.ask("POST", "clock", {"stopped": False})
        try:
            yield
        finally:
            self.ask("POST", "clock", {"stopped": True})

    @contextlib.contextmanager
    def fault(self, **rule):
        """A fault rule, which is to strike as often as it can."""
        self.ask("POST", "faults", [rule])
        try:
            yield
            unused = [fault for fault in self.state()["faults"] if fault["left"]]
            equal("faults that never struck", unused, [])
        finally:
            self.ask("DELETE", "faults")

    def stage(self):
        """A server and its phones for one check alone, so that no check hangs on another."""
        server, phones = self.unused.pop(0)
        return Stage(self, server, phones)


class Stage:
    """What a check has for itself."""

    def __init__(self, simulation, server, phones):
        self.simulation, self.client = simulation, simulation.client
        self.server, self.phones = server, phones

    def finish(self, request_id):
        """Asks for the jobs of a call until they have ended, as users do; the pauses pass at once."""
        for _ in range(100):
            jobs = self.client.list_jobs(cph.ListJobsRequest(request_id=request_id)).jobs
            if jobs and all(job.status != JOB_RUNNING for job in jobs):
                return jobs
            self.simulation.pass_time(30)
        raise Failed(f"the jobs of {request_id} do not end")

    def accepted(self, answer, kind, targets, operation):
        """Every target of a batch has a job, and was made to do this and nothing else by the call."""
        field = kind[:-1] + "_id"
        equal("request_id", answer.request_id, ID)
        equal(f"jobs[].{field}", [getattr(job, field) for job in answer.jobs], targets)
        for job in answer.jobs:
            equal("job_id", job.job_id, ID)
            equal("error_code", getattr(job, "error_code", None), None)
            ledger = self.simulation.ledger(kind, getattr(job, field))
            done = the_one("ledger entries", (entry for entry in ledger if entry["request_id"] == answer.request_id))
            equal("ledger", (done["operation"], done["job_id"]), (operation, job.job_id))

    def succeeded(self, answer, kind, targets, operation):
        """The same, and every job succeeds; returns the jobs as ListJobs shows them."""
        self.accepted(answer, kind, targets, operation)
        jobs = self.finish(answer.request_id)
        equal("jobs", {job.job_id for job in jobs}, {job.job_id for job in answer.jobs})
        equal("status of the jobs", [job.status for job in jobs], [JOB_SUCCEEDED] * len(targets))
        return jobs

    def phone(self, phone_id=None):
        request = cph.ShowCloudPhoneDetailRequest(phone_id=phone_id or self.phones[0])
        return self.client.show_cloud_phone_detail(request)

    def shown_server(self, server_id=None):
        request = cph.ShowCloudPhoneServerDetailRequest(server_id=server_id or self.server)
        return self.client.show_cloud_phone_server_detail(request)

    def phones_on(self, server_id):
        request = cph.ListCloudPhonesRequest(server_id=server_id, limit=PAGE)
        return self.client.list_cloud_phones(request).phones

    def printed(self, content, phone_id=None):
        """What a shell command prints on a phone."""
        body = cph.RunShellCommandRequestBody(
            command="shell", content=content, phone_ids=[phone_id or self.phones[0]]
        )
        answer = self.client.run_shell_command(cph.RunShellCommandRequest(body=body))
        job = the_one("jobs", self.finish(answer.request_id))
        return self.client.show_job(cph.ShowJobRequest(job_id=job.job_id)).execute_msg

    def install(self, package):
        body = cph.InstallApkRequestBody(
            command="install", content=f"-t -r obs://push-bucket/my_apps/{package}.apk", phone_ids=self.phones
        )
        answer = self.client.install_apk(cph.InstallApkRequest(body=body))
        return self.succeeded(answer, "phones", self.phones, "InstallApk")
