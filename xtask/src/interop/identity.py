"""Who calls: keys, wrong ones, projects looked up, temporary keys; and the example of the README."""

import io
import os
import runpy
from contextlib import redirect_stdout
from pathlib import Path

import huaweicloudsdkcph.v1 as cph
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.auth.provider import MetadataCredentialProvider
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from harness import ID, SOME, equal, fields, other, refusal
from simulation import new_client


def list_phones(client):
    return client.list_cloud_phones(cph.ListCloudPhonesRequest(limit=1))


@other("the project is looked up")
def project(stage):
    own = stage.client.get_credentials()
    client = new_client(BasicCredentials(own.ak, own.sk))
    equal("project_id", client.get_credentials().project_id, os.environ["HUAWEICLOUD_SDK_PROJECT_ID"])
    equal("number of phones", len(list_phones(client).phones), 1)
    lookup = [call for call in stage.simulation.journal() if call["path"] == "/v3/projects"]
    equal("looked up", [call["status"] for call in lookup], [200])


@other("a wrong secret key")
def wrong_secret_key(stage):
    own = stage.client.get_credentials()
    client = new_client(BasicCredentials(own.ak, own.sk[::-1], own.project_id))
    error = refusal(ClientRequestException, lambda: list_phones(client))
    fields(error, status_code=401, error_code="APIGW.0301", request_id=ID)
    for part in ["verify aksk signature fail", f"GET|/v1/{own.project_id}/cloud-phone/phones/|limit=1|", "secret key"]:
        equal(f"explains by {part!r}: {error.error_msg}", part in error.error_msg, True)
    equal("shows the key", own.sk in error.error_msg, False)
    list_phones(stage.client)


@other("an unknown access key")
def unknown_access_key(stage):
    own = stage.client.get_credentials()
    client = new_client(BasicCredentials("NOBODYSKEY", own.sk, own.project_id))
    error = refusal(ClientRequestException, lambda: list_phones(client))
    fields(error, status_code=401, error_code="APIGW.0301", error_msg=SOME, request_id=ID)


@other("temporary keys")
def temporary_keys(stage):
    # The SDK asks the metadata service of the machine, which the simulator stands in for.
    credentials = MetadataCredentialProvider.get_basic_credential_metadata_provider().get_credentials()
    equal("temporary", credentials.ak != stage.client.get_credentials().ak, True)
    client = new_client(credentials)
    equal("project_id", credentials.project_id, os.environ["HUAWEICLOUD_SDK_PROJECT_ID"])
    equal("number of phones", len(list_phones(client).phones), 1)

    def with_token(token):
        forged = BasicCredentials(credentials.ak, credentials.sk, credentials.project_id)
        forged.with_security_token(token)
        return new_client(forged)

    equal("number of phones", len(list_phones(with_token(credentials.security_token)).phones), 1)
    for token in [None, "no-token-of-anybody"]:
        error = refusal(ClientRequestException, lambda: list_phones(with_token(token)))
        fields(error, status_code=401, error_code="APIGW.0301", error_msg=SOME, request_id=ID)


@other("the example of the README")
def example(stage):
    with redirect_stdout(io.StringIO()) as printed, stage.simulation.running():
        runpy.run_path(str(Path(__file__).with_name("example.py")))
    lines = printed.getvalue().splitlines()
    equal("number of lines", len(lines), 3)
    for line in lines:
        equal("line", line.split(" ", 1)[1], "2")
        equal("phone", line.split(" ", 1)[0], ID)
