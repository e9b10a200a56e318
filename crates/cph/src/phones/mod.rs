//! Phones: finding them, and changing them in batches.

mod listing;
mod restart;
mod target;

use cph_core::PhoneId;

pub use self::{
    listing::{AccessInfo, ListPhones, Phone, PhoneDetail},
    restart::{Restart, RestartPhones, RestartTarget},
};
use crate::{Client, Result, view::view};

/// What can be asked and done about phones; see [`Client::phones`].
#[derive(Debug, Clone, Copy)]
pub struct Phones<'a> {
    client: &'a Client,
}

impl<'a> Phones<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Restarts phones, or starts those that are shut down: any number, split into calls.
    ///
    /// A target is an id, or a [`RestartTarget`] with properties. Nothing is sent before
    /// [`Restart::start`], which checks everything.
    /// Documented as [RestartCloudPhone](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0515.html).
    pub fn restart(&self, targets: impl IntoIterator<Item = impl Into<RestartTarget>>) -> Restart {
        Restart::new(self.client, targets, RestartPhones::default())
    }

    /// Lists phones, every page of them.
    /// Documented as [ListCloudPhones](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0503.html).
    pub fn list(&self) -> ListPhones {
        ListPhones::new(self.client)
    }

    /// One phone with all that is known of it.
    /// Documented as [ShowCloudPhoneDetail](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0504.html).
    ///
    /// # Errors
    ///
    /// [`ErrorCode::PHONE_NOT_FOUND`](crate::ErrorCode::PHONE_NOT_FOUND) if the project has no such phone.
    pub async fn get(&self, phone_id: impl AsRef<str>) -> Result<PhoneDetail> {
        let phone_id: PhoneId = Client::id(phone_id)?;
        let operation = "ShowCloudPhoneDetail";
        let call = self.client.call(operation, async |raw, project| {
            raw.show_cloud_phone_detail(&project, phone_id.as_str()).await
        });
        view(call.await?.body, operation)
    }
}
