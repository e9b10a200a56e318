"""Prints, as JSON, what the official SDK sends and how it signs.

`cargo xtask wire --record` runs this file in a virtual environment that holds the SDK.
One more request to record is one more row in REQUESTS, one more signature a row in VECTORS.
"""

import http.server
import json
import re
import sys
import threading
from importlib.metadata import version
from urllib.parse import parse_qsl, quote, urlsplit

import huaweicloudsdkcph.v1 as cph
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

ACCESS_KEY = "EXAMPLEACCESSKEY"
SECRET_KEY = "example-secret-key-of-nobody"
PROJECT = "0123456789abcdef0123456789abcdef"

PHONES = ["a7f3a1c5258347d6b6f1def79e11f2bc", "1678567b8bab40f93711234cb80d0764"]
IMAGE = "1564567b8bab40f34711234cb80d8574"
SERVER = "88b8449b896f3a4f0ad57222dd919090"
REQUEST_IDS = [
    "6837531fd3f54550927b930180a706bf",
    "6a63a18b8bab40ffb71ebd9cb80d0085",
    "70bb40bef50e4a14b116a5a527fd7432",
]
NEW_PROPERTY = (
    '{"sys.prop.writephonenum":"13666666666","sys.prop.writeimsi":"460021624617113",'
    '"sys.prop.writewifissid":"test_wifi"}'
)
OLD_PROPERTY = (
    '{"phone_num":"13666666666","imsi":"460021624617113",'
    '"iccid":"42947a38410b137c","wifi_name":"test_wifi"}'
)


def restart(property=None, **rest):
    extra = {} if property is None else {"property": property}
    return {"body": {"phones": [{"phone_id": phone, **extra} for phone in PHONES], **rest}}


# Operation, case, arguments by their names on the wire. The project id comes from the credentials.
REQUESTS = [
    ("RestartCloudPhone", "page example, newest keys", restart(NEW_PROPERTY, image_id=IMAGE)),
    ("RestartCloudPhone", "page example, undated", restart(OLD_PROPERTY, image_id=IMAGE)),
    ("RestartCloudPhone", "without image", restart(NEW_PROPERTY)),
    ("RestartCloudPhone", "without property", restart(image_id=IMAGE)),
    ("ListJobs", "one request", {"request_id": REQUEST_IDS[0]}),
    ("ListJobs", "three requests", {"request_ids": ",".join(REQUEST_IDS)}),
    (
        "ListJobs",
        "first page",
        {"request_ids": ",".join(REQUEST_IDS), "offset": 0, "limit": 100},
    ),
    ("ListJobs", "later page", {"request_id": REQUEST_IDS[0], "offset": 100, "limit": 50}),
    ("ShowJob", "page example", {"job_id": "6837531fd3f54550927b930180a706bf"}),
    ("ListCloudPhones", "page example", {}),
    (
        "ListCloudPhones",
        "every filter",
        {
            "offset": 100,
            "limit": 200,
            "phone_name": "mobile 0001/ü",
            "server_id": SERVER,
            "status": -6,
            "type": 0,
        },
    ),
    ("ShowCloudPhoneDetail", "page example", {"phone_id": IMAGE}),
]

HOST = ("Host", "cph.cn-north-4.myhuaweicloud.com")
DATE = ("X-Sdk-Date", "20260102T030405Z")
CONTENT = ("Content-Type", "application/json")
IN_PROJECT = ("X-Project-Id", PROJECT)
PHONES_PATH = f"/v1/{PROJECT}/cloud-phone/phones"
JOBS_PATH = f"/v1/{PROJECT}/cloud-phone/jobs"
RESTART_BODY = json.dumps(restart(NEW_PROPERTY, image_id=IMAGE)["body"])
NON_ASCII_BODY = json.dumps(
    restart('{"sys.prop.writewifissid":"Büro 测试 🙂"}')["body"], ensure_ascii=False
)
LONG_BODY = json.dumps({"phones": [{"phone_id": f"{n:032x}"} for n in range(660)]})
RESTART = dict(
    method="POST",
    path=PHONES_PATH + "/batch-restart",
    headers=[HOST, DATE, CONTENT],
    body=RESTART_BODY,
)

