//! A small `openapi/` that is in order, for tests to spoil.

use std::{fs, path::Path, process::ExitCode};

use tempfile::TempDir;

use crate::{generate, source};

pub(crate) const FRAGMENT: &str = "openapi/operations/restart-phone.yaml";

/// Shares method and path with `RUN_COMMAND`.
pub(crate) const PUSH_FILE: &str = "openapi/operations/push-file.yaml";

/// Shares method and path with `PUSH_FILE`.
pub(crate) const RUN_COMMAND: &str = "openapi/operations/run-command.yaml";

const FILES: [(&str, &str); 8] = [
    (
        source::COMMON,
        "\
info: {title: Phones, version: 0.1.0}
servers: [{url: https://cph.example.com}]
security: [{token: []}]
tags: [{name: phones, description: Phones.}]
components:
  securitySchemes:
    token: {type: apiKey, in: header, name: X-Auth-Token}
  parameters:
    ProjectId: {name: project_id, in: path, required: true, schema: {type: string}}
  responses:
    Error:
      description: Refused.
      content:
        application/json:
          schema: {$ref: '#/components/schemas/ErrorBody'}
          example: {error_code: CPS.0001}
  schemas:
    ErrorBody:
      type: object
      properties:
        error_code: {type: string}
",
    ),
    (
        FRAGMENT,
        "\
operationId: RestartPhone
method: post
path: /v1/{project_id}/restart
x-cph:
  read: [{page: cph_api_0515, vintage: intl 2025-10-28}]
  asynchronous: true
  job_family: phone
  batch: {field: phones, maximum: 200, part: 100, basis: assumed}
  limits: [{name: property_bytes, value: 7800, unit: bytes, basis: assumed}]
  idempotent: false
  asks: interrupts
operation:
  tags: [phones]
  summary: Restarts phones.
  parameters:
    - $ref: '#/components/parameters/ProjectId'
    - {name: limit, in: query, schema: {type: integer, minimum: 1, default: 10}}
  requestBody:
    required: true
    content:
      application/json:
        schema: {$ref: '#/components/schemas/RestartPhoneRequest'}
        examples: {newest: {value: {phones: [a7f3]}}}
  responses:
    '200':
      description: Taken.
      content:
        application/json:
          schema: {$ref: '#/components/schemas/RestartPhoneResponse'}
          example: {jobs: [{status: 1, note: null}]}
    4XX: {$ref: '#/components/responses/Error'}
schemas:
  RestartPhoneRequest:
    type: object
    required: [phones]
    properties:
      phones: {type: array, items: {type: string, maxLength: 32}}
      mode: {type: string, enum: [soft, hard]}
  RestartPhoneResponse:
    type: object
    properties:
      jobs: {type: array, items: {$ref: '#/components/schemas/Job'}}
      labels: {type: object, additionalProperties: {type: string}}
  Job:
    type: object
    required: [status]
    properties:
      status: {type: integer, format: int32, minimum: 1, maximum: 3, example: 2}
      note: {type: string, nullable: true, pattern: '^[a-z]*$'}
",
    ),
    (
        source::CORRECTIONS,
        "\
[[correction]]
operation = 'RestartPhone'
at = '/schemas/Job/properties/status/maximum'
page = 3
read = 9
evidence = 'the example of the list has 5'

[[history]]
operation = 'RestartPhone'
vintage = 'docs 2019'
said = 'restarts only'
",
    ),
    (
        source::CODES,
        "\
[[code]]
code = 'CPS.0005'
name = 'PHONE_NOT_FOUND'
message = 'Phone is not found.'
meaning = 'there is no such phone'
advice = 'List the phones again.'
class = 'not-found'
effect = 'none'
basis = 'assumed'
scope = 'target'
http = [404]

[[code]]
code = 'APIGW.0308'
message = 'Too many.'
meaning = 'too many calls'
advice = 'Wait.'
class = 'throttled'
effect = 'none'
basis = 'documented'
scope = 'call'
",
    ),
    (
        source::PROPERTIES,
        "\
[[property]]
key = 'com.cph.mainkeys'
type = 'integer'
vintage = 'new'
pattern = '^[01]$'
expects = '0 or 1'
basis = 'documented'
default = '0'
default_history = [{ default = '1', source = '2021' }]
values = [{ value = '1', meaning = 'hidden' }]
takes_effect = 'restart'
refused_by = ['rx1.qemu']
summary = 'Hides the keys.'

[[property]]
key = 'qemu.hw.mainkeys'
type = 'string'
vintage = 'old'
pattern = '(?s)^.*$'
expects = 'no documented rule'
basis = 'assumed'
deprecated = true
replaced_by = 'com.cph.mainkeys'
code = 'CPS.0005'
summary = 'Hides the keys.'
",
    ),
    (
        source::REGIONS,
        "[[region]]\nid = 'cn-north-4'\nendpoint = 'https://cph.example.com'\nname = 'Beijing'\n",
    ),
    (
        source::ASSUMPTIONS,
        "\
[[assumption]]
name = 'part-of-100-phones'
statement = 'The service takes 100 phones.'
relied_on_by = ['client']
where = 'the plan'
would_show = 'a call with 100 phones'
",
    ),
    (
        source::RETIRED,
        "\
[[retired]]
name = 'MigratePhone'
method = 'post'
path = '/v1/{project_id}/migrate'
why = 'withdrawn'
source = 'docs 2019'
",
    ),
];

/// Two operations of one method and path, and one whose body, query and answer are as odd as the service has them.
const ODD_FILES: [(&str, &str); 3] = [
    (
        PUSH_FILE,
        "\
operationId: PushFile
method: post
path: /v1/{project_id}/commands
x-cph:
  read: [{page: cph_api_0529, vintage: docs 2021}]
  shared: SendCommand
  asynchronous: true
  job_family: phone
  idempotent: false
  fixed: {command: [push]}
operation:
  tags: [phones]
  summary: Pushes a file.
  description: A tar file.
  parameters:
    - $ref: '#/components/parameters/ProjectId'
    - {name: force, in: query, description: Whether to overwrite., schema: {type: boolean}}
  requestBody:
    required: true
    content:
      application/json:
        schema: {$ref: '#/components/schemas/PushFileRequestBody'}
        example: {command: push, content: a.tar, bucket: b}
  responses:
    '200':
      description: Taken.
      content:
        application/json:
          schema: {$ref: '#/components/schemas/PushFileResponse'}
          example: {job: j}
    4XX: {$ref: '#/components/responses/Error'}
schemas:
  PushFileRequestBody:
    type: object
    description: What to push.
    required: [command, content, bucket]
    properties:
      command: {type: string, description: Says push.}
      content: {type: string, description: Path of the file.}
      bucket: {type: string, description: Where the file is.}
  PushFileResponse:
    type: object
    description: What became of it.
    properties:
      job: {type: string, description: The job.}
",
    ),
    (
        RUN_COMMAND,
        "\
operationId: RunCommand
method: post
path: /v1/{project_id}/commands
x-cph:
  read: [{page: cph_api_0532, vintage: docs 2021}]
  shared: SendCommand
  asynchronous: true
  job_family: phone
  idempotent: true
  asks: erases
  fixed: {command: [shell, shells]}
operation:
  tags: [phones]
  summary: Runs a command.
  parameters:
    - $ref: '#/components/parameters/ProjectId'
    - {name: force, in: query, description: Whether to run it as root., schema: {type: boolean}}
  requestBody:
    required: true
    content:
      application/json:
        schema: {$ref: '#/components/schemas/RunCommandRequestBody'}
        examples:
          shell: {value: {command: shell, content: ls, phones: [a7f3]}}
          empty: {value: {command: shell}}
  responses:
    '200':
      description: Running.
      content:
        application/json:
          schema: {$ref: '#/components/schemas/RunCommandResponse'}
          example: {job: j, output: o}
    4XX: {$ref: '#/components/responses/Error'}
schemas:
  RunCommandRequestBody:
    type: object
    required: [command]
    properties:
      command: {type: string, description: Says shell.}
      content: {type: string, description: Path of the file.}
      phones: {type: array, items: {type: string}}
  RunCommandResponse:
    type: object
    description: What became of it.
    properties:
      job: {type: string, description: The job.}
      output: {type: string}
",
    ),
    (
        "openapi/operations/delete-tags.yaml",
        "\
operationId: DeleteTags
method: delete
path: /v1/{project_id}/tags
x-cph:
  read: [{page: cph_api_0554, vintage: docs 2021}]
  asynchronous: false
  idempotent: true
operation:
  tags: [phones]
  summary: Deletes tags.
  parameters:
    - $ref: '#/components/parameters/ProjectId'
    - {name: state, in: query, schema: {type: array, items: {type: string}}}
  requestBody:
    required: true
    content:
      application/json:
        schema: {$ref: '#/components/schemas/DeleteTagsRequestBody'}
  responses:
    '204': {description: Gone.}
    4XX: {$ref: '#/components/responses/Error'}
schemas:
  DeleteTagsRequestBody:
    type: object
    required: [keys]
    properties:
      keys: {type: array, items: {type: string}}
",
    ),
];

/// The files on disk, with folders for what is generated.
pub(crate) struct Fixture(TempDir);

impl Fixture {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in [
            "openapi/operations",
            "crates/cph-raw/src",
            "crates/cph-core/src",
            "crates/cph-sim/src",
            "crates/cph-cli/src",
        ] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        for (file, text) in FILES {
            fs::write(root.path().join(file), text).unwrap();
        }
        Self(root)
    }

    /// With the odd operations.
    pub(crate) fn odd() -> Self {
        let fixture = Self::new();
        for (file, text) in ODD_FILES {
            fixture.write(file, text);
        }
        fixture
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root().join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.root().join(file), text).unwrap();
    }

    /// Replaces a text that has to be there once.
    pub(crate) fn edit(&self, file: &str, find: &str, replace: &str) {
        let text = self.read(file);
        assert_eq!(text.matches(find).count(), 1, "`{find}` in {file}");
        self.write(file, &text.replace(find, replace));
    }

    /// Exit code and output of `cargo xtask generate`.
    pub(crate) fn generate(&self, check: bool) -> (ExitCode, String) {
        let derived = Some(self.root().join("derived.json"));
        let args = generate::Args { check, derived, root: self.root().to_owned() };
        let mut out = Vec::new();
        let code = generate::run(&args, &mut out).unwrap();
        (code, String::from_utf8(out).unwrap())
    }

    /// What `generate` says once the file is spoiled, without its closing line.
    pub(crate) fn broken(&self, file: &str, find: &str, replace: &str) -> String {
        self.edit(file, find, replace);
        let (code, out) = self.generate(true);
        assert_eq!(code, ExitCode::from(100), "`{find}` -> `{replace}`:\n{out}");
        let lines: Vec<&str> = out.lines().collect();
        lines[..lines.len() - 1].join("\n")
    }
}
