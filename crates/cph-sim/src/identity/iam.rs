//! IAM, as far as it hands out tokens, keys and projects.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Account, Request, account::REGION, caller::Scope};
use crate::{chance, reply::Answer, timestamp};

const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");

/// How long temporary keys may last, in seconds.
const KEYS_LAST: std::ops::RangeInclusive<u64> = 900..=86_400;

#[derive(Deserialize)]
struct TokenRequest {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    identity: ByPassword,
    scope: Option<ScopeRequest>,
}

#[derive(Deserialize)]
struct ByPassword {
    methods: Vec<String>,
    password: Password,
}

#[derive(Deserialize)]
struct Password {
    user: User,
}

#[derive(Deserialize)]
struct User {
    name: String,
    password: String,
    domain: Domain,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
}

#[derive(Deserialize)]
struct ScopeRequest {
    project: Option<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: Option<String>,
    name: Option<String>,
}

pub(super) fn create_token(request: Request<'_>) -> Answer {
    let body = request.body.and_then(|body| TokenRequest::deserialize(body).ok());
    let Some(TokenRequest { auth }) = body else { return error(400, "Request body is invalid.") };
    if auth.identity.methods != ["password"] {
        return error(400, "Request body is invalid.");
    }
    let gate = request.gate;
    let account = gate.account;
    let User { name, password, domain } = auth.identity.password.user;
    if (name, password, domain.name)
        != (account.user.name.clone(), account.password.clone(), account.domain.name.clone())
    {
        return error(401, "The username or password is wrong.");
    }
    let scope = match auth.scope.and_then(|scope| scope.project) {
        None => Scope::Unscoped,
        Some(asked) => match account.find_project(&asked) {
            Some(project) => Scope::Project(project.to_owned()),
            // Assumed: iam-refusals.
            None => return error(404, "Could not find the project of the scope."),
        },
    };
    let project = match &scope {
        Scope::Project(project) => Some(project.clone()),
        _ => None,
    };
    let (token, expires_at) = gate.sessions.tokens.issue(scope, gate.now);
    let domain = json!({ "id": account.domain.id, "name": account.domain.name });
    let mut answer = json!({ "token": {
        "catalog": [],
        "expires_at": timestamp::to_microsecond(expires_at),
        "issued_at": timestamp::to_microsecond(gate.now),
        "methods": ["password"],
        "user": {
            "domain": domain,
            "id": account.user.id,
            "name": account.user.name,
            "password_expires_at": "",
        },
    } });
    if let Some(project) = project {
        if request.query.get("nocatalog").is_none_or(String::is_empty) {
            answer["token"]["catalog"] = catalog(&project);
        }
        answer["token"]["roles"] = json!([{ "id": "0", "name": "te_admin" }]);
        answer["token"]["project"] = json!({ "domain": domain, "id": project, "name": REGION });
    }
    let mut answer = Answer::json(201, &answer);
    let token = HeaderValue::from_str(&token).expect("letters and digits");
    answer.headers.insert(SUBJECT_TOKEN, token);
    answer
}

impl Account {
    fn find_project(&self, asked: &Project) -> Option<&String> {
        self.projects.iter().find(|id| match (&asked.id, &asked.name) {
            (Some(asked), _) => asked == *id,
            (None, name) => name.as_deref() == Some(REGION),
        })
    }
}

fn catalog(project: &str) -> Value {
    let id = |what| chance::id(0, what, 0);
    json!([{
        "endpoints": [{
            "id": id("endpoint"),
            "interface": "public",
            "region": REGION,
            "region_id": REGION,
            "url": format!("https://cph.{REGION}.myhuaweicloud.com/v1/{project}"),
        }],
        "id": id("service"),
        "name": "cph",
        "type": "cph",
    }])
}

pub(super) fn list_projects(request: &Request<'_>) -> Answer {
    let account = request.gate.account;
    let domain = account.domain.id.as_str();
    let projects_url = "https://iam.myhuaweicloud.com/v3/projects";
    let fits = |name, value: &str| request.query.get(name).is_none_or(|asked| asked == value);
    let fits = fits("name", REGION)
        && fits("domain_id", domain)
        && fits("parent_id", domain)
        && fits("enabled", "true");
    let projects = account.projects.iter().filter(|_| fits).map(|id| {
        json!({
            "domain_id": domain,
            "is_domain": false,
            "parent_id": domain,
            "name": REGION,
            "description": "",
            "links": { "self": format!("{projects_url}/{id}") },
            "id": id,
            "enabled": true,
        })
    });
    let projects: Vec<Value> = projects.collect();
    let links = json!({ "self": projects_url, "previous": null, "next": null });
    Answer::json(200, &json!({ "links": links, "projects": projects }))
}

/// The token in a request for temporary keys.
pub(super) fn token_in(body: &Bytes) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["auth"]["identity"]["token"]["id"].as_str().map(str::to_owned)
}

pub(super) fn create_temporary_keys(request: Request<'_>) -> Answer {
    let identity = request.body.map_or(&Value::Null, |body| &body["auth"]["identity"]);
    if identity["methods"] != json!(["token"]) {
        return error(400, "Request body is invalid.");
    }
    let gate = request.gate;
    let seconds = match &identity["token"]["duration_seconds"] {
        Value::Null => Some(*KEYS_LAST.start()),
        seconds => seconds.as_u64().filter(|seconds| KEYS_LAST.contains(seconds)),
    };
    match seconds {
        Some(seconds) => {
            let keys = gate.sessions.keys.issue(gate.now, Duration::from_secs(seconds));
            Answer::json(201, &keys.credential())
        }
        None => error(400, "Request body is invalid."),
    }
}

/// The form in which IAM refuses. Assumed: iam-refusals.
fn error(status: u16, message: &str) -> Answer {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let body = json!({ "error": { "code": status, "message": message, "title": title } });
    Answer { code: Some(status.to_string()), ..Answer::json(status, &body) }
}
