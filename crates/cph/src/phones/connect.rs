//! How clients connect to phones.

use std::collections::HashMap;

use cph_core::PhoneId;
use cph_raw::types::{
    BatchShowPhoneConnectInfosRequestBody, BatchShowPhoneConnectInfosResponse,
    ConnectInfoAccessInfo,
};
use futures_util::{Stream, TryStreamExt as _, stream};

use super::words::words;
use crate::{Client, Error, Fault, Personal, Problem, Result, client::operation};

const OPERATION: &str = "BatchShowPhoneConnectInfos";

words! {
    /// The kind of client that is to connect.
    ///
    /// ```
    /// assert_eq!("iOS".parse::<cph::ClientType>()?, cph::ClientType::Ios);
    /// assert_eq!(cph::ClientType::Ios.to_string(), "IOS");
    /// # Ok::<(), cph::Error>(())
    /// ```
    pub enum ClientType, "client type" {
        /// An app on Android.
        Android = "ANDROID",
        /// A program on Windows.
        Windows = "WINDOWS",
        /// A browser on a mobile device.
        H5Mobile = "H5_MOBILE",
        /// A browser on a computer.
        H5Pc = "H5_PC",
        /// An app on iOS.
        Ios = "IOS",
    }
}

/// Whether and how a phone can be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The phone.
    pub phone: PhoneId,
    /// How to connect to it, or why not.
    pub access: Result<ConnectAccess, Fault>,
}

/// How to connect to a phone. Debug output masks session and ticket, which open the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectAccess {
    /// The address on the internet.
    pub access_ip: Option<String>,
    /// The address inside.
    pub intranet_ip: Option<String>,
    /// The server's IPv6 address.
    pub access_ipv6: Option<String>,
    /// The port.
    pub access_port: Option<i64>,
    /// Id of this connection.
    pub session_id: Option<Personal>,
    /// A timestamp, as text, in the vendor's unit (not stated).
    pub timestamp: Option<String>,
    /// The signed token that opens the connection.
    pub ticket: Option<Personal>,
}

impl ConnectAccess {
    fn from_raw(raw: ConnectInfoAccessInfo) -> Self {
        Self {
            access_ip: raw.access_ip,
            intranet_ip: raw.intranet_ip,
            access_ipv6: raw.access_ipv6,
            access_port: raw.access_port,
            session_id: raw.session_id.map(Personal::new),
            timestamp: raw.timestamp,
            ticket: raw.ticket.map(Personal::new),
        }
    }
}

/// One item for each phone, call after call as they are taken. It ends after its first `Err`.
pub(super) fn connections(
    client: &Client,
    phone_ids: impl IntoIterator<Item = impl Into<String>>,
    client_type: ClientType,
) -> impl Stream<Item = Result<Connection>> + Send + 'static {
    let part = operation(OPERATION).batch.map_or(1, |batch| batch.part);
    let calls: Vec<Result<Vec<PhoneId>>> = match checked(phone_ids) {
        Ok(phones) => phones.chunks(part).map(|part| Ok(part.to_vec())).collect(),
        Err(error) => vec![Err(error)],
    };
    let calls = (client.clone(), calls.into_iter());
    let answers = stream::try_unfold(calls, move |(client, mut calls)| async move {
        let Some(phones) = calls.next() else {
            return Ok(None);
        };
        let found = ask(&client, phones?, client_type).await?;
        Ok(Some((stream::iter(found.into_iter().map(Ok)), (client, calls))))
    });
    answers.try_flatten()
}

/// The ids, if all are good and each is named once.
fn checked(phone_ids: impl IntoIterator<Item = impl Into<String>>) -> Result<Vec<PhoneId>> {
    let mut problems = Vec::new();
    let mut phones: Vec<PhoneId> = Vec::new();
    let mut places: HashMap<PhoneId, usize> = HashMap::new();
    for (place, phone_id) in (1..).zip(phone_ids) {
        match PhoneId::try_from(phone_id.into()) {
            Err(error) => problems.push(Problem::new(format!("phone {place}: {error}"))),
            Ok(phone) => {
                if let Some(first) = places.insert(phone.clone(), place) {
                    problems.push(Problem::new(format!(
                        "phone {place}: {phone} is named before, as phone {first}; name it once"
                    )));
                }
                phones.push(phone);
            }
        }
    }
    if problems.is_empty() { Ok(phones) } else { Err(Error::invalid_input(problems)) }
}

async fn ask(
    client: &Client,
    phones: Vec<PhoneId>,
    client_type: ClientType,
) -> Result<Vec<Connection>> {
    let body = BatchShowPhoneConnectInfosRequestBody {
        client_type: client_type.to_string(),
        phone_ids: phones.iter().map(ToString::to_string).collect(),
    };
    let call = client.call(OPERATION, async |raw, project| {
        raw.batch_show_phone_connect_infos(&project, &body).await
    });
    Ok(sorted(phones, call.await?.body))
}

