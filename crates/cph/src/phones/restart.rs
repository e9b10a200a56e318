//! Restarting phones.

use cph_core::{ImageId, PhoneId, PropertyText, limits};
use cph_raw::types::{PhoneProperty, RestartCloudPhoneRequestBody};

use crate::{
    Batch, Client, Outcome, Problem, Result,
    batch::{
        Answer,
        builder::{BatchKind, Target, sealed::Sealed},
        jobs,
    },
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
    image: Option<String>,
}

impl RestartTarget {
    /// A phone by its id; the id is checked by [`Restart::start`].
    pub fn new(phone_id: impl Into<String>) -> Self {
        Self { phone_id: phone_id.into(), property: None, image: None }
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

    /// Changes this phone to an image while restarting. Phones with different images go in different calls.
    #[must_use]
    pub fn image(mut self, image_id: impl Into<String>) -> Self {
        self.image = Some(image_id.into());
        self
    }

    /// The phone's id, as given.
    pub fn phone_id(&self) -> &str {
        &self.phone_id
    }

    /// The image that was named for it alone.
    pub fn image_id(&self) -> Option<&str> {
        self.image.as_deref()
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

impl Target for RestartTarget {
    fn id(&self) -> &str {
        &self.phone_id
    }

    fn problems(&self) -> Vec<String> {
        let image = self.image.as_deref().and_then(|image| image.parse::<ImageId>().err());
        let max_bytes = limits::RESTART_CLOUD_PHONE_PROPERTY_BYTES;
        let property = self.property.as_ref().and_then(|text| text.check(max_bytes).err());
        let property = property.into_iter().flatten().map(|problem| problem.to_string());
        image.map(|error| error.to_string()).into_iter().chain(property).collect()
    }
}

/// A restart of phones in the making; see [`Phones::restart`](crate::Phones::restart).
pub type Restart = Batch<RestartPhones>;

/// What a restart does to all of its phones.
#[derive(Debug, Default)]
pub struct RestartPhones {
    image: Option<String>,
}

impl Restart {
    /// Changes every phone to this image while restarting, unless its target names one of its own.
    pub fn image(mut self, image_id: impl Into<String>) -> Self {
        self.kind.image = Some(image_id.into());
        self
    }
}

impl Sealed for RestartPhones {}

impl BatchKind for RestartPhones {
    type Target = RestartTarget;
    type Outcome = Outcome;
    type Body = RestartCloudPhoneRequestBody;

    const OPERATION: &'static str = "RestartCloudPhone";

    fn check(&self, problems: &mut Vec<Problem>) {
        if let Some(Err(error)) = self.image.as_deref().map(str::parse::<ImageId>) {
            problems.push(Problem::new(error.to_string()));
        }
    }

    fn shared<'a>(&'a self, target: &'a RestartTarget) -> Option<&'a str> {
        target.image.as_deref().or(self.image.as_deref())
    }

    fn body(&self, part: &[&RestartTarget]) -> RestartCloudPhoneRequestBody {
        let phone = |target: &&RestartTarget| PhoneProperty {
            phone_id: target.phone_id.clone(),
            property: target.property.as_ref().map(|text| text.as_str().to_owned()),
        };
        RestartCloudPhoneRequestBody {
            image_id: part.first().and_then(|target| self.shared(target)).map(str::to_owned),
            phones: part.iter().map(phone).collect(),
        }
    }

    async fn send(client: Client, body: RestartCloudPhoneRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.restart_cloud_phone(&project, &body).await
        });
        Ok(jobs!(call.await?, phone_id))
    }
}
