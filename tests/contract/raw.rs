//! Which types of `cph_raw` belong to which operation.

use cph_raw::types::{
    ListCloudPhonesResponse, ListJobsResponse, RestartCloudPhoneRequestBody,
    RestartCloudPhoneResponse, ShowCloudPhoneDetailResponse, ShowJobResponse,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Reads JSON into a type and writes it again.
pub(crate) type RoundTrip = fn(&Value) -> serde_json::Result<Value>;

/// The types of one operation.
pub(crate) struct Types {
    /// `None` where the operation has no request body.
    pub(crate) request: Option<RoundTrip>,
    pub(crate) answer: RoundTrip,
}

impl Types {
    /// `None`: the operation is not in the table, and should be.
    pub(crate) fn of(operation: &str) -> Option<Self> {
        Some(match operation {
            "ListCloudPhones" => answers(again::<ListCloudPhonesResponse>),
            "ListJobs" => answers(again::<ListJobsResponse>),
            "RestartCloudPhone" => Self {
                request: Some(again::<RestartCloudPhoneRequestBody>),
                answer: again::<RestartCloudPhoneResponse>,
            },
            "ShowCloudPhoneDetail" => answers(again::<ShowCloudPhoneDetailResponse>),
            "ShowJob" => answers(again::<ShowJobResponse>),
            _ => return None,
        })
    }
}

fn answers(answer: RoundTrip) -> Types {
    Types { request: None, answer }
}

fn again<T: Serialize + DeserializeOwned>(value: &Value) -> serde_json::Result<Value> {
    serde_json::to_value(T::deserialize(value)?)
}