/// What the answer says of each phone, in the order of the phones.
fn sorted(phones: Vec<PhoneId>, answer: BatchShowPhoneConnectInfosResponse) -> Vec<Connection> {
    let mut found: HashMap<String, Result<ConnectAccess, Fault>> = HashMap::new();
    for error in answer.errors.unwrap_or_default() {
        let fault = Fault::new(error.error_code.as_deref(), error.error_msg.as_deref());
        found.insert(error.phone_id.unwrap_or_default(), Err(fault));
    }
    for info in answer.connect_infos.unwrap_or_default() {
        if let Some(access) = info.access_info {
            let access = ConnectAccess::from_raw(access);
            found.insert(info.phone_id.unwrap_or_default(), Ok(access));
        }
    }
    let connection = |phone: PhoneId| {
        let silent = || Err(Fault::ours("the answer does not say how to connect to it"));
        let access = found.remove(phone.as_str()).unwrap_or_else(silent);
        Connection { phone, access }
    };
    phones.into_iter().map(connection).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;
    use futures_util::StreamExt as _;
    use serde_json::json;

    use super::*;
    use crate::Credentials;

    #[test]
    fn each_phone_is_told_of_in_the_order_given() {
        let answer = serde_json::from_value(json!({
            "connect_infos": [
                {"phone_id": "stranger", "access_info": {}},
                {"phone_id": "b", "access_info": {"access_port": 14308, "session_id": "secret-1", "ticket": "secret-2"}},
                {"phone_id": "d"},
            ],
            "errors": [{"phone_id": "a", "error_code": "CPS.0005", "error_msg": "Phone not found."}],
        }));
        let phones = checked(["a", "b", "c", "d"]).unwrap();
        let connections = sorted(phones, answer.unwrap());
        let told = connections.iter().map(|connection| {
            let access = connection.access.as_ref();
            let access = access.map(|access| access.access_port);
            (connection.phone.as_str(), access.map_err(ToString::to_string))
        });
        let silent = "unspecified: the answer does not say how to connect to it".to_owned();
        let expected = [
            ("a", Err("CPS.0005: there is no such phone in the project".to_owned())),
            ("b", Ok(Some(14_308))),
            ("c", Err(silent.clone())),
            ("d", Err(silent)),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert!(!format!("{connections:?}").contains("secret"));
    }

    #[test]
    fn ids_are_good_and_named_once() {
        let problems = checked(["a", "b/", "a", ""]).unwrap_err();
        let problems: Vec<_> = problems.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(problems[1], "phone 3: a is named before, as phone 1; name it once");
    }

    /// What a stream over these phones gives, and how many phones each call named; calls after the first `good` are refused.
    async fn streamed(phones: Vec<String>, good: usize) -> (Vec<Result<String>>, Vec<usize>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let calls = asked.clone();
        let client = Client::builder()
            .region("cn-north-4")
            .project("p")
            .credentials(Credentials::access_key("AK", "SK"))
            .transport(move |request: http::Request<Bytes>| {
                let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
                let mut calls = calls.lock().unwrap();
                calls.push(body["phone_ids"].as_array().unwrap().len());
                let refusal = json!({"error_code": "CPS.0005", "error_msg": "no"}).to_string();
                let (status, body) =
                    if calls.len() > good { (404, refusal) } else { (200, "{}".to_owned()) };
                let answer = http::Response::builder().status(status).body(Bytes::from(body));
                std::future::ready(answer)
            })
            .build()
            .unwrap();
        let told = connections(&client, phones, ClientType::Android)
            .map_ok(|connection| connection.phone.to_string())
            .collect()
            .await;
        let asked = asked.lock().unwrap().clone();
        (told, asked)
    }

    #[tokio::test]
    async fn ten_phones_a_call_until_one_is_refused() {
        let phones: Vec<String> = (0..35).map(|phone| format!("phone-{phone}")).collect();
        let (told, asked) = streamed(phones.clone(), 9).await;
        assert_eq!(told.into_iter().collect::<Result<Vec<_>>>().unwrap(), phones);
        assert_eq!(asked, [10, 10, 10, 5]);

        let (mut told, asked) = streamed(phones.clone(), 2).await;
        assert!(told.pop().unwrap().is_err());
        assert_eq!(told.into_iter().collect::<Result<Vec<_>>>().unwrap(), phones[..20]);
        assert_eq!(asked, [10, 10, 10]);

        let (told, asked) = streamed(vec!["a".to_owned(), "a".to_owned()], 9).await;
        assert!(told.len() == 1 && told[0].is_err() && asked.is_empty());
    }
}