# Arguments of `vector`; paths stand as they go over the wire.
VECTORS = [
    dict(name="host and date alone"),
    dict(name="host with a port", headers=[("Host", "127.0.0.1:18080"), DATE]),
    dict(name="root", path="/"),
    dict(name="path that ends in a slash", path=JOBS_PATH + "/"),
    dict(name="path with an empty segment", path=JOBS_PATH + "//x"),
    dict(name="path with spaces", path=JOBS_PATH + "/0123%20ab%20"),
    dict(name="path in unicode", path=JOBS_PATH + "/B%C3%BCro%E6%B5%8B%F0%9F%99%82"),
    dict(name="path escaped in lower case", path=JOBS_PATH + "/b%c3%bcro%2bx"),
    dict(name="path escaped without need", path=JOBS_PATH + "/%61%2D%7E%5F"),
    dict(name="path with escaped percent signs", path=JOBS_PATH + "/100%25/%2520"),
    dict(name="path with an escaped slash", path=JOBS_PATH + "/a%2Fb"),
    dict(name="path with tilde, plus, colon", path=JOBS_PATH + "/~a+b:c@1"),
    dict(name="path with delimiters", path=JOBS_PATH + "/!$&'()*,;=-._"),
    dict(
        name="query with every delimiter",
        path=PHONES_PATH,
        query=[("phone_name", "a b/c+d=e&f~g*h'(i)!ü")],
    ),
    dict(
        name="query out of order",
        path=PHONES_PATH,
        query=[("type", "0"), ("limit", "100"), ("status", "-6"), ("offset", "0")],
    ),
    dict(
        name="query with repeated keys",
        query=[("b", "2"), ("a", "2"), ("b", "10"), ("a", "1"), ("b", "2"), ("a", "")],
    ),
    dict(name="query with empty names and values", query=[("status", ""), ("", "x"), ("a", "")]),
    dict(
        name="query whose names extend one another",
        query=[("a.b", "1"), ("a", "z"), ("a-b", "2"), ("A", "3"), ("ab", "4")],
    ),
    dict(
        name="query in the order of characters, not of escapes",
        query=[("k", value) for value in ["🙂", "～", "ü", "~", "z", "/", ".", "A"]]
        + [("ü", "1"), ("~", "2")],
    ),
    dict(
        name="query with awkward names",
        query=[("名 字", "值"), ("a=b", "c=d"), ("a&b", "%20"), ("a[]", "100%")],
    ),
    dict(
        name="query of three request ids",
        query=[("request_ids", ",".join(REQUEST_IDS)), ("offset", "0"), ("limit", "100")],
        headers=[CONTENT, IN_PROJECT, DATE, HOST],
    ),
    dict(RESTART, name="body signed with host and date alone", headers=[HOST, DATE]),
    dict(RESTART, name="body and content type"),
    dict(RESTART, name="body and project", headers=[CONTENT, IN_PROJECT, DATE, HOST]),
    dict(
        RESTART,
        name="content type with a charset",
        headers=[HOST, DATE, ("Content-Type", "application/json;charset=UTF-8")],
    ),
    dict(
        RESTART,
        name="temporary keys",
        headers=[HOST, DATE, CONTENT, ("X-Security-Token", "example/token+of=nobody==")],
    ),
    dict(
        RESTART,
        name="everything that the SDK sends",
        headers=[CONTENT, ("User-Agent", "huaweicloud-usdk-python/3.0"), IN_PROJECT, DATE, HOST],
    ),
    dict(
        name="header names in mixed case, one extending another",
        headers=[
            ("x-sdk-DATE", DATE[1]),
            ("hOST", HOST[1]),
            ("X-SDK", "1"),
            ("x-PROJECT-id", PROJECT),
        ],
    ),
    dict(
        name="header values with spaces",
        headers=[
            HOST,
            DATE,
            ("X-Note", "  two  inner   spaces  "),
            ("X-Tab", "\ta\tb\t"),
            ("X-Empty", ""),
        ],
    ),
    dict(
        name="header with an underscore",
        headers=[HOST, DATE, ("X_Project_Id", "not signed"), IN_PROJECT],
    ),
    dict(RESTART, name="body beyond ASCII", body=NON_ASCII_BODY),
    dict(RESTART, name="body of white space", body=" \r\n\t"),
    dict(RESTART, name="body of 33 KB", body=LONG_BODY),
    dict(RESTART, name="POST without a body", body=""),
    dict(RESTART, name="PUT", method="PUT", query=[("b", "ü"), ("a", "1")]),
    dict(RESTART, name="DELETE", method="DELETE"),
    dict(name="DELETE without a body", method="DELETE", query=[("force", "true")]),
    dict(
        RESTART,
        name="secret key longer than a hash block",
        keys=("EXAMPLEACCESSKEY2", "example secret key, ü, of nobody; " * 4),
    ),
]


