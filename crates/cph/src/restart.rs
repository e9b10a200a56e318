//! Restarting phones.

use cph_core::{ImageId, Operation, PhoneId, PropertyText, limits};
use cph_raw::types::{PhoneProperty, RestartCloudPhoneRequestBody};
use serde_json::{Value, json};

use crate::{
    Batch, Client, Outcome, Problem, Result,
    batch::{
        Answer, SendPart,
        builder::{BatchKind, send_with},
        observer::Entry,
    },
    client::operation,
};

/// A phone to restart, and the properties it is to have.
///
/// ```
/// use cph::{Properties, RestartTarget};
///
/// let plain = RestartTarget::from("1234567b8bab40ffb711234cb80d0234");
/// let renamed = RestartTarget::new("1678567b8bab40f93711234cb80d0764").properties(Properties::new().wifi_name("test_wifi"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartTarget {
    phone_id: String,
    property: Option<PropertyText>,
}

impl RestartTarget {
    /// A phone by its id; the id is checked by [`Restart::start`].
    pub fn new(phone_id: impl Into<String>) -> Self {
        Self { phone_id: phone_id.into(), property: None }
    }

    /// Sets properties; each must pass the documented rule of its key, keys that nobody documents pass.
    #[must_use]
    pub fn properties(mut self, properties: impl Into<PropertyText>) -> Self {
        let text = properties.into();
        self.property = (text.as_str() != "{}").then_some(text);
        self
    }

    /// Sets the property text as it is to be sent, byte for byte. It must be a JSON object whose keys keep their rules.
    #[must_use]
    pub fn property_text(mut self, text: impl Into<String>) -> Self {
        self.property = Some(PropertyText::new(text));
        self
    }

    /// The phone's id, as given.
    pub fn phone_id(&self) -> &str {
        &self.phone_id
    }

    /// The property text that will be sent.
    pub fn property(&self) -> Option<&PropertyText> {
        self.property.as_ref()
    }
}

impl From<&str> for RestartTarget {
    fn from(phone_id: &str) -> Self {
        Self::new(phone_id)
    }
}

impl From<String> for RestartTarget {
    fn from(phone_id: String) -> Self {
        Self::new(phone_id)
    }
}

impl From<PhoneId> for RestartTarget {
    fn from(phone_id: PhoneId) -> Self {
        Self::new(phone_id.as_str())
    }
}

impl From<&PhoneId> for RestartTarget {
    fn from(phone_id: &PhoneId) -> Self {
        Self::new(phone_id.as_str())
    }
}

impl<I: Into<String>, P: Into<PropertyText>> From<(I, P)> for RestartTarget {
    fn from((phone_id, properties): (I, P)) -> Self {
        Self::new(phone_id).properties(properties)
    }
}

/// A restart of phones in the making; see [`Phones::restart`](crate::Phones::restart).
pub type Restart = Batch<RestartPhones>;

/// What a restart is about: phones, and perhaps an image.
#[derive(Debug)]
pub struct RestartPhones {
    targets: Vec<RestartTarget>,
    image: Option<String>,
}

impl Restart {
    pub(crate) fn of(client: Client, targets: Vec<RestartTarget>) -> Self {
        Self::new(client, RestartPhones { targets, image: None })
    }

    /// Changes every phone to this image while restarting.
    pub fn image(mut self, image_id: impl Into<String>) -> Self {
        self.kind.image = Some(image_id.into());
        self
    }
}

impl BatchKind for RestartPhones {
    type Outcome = Outcome;

    fn operation(&self) -> &'static Operation {
        operation("RestartCloudPhone")
    }

    fn ids(&self) -> Vec<&str> {
        self.targets.iter().map(RestartTarget::phone_id).collect()
    }

    fn check(&self, problems: &mut Vec<Problem>) {
        if let Some(Err(error)) = self.image.as_deref().map(str::parse::<ImageId>) {
            problems.push(Problem::new(error.to_string()));
        }
        for (place, target) in (1..).zip(&self.targets) {
            let max_bytes = limits::RESTART_CLOUD_PHONE_PROPERTY_BYTES;
            let broken = target.property.as_ref().and_then(|text| text.check(max_bytes).err());
            problems.extend(broken.iter().flatten().map(|problem| {
                Problem::new(format!("phone {place}: {}: {problem}", target.phone_id))
            }));
        }
    }

    fn body(&self, part: &[usize]) -> Value {
        json!(self.request(part))
    }

    fn send(self) -> SendPart {
        send_with(move |part| self.request(part), send)
    }
}

impl RestartPhones {
    fn request(&self, part: &[usize]) -> RestartCloudPhoneRequestBody {
        let phone = |target: &RestartTarget| PhoneProperty {
            phone_id: target.phone_id.clone(),
            property: target.property.as_ref().map(|text| text.as_str().to_owned()),
        };
        RestartCloudPhoneRequestBody {
            image_id: self.image.clone(),
            phones: part.iter().map(|&place| phone(&self.targets[place])).collect(),
        }
    }
}

async fn send(client: Client, body: RestartCloudPhoneRequestBody) -> Result<Answer> {
    let project = client.project().clone();
    let call = client.call(operation("RestartCloudPhone"), |raw| async move {
        raw.restart_cloud_phone(project.as_str(), &body).await
    });
    let reply = call.await?;
    let entries = reply.body.jobs.unwrap_or_default().into_iter().map(|job| Entry {
        target: job.phone_id,
        job_id: job.job_id,
        error_code: job.error_code,
        error_msg: job.error_msg,
    });
    Ok(Answer::new(reply.body.request_id, reply.request_id, entries))
}
