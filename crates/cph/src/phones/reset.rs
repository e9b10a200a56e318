//! Resetting phones.

use cph_core::limits;
use cph_raw::types::{ResetCloudPhoneRequestBody, ResetPhoneProperty};

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
    /// A phone to reset, and the properties it is to have.
    ///
    /// ```
    /// use cph::{Properties, ResetTarget};
    ///
    /// let plain = ResetTarget::from("1234567b8bab40ffb711234cb80d0234");
    /// let as_new = ResetTarget::new("1678567b8bab40f93711234cb80d0764")
    ///     .properties(Properties::new().wifi_name("test_wifi"))
    ///     .factory_reset_enabled(true);
    /// ```
    pub struct ResetTarget, "resetting", at most limits::RESET_CLOUD_PHONE_PROPERTY_BYTES, {
        factory_reset_enabled: Option<bool>,
    }
}

impl ResetTarget {
    /// Whether to erase all property settings that the phone ever had as well. No page says what holds if it is left out.
    #[must_use]
    pub fn factory_reset_enabled(mut self, enabled: bool) -> Self {
        self.factory_reset_enabled = Some(enabled);
        self
    }
}

/// A reset of phones in the making; see [`Phones::reset`](crate::Phones::reset).
pub type Reset = Batch<ResetPhones>;

/// What a reset does to all of its phones.
#[derive(Debug, Default)]
pub struct ResetPhones {
    image: Option<String>,
}

impl Reset {
    /// Changes every phone to this image while resetting, unless its target names one of its own.
    pub fn image(mut self, image_id: impl Into<String>) -> Self {
        self.kind.image = Some(image_id.into());
        self
    }
}

impl Sealed for ResetPhones {}

impl BatchKind for ResetPhones {
    type Target = ResetTarget;
    type Outcome = Outcome;
    type Body = ResetCloudPhoneRequestBody;

    const OPERATION: &'static str = "ResetCloudPhone";

    fn check(&self, problems: &mut Vec<Problem>) {
        problems.extend(self.image.as_deref().and_then(image_problem).map(Problem::new));
    }

    fn shared<'a>(&'a self, target: &'a ResetTarget) -> Option<&'a str> {
        target.image.as_deref().or(self.image.as_deref())
    }

    fn body(&self, part: &[&ResetTarget]) -> ResetCloudPhoneRequestBody {
        let phone = |target: &&ResetTarget| ResetPhoneProperty {
            phone_id: target.phone_id.to_string(),
            property: target.property.as_ref().map(|text| text.as_str().to_owned()),
            factory_reset_enabled: target.factory_reset_enabled,
        };
        ResetCloudPhoneRequestBody {
            image_id: part.first().and_then(|target| self.shared(target)).map(str::to_owned),
            phones: part.iter().map(phone).collect(),
        }
    }

    async fn send(client: Client, body: ResetCloudPhoneRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.reset_cloud_phone(&project, &body).await
        });
        Ok(jobs!(call.await?, phone_id))
    }
}