def main():
    recordings = {
        "cph": f"huaweicloudsdkcph {version('huaweicloudsdkcph')}",
        "core": f"huaweicloudsdkcore {version('huaweicloudsdkcore')}",
        "requests": record_requests(),
        "vectors": [vector(**row) for row in VECTORS],
    }
    json.dump(recordings, sys.stdout)


def record_requests():
    server = Loopback()
    client = (
        cph.CphClient.new_builder()
        .with_credentials(BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT))
        .with_endpoint(f"http://127.0.0.1:{server.server_port}")
        .build()
    )
    recordings = []
    for operation, case, arguments in REQUESTS:
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        getattr(client, method)(model(operation + "Request", arguments))
        recordings.append(
            {
                "operation": operation,
                "case": case,
                "arguments": arguments,
                "request": server.received.pop(),
            }
        )
    server.shutdown()
    return recordings


def model(kind, value):
    """Builds what the SDK wants from plain JSON; a name that it does not know is a KeyError."""
    if kind.startswith("list["):
        return [model(kind[len("list[") : -1], item) for item in value]
    cls = getattr(cph, kind, None)
    if cls is None:
        return value
    attributes = {name: attribute for attribute, name in cls.attribute_map.items()}
    return cls(
        **{
            attributes[name]: model(cls.openapi_types[attributes[name]], item)
            for name, item in value.items()
        }
    )


class Loopback(http.server.ThreadingHTTPServer):
    """Answers every request with an empty object and keeps what arrived."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Recorder)
        self.received = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Recorder(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = urlsplit(self.path)
        self.server.received.append(
            {
                "method": self.command,
                "path": target.path,
                "query": parse_qsl(target.query, keep_blank_values=True),
                "headers": {
                    name: masked(self.headers[name]) for name in HEADERS if name in self.headers
                },
                "body": json.loads(body) if body else None,
            }
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *_):
        pass


HEADERS = ["content-type", "x-project-id", "x-sdk-date", "authorization"]


def masked(value):
    """Takes out what changes from one recording to the next."""
    value = re.sub(r"^\d{8}T\d{6}Z$", "{date}", value)
    return re.sub(r"Signature=[0-9a-f]{64}$", "Signature={signature}", value)


class OpenSigner(Signer):
    """The official signer, with its canonical request kept."""

    def _process_canonical_request(self, request, signed_headers):
        self.canonical_request = super()._process_canonical_request(request, signed_headers)
        return self.canonical_request


def vector(
    name,
    method="GET",
    path=JOBS_PATH,
    query=(),
    headers=(HOST, DATE),
    body="",
    keys=(ACCESS_KEY, SECRET_KEY),
):
    """`uri` has the query in the order given, `sent_uri` as the signer puts it on the wire."""
    signer = OpenSigner(BasicCredentials(*keys))
    signed = signer.sign(
        SdkRequest(
            method=method,
            resource_path=path,
            query_params=list(query),
            header_params=dict(headers),
            body=body,
        )
    )
    pairs = "&".join(f"{quoted(key)}={quoted(value)}" for key, value in query)
    return {
        "name": name,
        "access_key": keys[0],
        "secret_key": keys[1],
        "method": method,
        "uri": f"{path}?{pairs}" if pairs else path,
        "sent_uri": signed.uri,
        "headers": headers,
        "body": body,
        "canonical_request": signer.canonical_request,
        "authorization": signed.header_params["Authorization"],
    }


def quoted(text):
    return quote(text, safe="~")


if __name__ == "__main__":
    main()
