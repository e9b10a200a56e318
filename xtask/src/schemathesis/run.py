"""Runs schemathesis against a running simulator, which the environment names; the argument is the document.

It asks twice: about what there is, and about what it makes up, so that it sees successes and refusals.
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

ENDPOINT = os.environ["CPH_ENDPOINT"]
PROJECT = os.environ["HUAWEICLOUD_SDK_PROJECT_ID"]
TOKEN = os.environ["CPH_SIM_TOKEN"]

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
OPTIONS = ["--seed=59", "--max-examples=20", "--no-color", "--warnings=off", "--report=json", "--checks=" + ",".join(CHECKS)]

# Every server in the body must exist, or the whole call is refused; bodies are made up.
ALWAYS_REFUSED = {"AttachShareFilesystem", "DeleteCloudPhoneServer", "DetachShareFilesystem"}

# The token goes with every call; the scheme of signatures would only be filled with what is none.
CONFIG = """
headers = {{ X-Auth-Token = "{token}" }}
generation.with-security-parameters = false
{parameters}
"""


def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ENDPOINT + path, data, {"X-Auth-Token": TOKEN}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def table(values, indent=""):
    return "\n".join(f'{indent}{name} = "{value}"' for name, value in values.items())


def what_there_is():
    """Values of the parameters that mean something here, and of those that mean it for one operation alone."""
    state = ask("GET", "/_sim/state")
    phone, server = state["phones"][0]["phone_id"], state["servers"][0]["server_id"]
    stop = ask("POST", f"/v1/{PROJECT}/cloud-phone/phones/batch-stop", {"phone_ids": [state["phones"][-1]["phone_id"]]})
    images = {kind: [i["image_id"] for i in state["images"] if i["image_type"] == kind] for kind in ("private", "share")}
    shared = next(found for found in state["bandwidths"] if found["server_id"] is None)
    inquiring, scheduled = [
        [event["event_id"] for event in state["events"] if event["state"] == wanted][0]
        for wanted in ("inquiring", "scheduled")
    ]
    everywhere = {
        "project_id": PROJECT,
        "phone_id": phone,
        "server_id": server,
        "server_ids": server,
        "resource_type": "cph-server",
        "resource_id": server,
        "image_id": images["private"][1],
        "band_width_id": shared["band_width_id"],
        "job_id": stop["jobs"][0]["job_id"],
        "request_id": stop["request_id"],
        "path": "/data",
        "event_id": scheduled,
    }
    alone = {
        "DeleteImage": {"image_id": images["private"][0]},
        "UpdateImageMember": {"image_id": images["share"][0]},
        "AuthorizeScheduledEvent": {"event_id": inquiring},
    }
    one = "\n[[operations]]\ninclude-operation-id = \"{}\"\n[operations.parameters]\n{}\n"
    return table(everywhere), "".join(one.format(name, table(values)) for name, values in alone.items())


def run(document, everywhere, alone):
    config = Path(os.environ["HOME"], "schemathesis.toml")
    config.write_text(CONFIG.format(token=TOKEN, parameters=f"[parameters]\n{everywhere}\n{alone}"))
    program = Path(sys.executable).with_name("schemathesis")
    arguments = [program, f"--config-file={config}", "run", document, f"--url={ENDPOINT}", *OPTIONS]
    return subprocess.run(arguments, cwd=config.parent).returncode


def main(document):
    codes = [run(document, *what_there_is()), run(document, table({"project_id": PROJECT}), "")]
    # Green would mean nothing where nothing was done.
    statuses = {}
    for call in ask("GET", "/_sim/journal"):
        statuses.setdefault(call["operation"], set()).add(call["status"])
    refused = {name for name, seen in statuses.items() if name and not {200, 204} & seen}
    if refused != ALWAYS_REFUSED:
        print("without a success:", ", ".join(sorted(refused)), "; expected:", ", ".join(sorted(ALWAYS_REFUSED)))
        return 1
    return max(codes)


sys.exit(main(sys.argv[1]))
