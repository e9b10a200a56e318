//! One spoiled file per trap, and what a maintainer reads.

use insta::assert_snapshot;

use crate::{
    fixture::{FRAGMENT, Fixture, RUN_COMMAND},
    source::{ASSUMPTIONS, CODES, COMMON, CORRECTIONS, PROPERTIES, REGIONS, RETIRED},
};

/// Snapshots the messages of one area, each after the text that replaces another one.
fn check(area: &str, file: &str, spoilt: &[(&str, &str)]) {
    check_in(Fixture::new, area, file, spoilt);
}

fn check_in(fixture: fn() -> Fixture, area: &str, file: &str, spoilt: &[(&str, &str)]) {
    let each = spoilt.iter().map(|(find, replace)| {
        let change = match *replace {
            "" => format!("without {:?}", find.trim()),
            replace => format!("with {:?}", replace.trim()),
        };
        format!("{change}\n{}\n", fixture().broken(file, find, replace))
    });
    let messages = each.collect::<Vec<_>>().join("\n");
    assert_snapshot!(area, messages);
}

#[test]
fn parts() {
    check(
        "parts",
        FRAGMENT,
        &[
            ("method: post", "method: post\nmethod: post"),
            ("method: post", "methods: post"),
            ("method: post", "method: POST"),
            ("operationId: RestartPhone", "operationId: RestartPhones"),
            ("operationId: RestartPhone", "operationId: restart_phone"),
            ("read: [{page: cph_api_0515, vintage: intl 2025-10-28}]", "read: []"),
            ("  idempotent: false", "  idempotent: false\n  colour: red"),
            ("asks: interrupts", "asks: kindly"),
            ("  idempotent: false", "  idempotent: false\n  fixed: {phones: [all]}"),
            ("  idempotent: false", "  idempotent: false\n  fixed: {mode: []}"),
            ("asynchronous: true", "asynchronous: false"),
            ("field: phones", "field: phone_ids"),
            ("maximum: 200", "maximum: 99"),
            ("basis: assumed}]", "basis: guessed}]"),
            ("name: property_bytes", "name: Property-Bytes"),
            ("tags: [phones]", "tags: [phone]"),
            ("  summary: Restarts phones.\n", ""),
            ("  summary: Restarts", "  sumary: Restarts"),
        ],
    );
}

#[test]
fn parameters() {
    check(
        "parameters",
        FRAGMENT,
        &[
            ("/{project_id}/restart", "/{project_id}/{phone_id}"),
            ("/v1/{project_id}/restart", "/v1/restart"),
            ("/v1/{project_id}", "/{project_id}"),
            ("{name: limit, in: query,", "{name: body, in: query,"),
            ("{name: limit, in: query,", "{name: limit, in: cookie,"),
            ("{name: limit, in: query,", "{name: limit, in: query, style: deepObject,"),
            ("{name: limit, in: query,", "{name: limit, in: query, explode: false,"),
            ("{name: limit, in: query,", "{name: limit, in: body,"),
            ("{name: limit, in: query,", "{name: limit, in: path,"),
            ("{name: limit, in: query,", "{name: project-id, in: query,"),
            ("{name: limit, in: query,", "{name: limit, in: query, minimum: 1,"),
            ("schema: {type: integer, minimum: 1, default: 10}", "type: integer"),
            (
                "- $ref: '#/components/parameters/ProjectId'",
                "- $ref: '#/components/parameters/Project'",
            ),
            (
                "    - {name: limit",
                "    - $ref: '#/components/parameters/ProjectId'\n    - {name: limit",
            ),
        ],
    );
    assert_snapshot!(
        "common_parameters",
        Fixture::new().broken(COMMON, "in: path, required: true", "in: path")
    );
}

