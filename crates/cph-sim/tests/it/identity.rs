//! The services that hand out tokens and keys.

use bytes::Bytes;
use cph_sim::{Assumptions, Fault, GatewayPrefix, Simulator};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{
    signer::{Call, message, read, unauthenticated},
    support::{builder, request_id, seconds, sim},
};

async fn send(
    sim: &Simulator,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    sim.call(request.body(body).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_cloud_server_gets_keys_from_its_metadata() {
    let sim = sim(1);
    let (token_path, key_path) = ("/meta-data/latest/api/token", "/openstack/latest/securitykey");
    let ask = async |headers: &[(&str, &str)]| {
        read(&send(&sim, Method::GET, key_path, headers, &Value::Null).await)
    };
    assert_eq!(ask(&[]).await.0, 401);
    assert_eq!(ask(&[("X-Metadata-Token", "other")]).await.0, 401);
    for (headers, status) in [
        (&[("X-Metadata-Token-Ttl-Seconds", "59")][..], 400),
        (&[("X-Metadata-Token-Ttl-Seconds", "21601")], 400),
        (&[("X-Metadata-Token-Ttl-Seconds", "soon")], 400),
        (&[("X-Forwarded-For", "10.0.0.1")], 403),
    ] {
        let answer = send(&sim, Method::PUT, token_path, headers, &Value::Null).await;
        assert_eq!(answer.status(), status, "{headers:?}");
    }
    let ttl = [("X-Metadata-Token-Ttl-Seconds", "21600")];
    let (status, token) = read(&send(&sim, Method::PUT, token_path, &ttl, &Value::Null).await);
    assert_eq!(status, 200);
    let header = [("X-Metadata-Token", token.as_str().unwrap())];
    let keys = sim.temporary_keys();
    let expected = json!({ "credential": {
        "access": keys.access_key, "secret": keys.secret_key, "securitytoken": keys.security_token,
        "expires_at": "2025-10-29T12:00:00.000000Z",
    } });
    assert_eq!(ask(&header).await, (200, expected));
    sim.clock().advance(seconds(21600));
    assert_eq!(ask(&header).await.0, 401, "the token has expired");

    let journal = sim.journal();
    assert_eq!(journal[0].operation.as_deref(), Some("ShowSecurityKey"));
    assert_eq!(journal.last().unwrap().error_code.as_deref(), Some("401"));
    let told = serde_json::to_string(&journal).unwrap();
    assert!(!told.contains(&keys.secret_key) && !told.contains(token.as_str().unwrap()));
}

/// A request for a token, with a scope.
fn sign_in(sim: &Simulator, password: &str, scope: &Value) -> Value {
    json!({ "auth": {
        "identity": { "methods": ["password"], "password": { "user": {
            "name": sim.user_name(), "password": password, "domain": { "name": sim.domain_name() },
        } } },
        "scope": scope,
    } })
}

/// A token for the password.
async fn token(sim: &Simulator, scope: &Value) -> String {
    let body = sign_in(sim, sim.password(), scope);
    let answer = send(sim, Method::POST, "/v3/auth/tokens", &[], &body).await;
    assert_eq!(answer.status(), 201, "{answer:?}");
    answer.headers()["x-subject-token"].to_str().unwrap().to_owned()
}

async fn list_phones(sim: &Simulator, token: &str) -> (u16, Value) {
    let path = format!("/v1/{}/cloud-phone/phones", sim.project());
    read(&send(sim, Method::GET, &path, &[("X-Auth-Token", token)], &Value::Null).await)
}

#[tokio::test]
async fn iam_gives_a_token_for_the_password() {
    let sim = sim(1);
    let scope = json!({ "project": { "name": sim.region() } });
    let body = sign_in(&sim, sim.password(), &scope);
    let answer = send(&sim, Method::POST, "/v3/auth/tokens", &[], &body).await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["x-iam-trace-id"], request_id(&answer));
    let (_, answer) = read(&answer);
    assert_eq!(answer["token"]["issued_at"], "2025-10-28T12:00:00.000000Z");
    assert_eq!(answer["token"]["expires_at"], "2025-10-29T12:00:00.000000Z");
    assert_eq!(answer["token"]["methods"], json!(["password"]));
    assert_eq!(answer["token"]["project"]["id"], sim.project());
    assert_eq!(answer["token"]["user"]["name"], sim.user_name());
    assert_eq!(answer["token"]["user"]["domain"]["name"], sim.domain_name());
    assert_eq!(answer["token"]["catalog"][0]["name"], "cph");

    let by_id = token(&sim, &json!({ "project": { "id": sim.project() } })).await;
    assert_eq!(list_phones(&sim, &by_id).await.0, 200);
    sim.clock().advance(seconds(24 * 3600 - 1));
    assert_eq!(list_phones(&sim, &by_id).await.0, 200);
    sim.clock().advance(seconds(1));
    let expired = list_phones(&sim, &by_id).await;
    assert_eq!(message(&expired), "401 APIGW.0307 The token must be updated.");
}

#[tokio::test]
async fn the_other_gateway_says_when_a_token_expired() {
    let assumptions = Assumptions { gateway_prefix: GatewayPrefix::Apig, ..Assumptions::default() };
    let sim = builder(1).assume(assumptions).build().unwrap();
    let token = token(&sim, &json!({ "project": { "id": sim.project() } })).await;
    sim.clock().advance(seconds(24 * 3600));
    let expired = message(&list_phones(&sim, &token).await);
    let text = "token expires, expires_at: 2025-10-29T12:00:00.000000Z";
    assert_eq!(expired, unauthenticated(text).replace("APIGW", "APIG"));
}

#[tokio::test]
async fn iam_refuses_in_its_own_form_and_repeats_no_password() {
    let sim = sim(1);
    let region = json!({ "project": { "name": sim.region() } });
    let mut two_factors = sign_in(&sim, sim.password(), &region);
    two_factors["auth"]["identity"]["methods"] = json!(["password", "totp"]);
    for (body, status, message, title) in [
        (
            sign_in(&sim, "a wrong one", &region),
            401,
            "The username or password is wrong.",
            "Unauthorized",
        ),
        (json!({ "auth": {} }), 400, "Request body is invalid.", "Bad Request"),
        (Value::Null, 400, "Request body is invalid.", "Bad Request"),
        (two_factors, 400, "Request body is invalid.", "Bad Request"),
        (
            sign_in(&sim, sim.password(), &json!({ "project": { "name": "eu-west-101" } })),
            404,
            "Could not find the project of the scope.",
            "Not Found",
        ),
    ] {
        let answer = read(&send(&sim, Method::POST, "/v3/auth/tokens", &[], &body).await);
        let error = json!({ "code": status, "message": message, "title": title });
        assert_eq!(answer, (status, json!({ "error": error })));
    }
    assert_eq!(sim.journal()[0].error_code.as_deref(), Some("401"));
}

#[tokio::test]
async fn a_token_of_another_project_or_of_none_is_good_for_no_phone() {
    let sim = builder(1).projects(2).build().unwrap();
    let (_, found) = Call::new(&sim, Method::GET, "/v3/projects").send(&sim).await;
    let other = found["projects"][1]["id"].as_str().unwrap();
    for scope in
        [json!({ "project": { "id": other } }), json!({ "domain": { "name": "x" } }), Value::Null]
    {
        let token = token(&sim, &scope).await;
        assert_eq!(
            message(&list_phones(&sim, &token).await),
            "400 CPS.0001 No permission to request resources."
        );
    }
    assert_eq!(message(&list_phones(&sim, "other").await), unauthenticated("decrypt token fail"));
}

#[tokio::test]
async fn iam_lists_the_projects_of_the_region() {
    for count in [1, 0, 2] {
        let sim = builder(1).projects(count).build().unwrap();
        let path = format!("/v3/projects?name={}", sim.region());
        let (status, answer) = Call::new(&sim, Method::GET, &path).send(&sim).await;
        assert_eq!((status, answer["projects"].as_array().unwrap().len()), (200, count));
        let with_token = [("X-Auth-Token", sim.token())];
        assert_eq!(
            read(&send(&sim, Method::GET, &path, &with_token, &Value::Null).await).1,
            answer
        );
        let (_, none) =
            Call::new(&sim, Method::GET, "/v3/projects?name=eu-west-101").send(&sim).await;
        assert_eq!(none["projects"], json!([]));
        if let Some(project) = answer["projects"].get(0) {
            let domain = &project["domain_id"];
            let link = format!("https://iam.myhuaweicloud.com/v3/projects/{}", sim.project());
            assert_eq!(
                *project,
                json!({
                    "domain_id": domain, "is_domain": false, "parent_id": domain, "name": sim.region(),
                    "description": "", "links": { "self": link }, "id": sim.project(), "enabled": true,
                })
            );
        }
    }
    let sim = sim(1);
    let anonymous = read(&send(&sim, Method::GET, "/v3/projects", &[], &Value::Null).await);
    assert_eq!(message(&anonymous), unauthenticated("x-auth-token not found"));
}

#[tokio::test]
async fn iam_gives_temporary_keys_for_a_token() {
    let sim = sim(1);
    let path = "/v3.0/OS-CREDENTIAL/securitytokens";
    let body =
        |token: &Value| json!({ "auth": { "identity": { "methods": ["token"], "token": token } } });
    let header = [("X-Auth-Token", sim.token())];
    let ask = async |headers: &[(&str, &str)], token: Value| {
        read(&send(&sim, Method::POST, path, headers, &body(&token)).await)
    };
    let in_body = json!({ "id": sim.token(), "duration_seconds": 86_400 });
    let (status, answer) = ask(&[], in_body).await;
    assert_eq!(
        (status, &answer["credential"]["expires_at"]),
        (201, &json!("2025-10-29T12:00:00.000000Z"))
    );
    let (status, answer) = ask(&header, Value::Null).await;
    assert_eq!(
        (status, &answer["credential"]["expires_at"]),
        (201, &json!("2025-10-28T12:15:00.000000Z"))
    );
    let field = |name| answer["credential"][name].as_str().unwrap().to_owned();
    let mut call = Call::restart(&sim);
    (call.access_key, call.secret_key) = (field("access"), field("secret"));
    call.headers.insert(1, ("x-security-token", field("securitytoken")));
    assert_eq!(call.send(&sim).await.0, 200);

    for seconds in [json!(899), json!(86_401), json!("900"), json!(-1)] {
        assert_eq!(ask(&header, json!({ "duration_seconds": seconds })).await.0, 400, "{seconds}");
    }
    assert_eq!(
        message(&ask(&[], json!({ "id": "other" })).await),
        unauthenticated("decrypt token fail")
    );
    assert_eq!(message(&ask(&[], Value::Null).await), unauthenticated("x-auth-token not found"));
}

#[tokio::test]
async fn faults_strike_the_calls_of_iam_too() {
    let sim = builder(1)
        .fault(Fault::throttle().on("KeystoneListProjects"))
        .fault(Fault::drop_after().on("KeystoneCreateUserTokenByPassword"))
        .fault(Fault::html(503).on("ShowSecurityKey"))
        .build()
        .unwrap();
    let (status, _) = Call::new(&sim, Method::GET, "/v3/projects").send(&sim).await;
    assert_eq!(status, 429);
    let body = sign_in(&sim, sim.password(), &Value::Null);
    let request = Request::post("/v3/auth/tokens").body(body.to_string().into()).unwrap();
    assert!(sim.call(request).await.is_err());
    let html = send(&sim, Method::GET, "/openstack/latest/securitykey", &[], &Value::Null).await;
    assert_eq!(
        (html.status().as_u16(), &html.headers()["content-type"]),
        (503, &"text/html".parse().unwrap())
    );
    assert!(sim.faults().iter().all(|state| state.struck == 1));
    let journal = sim.journal();
    assert_eq!(journal[1].operation.as_deref(), Some("KeystoneCreateUserTokenByPassword"));
    assert_eq!((journal[1].status, journal[1].fault.as_deref()), (None, Some("drop_after")));
}

#[tokio::test]
async fn what_is_handed_out_follows_from_the_seed() {
    let handed_out = async |seed| {
        let sim = builder(1).seed(seed).build().unwrap();
        let token = token(&sim, &Value::Null).await;
        let keys = sim.temporary_keys();
        (token, keys, sim.password().to_owned())
    };
    assert_eq!(handed_out(1).await, handed_out(1).await);
    assert_ne!(handed_out(1).await, handed_out(2).await);
}
