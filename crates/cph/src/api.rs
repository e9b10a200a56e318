//! Any documented operation, as documented.

use std::fmt;

use bytes::Bytes;
use cph_core::{Operation, RequestId};
use http::{HeaderValue, header};
use serde_json::Value;

use crate::{Client, Error, Problem, Result, sign, wire};

/// How many operations an unknown name is answered with.
const NEAREST: usize = 3;

/// The path parameter that is the client's own.
const PROJECT_ID: &str = "project_id";

/// One call of a documented operation, as documented; see [`Client::api`].
///
/// The rest of this crate knows what it sends. This passes on what it is given: names in the query and the body are not
/// held against the documentation, and a batch is sent as it is, in one call. The body goes out as `serde_json` writes it.
///
/// A call is signed, timed and judged as every other, and sent again only where the table at the head of this crate allows
/// it, by what is known of the operation.
///
/// ```
/// # async fn example(client: cph::Client) -> cph::Result<()> {
/// let answer = client.api("ListJobs").query("request_ids", "6837531fd3f54550927b930180a706bf").send().await?;
/// println!("{}", answer.body["jobs"]);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct ApiCall {
    client: Client,
    operation: String,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Option<Value>,
}

/// What a call answered. Debug output leaves out the body: it may hold personal values and secrets.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ApiAnswer {
    /// The HTTP status, one of success.
    pub status: u16,
    /// The call's id: what the body says, or else the header.
    pub request_id: Option<String>,
    /// The body as it came, a JSON object; `Null` where the answer is empty.
    pub body: Value,
}

impl ApiCall {
    pub(crate) fn new(client: &Client, operation: &str) -> Self {
        Self {
            client: client.clone(),
            operation: operation.to_owned(),
            path: Vec::new(),
            query: Vec::new(),
            body: None,
        }
    }

    /// Fills in a name of the path, such as `phone_id`. All must be given but `project_id`, which is the client's.
    pub fn path(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.path.push((name.into(), value.into()));
        self
    }

    /// Adds to the query; a name may come several times.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Makes the call. Dropping the future does not take back what was sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if no operation has this name, or with everything that is
    /// wrong with the path, before anything is sent; otherwise what the service says, see [`Error::code`].
    pub async fn send(self) -> Result<ApiAnswer> {
        let (operation, request) = self.request()?;
        let answer = self.client.exchange(operation, request).await?;
        // Only an empty answer is no JSON here: any other was turned away as unreadable.
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let request_id = body.get("request_id").and_then(Value::as_str).map(str::to_owned);
        let request_id = request_id.or_else(|| wire::request_id(answer.headers()));
        Ok(ApiAnswer { status: answer.status().as_u16(), request_id, body })
    }

    fn request(&self) -> Result<(&'static Operation, http::Request<Bytes>)> {
        let operation = Operation::find(&self.operation)
            .ok_or_else(|| Error::invalid(unknown_operation(&self.operation)))?;
        let path = self.filled(operation.path).map_err(Error::invalid_input)?;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = sign::canonical_query(&query.extend_pairs(&self.query).finish());
        let question_mark = if query.is_empty() { "" } else { "?" };
        let body = self.body.as_ref().map_or_else(String::new, Value::to_string);
        let mut request = http::Request::new(Bytes::from(body));
        *request.method_mut() =
            operation.method.parse().expect("the operation table names methods");
        *request.uri_mut() = format!("{}{path}{question_mark}{query}", self.client.endpoint())
            .parse()
            .map_err(|_| Error::invalid("the query is too long to be sent"))?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, json);
        Ok((operation, request))
    }

    /// The path with every name filled in.
    fn filled(&self, template: &str) -> Result<String, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut path = template.replace("{project_id}", self.client.project().as_str());
        let names: Vec<&str> = names(template).filter(|name| *name != PROJECT_ID).collect();
        for (name, value) in &self.path {
            if name == PROJECT_ID {
                problems.push("path name project_id is the client's own".to_owned());
            } else if !names.contains(&name.as_str()) {
                problems.push(format!("path name {name:?} is unknown; {}", takes(&names)));
            } else if value.parse::<RequestId>().is_err() {
                let start: String = value.chars().take(64).collect();
                problems.push(format!(
                    "path value {start:?} of {name} cannot be sent; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`, but neither `.` nor `..`"
                ));
            }
            path = path.replace(&format!("{{{name}}}"), value);
        }
        for name in names {
            match self.path.iter().filter(|(given, _)| given == name).count() {
                0 => problems.push(format!("path name {name} is not given")),
                1 => {}
                _ => problems.push(format!("path name {name} is given twice")),
            }
        }
        if problems.is_empty() {
            Ok(path)
        } else {
            Err(problems.into_iter().map(Problem::new).collect())
        }
    }
}

/// The names in a path template.
fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

fn takes(names: &[&str]) -> String {
    match names {
        [] => "this operation takes none".to_owned(),
        names => format!("this operation takes {}", names.join(", ")),
    }
}

fn unknown_operation(name: &str) -> String {
    let mut all: Vec<&str> = Operation::all().iter().map(|operation| operation.name).collect();
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
    all.sort_by(|left, right| likeness(right).total_cmp(&likeness(left)));
    format!("operation {name:?} is unknown; the nearest are {}", all[..NEAREST].join(", "))
}