#[test]
fn bodies_and_answers() {
    const SECOND: &str = "'202': {description: Taken., content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}}}";
    check(
        "bodies_and_answers",
        FRAGMENT,
        &[
            ("    required: true\n", ""),
            (
                "      application/json:\n        schema",
                "      multipart/form-data:\n        schema",
            ),
            (
                "        examples: {newest: {value: {phones: [a7f3]}}}",
                "      text/plain: {schema: {$ref: '#/components/schemas/RestartPhoneRequest'}}",
            ),
            ("{$ref: '#/components/schemas/RestartPhoneRequest'}", "{type: object}"),
            ("    4XX:", &format!("    {SECOND}\n    4XX:")),
            ("'200':", "4XY:"),
            ("'200':", "2XX:"),
            ("'200':", "'204':"),
            ("    4XX:", "    default:"),
            ("          schema: {$ref: '#/components/schemas/RestartPhoneResponse'}\n", ""),
            ("      description: Taken.\n", ""),
            (
                "        application/json:\n          schema",
                "        application/xml:\n          schema",
            ),
            ("#/components/responses/Error", "errors.yaml#/Error"),
            ("#/components/responses/Error", "#/paths/Error"),
        ],
    );
}

#[test]
fn schemas() {
    let status = "{type: integer, format: int32, minimum: 1, maximum: 3, example: 2}";
    let list = "{type: array, items: {type: string, maxLength: 32}}";
    check(
        "schemas",
        FRAGMENT,
        &[
            (status, "{type: integer, maximum: 3, not: {type: string}}"),
            (status, "{maximum: 3, anyOf: [{type: integer}, {type: string}]}"),
            (status, "{maximum: 3, oneOf: [{type: integer}, {type: string}]}"),
            (status, "{type: [integer, 'null'], maximum: 3}"),
            (status, "{type: integer, maximum: 3, const: 1}"),
            (status, "{maximum: 3}"),
            (status, "{$ref: '#/components/schemas/Job', maximum: 3}"),
            ("items: {$ref: '#/components/schemas/Job'}", "items: {type: object, properties: {}}"),
            ("type: object, additionalProperties: {type: string}", "type: object"),
            (
                "  Job:\n    type: object",
                "  Job:\n    additionalProperties: false\n    type: object",
            ),
            (list, "{type: array, uniqueItems: true, items: {type: string}}"),
            (list, "{type: array, minItems: 2, maxItems: 2, items: {type: string}}"),
            (list, "{type: array}"),
            ("required: [status]", "required: [state]"),
            ("      note:", "      Sta-tus: {type: string}\n      note:"),
            ("enum: [soft, hard]", "enum: [soft, Soft]"),
            ("enum: [soft, hard]", "enum: ['+', '-']"),
            ("  Job:\n", "  JOB: {type: string}\n  Job:\n"),
            ("  Job:\n", "  Unused: {type: string}\n  Job:\n"),
            ("  Job:\n", "  ErrorBody: {type: string}\n  Job:\n"),
            (list, "{type: array, items: {$ref: '#/components/schemas/Job'}}"),
        ],
    );
}

#[test]
fn examples() {
    check(
        "examples",
        FRAGMENT,
        &[
            ("{phones: [a7f3]}", "{phones: a7f3}"),
            ("[{status: 1, note: null}]", "[{status: 1}, {status: '1'}]"),
            ("[{status: 1, note: null}]", "[{status: 10}, {note: SHOUTED}, {note: 7, status: 1}]"),
            ("example: 2", "example: two"),
            ("default: 10", "default: 0"),
        ],
    );
    assert_snapshot!(
        "common_example",
        Fixture::new().broken(COMMON, "error_code: CPS.0001", "error_code: 1")
    );
}

#[test]
fn two_operations() {
    let fixture = Fixture::new();
    let twin = fixture.read(FRAGMENT).replace("{type: string, nullable: true,", "{type: string,");
    fixture.write("openapi/operations/twin.yaml", &twin);
    fixture.write("openapi/operations/notes.txt", "");
    assert_snapshot!(fixture.generate(true).1);
}

#[test]
fn shared() {
    check_in(
        Fixture::odd,
        "shared",
        RUN_COMMAND,
        &[
            ("  shared: SendCommand\n", ""),
            ("shared: SendCommand", "shared: SendCommands"),
            ("shared: SendCommand", "shared: PushFile"),
            ("shared: SendCommand", "shared: send_command"),
            ("path: /v1/{project_id}/commands", "path: /v1/{project_id}/command"),
            ("in: query, description: Whether", "in: query, required: true, description: Whether"),
            ("    4XX: {$ref: '#/components/responses/Error'}\n", ""),
            ("'200':\n      description: Running.", "'202':\n      description: Running."),
            ("description: The job.", "description: The job., maxLength: 32"),
            ("content: {type: string, description: Path of the file.}", "content: {type: integer}"),
            ("      phones: {", "      Bucket: {type: string}\n      phones: {"),
            (
                "schemas:\n  Run",
                "schemas:\n  SendCommandResponse: {type: object, properties: {}}\n  Run",
            ),
        ],
    );
}

