//! Restarting phones.

use cph_core::limits;
use cph_raw::types::{PhoneProperty, RestartCloudPhoneRequestBody};

use super::target::{image_problem, phone_target};
use crate::{
    Batch, Client, Outcome, Problem, Result,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
};

phone_target! {
    /// A phone to restart, and the properties it is to have.
    ///
    /// ```
    /// use cph::{Properties, RestartTarget};
    ///
    /// let plain = RestartTarget::from("1234567b8bab40ffb711234cb80d0234");
    /// let renamed = RestartTarget::new("1678567b8bab40f93711234cb80d0764").properties(Properties::new().wifi_name("test_wifi"));
    /// ```
    pub struct RestartTarget, "restarting", at most limits::RESTART_CLOUD_PHONE_PROPERTY_BYTES, {}
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
        problems.extend(self.image.as_deref().and_then(image_problem).map(Problem::new));
    }

    fn shared<'a>(&'a self, target: &'a RestartTarget) -> Option<&'a str> {
        target.image.as_deref().or(self.image.as_deref())
    }

    fn body(&self, part: &[&RestartTarget]) -> RestartCloudPhoneRequestBody {
        let phone = |target: &&RestartTarget| PhoneProperty {
            phone_id: target.phone_id.to_string(),
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