impl fmt::Debug for ApiCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiCall")
            .field("operation", &self.operation)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ApiAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiAnswer")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::{Credentials, Delivery, ErrorKind};

    /// The requests that a client sent: method, path and query in one line, and the body.
    #[derive(Clone, Default)]
    pub(crate) struct Sent(Arc<Mutex<Vec<(String, Value)>>>);

    impl Sent {
        pub(crate) fn take(&self) -> Vec<(String, Value)> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    /// A client whose calls are all answered in the same way.
    pub(crate) fn recorded(status: u16, answer: &str) -> (Client, Sent) {
        let sent = Sent::default();
        let (requests, answer) = (sent.clone(), Bytes::copy_from_slice(answer.as_bytes()));
        let client = Client::builder()
            .endpoint("https://cph.example")
            .project("0123456789abcdef0123456789abcdef")
            .credentials(Credentials::access_key("AK", "SK"))
            .attempts(1)
            .transport(move |request: http::Request<Bytes>| {
                let line =
                    format!("{} {}", request.method(), request.uri().path_and_query().unwrap());
                let body = serde_json::from_slice(request.body()).unwrap_or_default();
                requests.0.lock().unwrap().push((line, body));
                let answer = http::Response::builder()
                    .status(status)
                    .header(wire::REQUEST_ID, "from-the-header")
                    .body(answer.clone());
                std::future::ready(answer)
            })
            .build()
            .unwrap();
        (client, sent)
    }

    #[tokio::test]
    async fn a_call_goes_out_as_given_and_its_answer_comes_as_it_is() {
        let (client, sent) = recorded(201, r#"{"request_id":"r","z":1,"a":[2]}"#);
        let call =
            client.api("AddImageMember").path("image_id", "i.1").body(json!({"member": "m"}));
        let answer = call.query("b", "x y&").query("a", "2").query("a", "1").send().await.unwrap();
        assert_eq!((answer.status, answer.request_id.as_deref()), (201, Some("r")));
        assert_eq!(answer.body.to_string(), r#"{"request_id":"r","z":1,"a":[2]}"#);
        let line = "POST /v1/0123456789abcdef0123456789abcdef/cloud-phone/images/i.1/members?a=1&a=2&b=x%20y%26";
        assert_eq!(sent.take(), [(line.to_owned(), json!({"member": "m"}))]);
    }

    #[tokio::test]
    async fn an_empty_answer_is_null() {
        let (client, sent) = recorded(204, "");
        let call = client.api("BatchCreateTags").path("resource_type", "cph-server");
        let answer = call.path("resource_id", "s").body(json!({})).send().await.unwrap();
        assert_eq!((answer.status, answer.body), (204, Value::Null));
        assert_eq!(answer.request_id.as_deref(), Some("from-the-header"));
        assert_eq!(sent.take().len(), 1);
    }

    #[tokio::test]
    async fn errors_are_those_of_every_call() {
        let (client, _) = recorded(400, r#"{"error_code":"CPS.0005","error_msg":"no"}"#);
        let error =
            client.api("ShowCloudPhoneDetail").path("phone_id", "p").send().await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Service, Delivery::Refused));
        assert_eq!(error.operation(), Some("ShowCloudPhoneDetail"));
        assert_eq!(error.request_id(), Some("from-the-header"));
    }

    #[tokio::test]
    async fn mistakes_are_named_and_not_sent() {
        let (client, sent) = recorded(200, "{}");
        let calls = [
            client.api("ListPhones"),
            client.api("DeleteImageMember"),
            client.api("DeleteImageMember").path("image_id", "..").path("member_id", "a/b"),
            client.api("ShowJob").path("job_id", "1").path("job_id", "2"),
            client.api("ShowJob").path("job_id", "1").path("project_id", "3").path("{job_id}", "4"),
            client.api("ListJobs").path("job_id", "1"),
            client.api("ListJobs").query("limit", "9".repeat(70_000)),
        ];
        let mut problems = Vec::new();
        for call in calls {
            let error = call.send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            problems.push(error.to_string());
        }
        insta::assert_snapshot!(problems.join("\n"), @r#"
        operation "ListPhones" is unknown; the nearest are ListCloudPhones, ListCloudPhoneServers, ListJobs
        path name image_id is not given; path name member_id is not given
        path value ".." of image_id cannot be sent; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`, but neither `.` nor `..`; path value "a/b" of member_id cannot be sent; allowed are 1 to 64 ASCII letters, digits, `-`, `_` and `.`, but neither `.` nor `..`
        path name job_id is given twice
        path name project_id is the client's own; path name "{job_id}" is unknown; this operation takes job_id
        path name "job_id" is unknown; this operation takes none
        the query is too long to be sent
        "#);
        assert_eq!(sent.take(), []);
    }

    #[test]
    fn debug_output_shows_no_body() {
        let (client, _) = recorded(200, "{}");
        let call = client.api("ListJobs").query("q", "secret").body(json!({"ticket": "secret"}));
        let answer = ApiAnswer { status: 200, request_id: None, body: json!({"ticket": "secret"}) };
        assert!(!format!("{call:?} {answer:?}").contains("secret"));
    }
}