#[test]
fn corrections() {
    check(
        "corrections",
        CORRECTIONS,
        &[
            ("page = 3", "page = 4"),
            ("read = 9", "read = 3"),
            ("status/maximum'", "status/maxLength'"),
            ("'the example of the list has 5'", "''"),
            ("read = 9\n", ""),
            (
                "[[correction]]\noperation = 'RestartPhone'",
                "[[correction]]\noperation = 'StopPhone'",
            ),
            ("[[history]]\noperation = 'RestartPhone'", "[[history]]\noperation = 'StopPhone'"),
            ("[[history]]", "[[rumour]]"),
            ("said = 'restarts only'", "said ="),
        ],
    );
    let fixture = Fixture::new();
    fixture.edit(CORRECTIONS, "read = 9", "read = 2");
    fixture.edit(FRAGMENT, "{status: 1, note: null}", "{status: 3}");
    assert_snapshot!("a_corrected_schema_is_what_examples_have_to_fit", fixture.generate(true).1);
}

#[test]
fn tables() {
    check(
        "error_codes",
        CODES,
        &[
            ("'APIGW.0308'", "'CPS.0005'"),
            ("'APIGW.0308'", "'CPS308'"),
            ("code = 'CPS.0005'", "code = 'IAM.0001'"),
            ("'PHONE_NOT_FOUND'", "'PhoneNotFound'"),
            ("message = 'Too many.'", "name = 'PHONE_NOT_FOUND'\nmessage = 'Too many.'"),
            ("message = 'Too many.'", "message = 'Too many.'\ntexts = ['Too many.']"),
            ("'throttled'", "'slow'"),
            ("[404]", "[200]"),
            ("'Wait.'", "' '"),
            ("meaning = 'too many calls'", "sense = 'too many calls'"),
        ],
    );
    check(
        "properties",
        PROPERTIES,
        &[
            ("key = 'qemu.hw.mainkeys'", "key = 'com.cph.mainkeys'"),
            ("'^[01]$'", "'[01]$'"),
            ("'^[01]$'", "'^[01$'"),
            ("default = '0'", "default = '2'"),
            ("'2021'", "' '"),
            ("default_history = [{ default = '1'", "default_history = [{ default = '0'"),
            ("default_history = [{ default = '1'", "default_history = [{ default = '2'"),
            ("'restart'", "'reset'"),
            ("'rx1.qemu'", "''"),
            ("value = '1'", "value = 'yes'"),
            ("meaning = 'hidden'", "meaning = ''"),
            ("replaced_by = 'com.cph.mainkeys'", "replaced_by = 'com.cph.keys'"),
            ("code = 'CPS.0005'", "code = 'CPS.0006'"),
            ("vintage = 'old'", "vintage = 'ancient'"),
        ],
    );
    check(
        "regions",
        REGIONS,
        &[
            ("'cn-north-4'", "'CN North'"),
            ("'https://cph.example.com'", "'http://cph.example.com/'"),
            (
                "name = 'Beijing'",
                "[[region]]\nid = 'cn-north-4'\nendpoint = 'https://cph.example.com'",
            ),
        ],
    );
    check(
        "assumptions",
        ASSUMPTIONS,
        &[
            ("'part-of-100-phones'", "'partOf100'"),
            ("['client']", "[]"),
            ("['client']", "['everyone']"),
            ("['client']", "['simulator']"),
            ("where =", "switch = 'part'\nwhere ="),
            ("'a call with 100 phones'", "''"),
        ],
    );
    check(
        "retired",
        RETIRED,
        &[
            ("name = 'MigratePhone'", "name = 'RestartPhone'"),
            ("name = 'MigratePhone'", "name = 'migrate_phone'"),
            ("'post'", "'POST'"),
            ("'/v1/{project_id}/migrate'", "'/{project_id}/migrate'"),
            ("source =", "replaced_by = 'MigratePhone'\nsource ="),
            ("'withdrawn'", "''"),
            ("source = 'docs 2019'", ""),
        ],
    );
}
