//! Flavors of phones.

use cph_core::limits;
use cph_raw::types;

use crate::{
    Result,
    paging::{Page, Place, Query, page_size, query},
    view::views,
};

query! {
    /// A query for the flavors of phones.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut models = pin!(client.phones().models().status(1).stream());
    /// while let Some(model) = models.try_next().await? {
    ///     println!("{:?} {:?}", model.phone_model_name, model.resolution);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListPhoneModels -> PhoneModel {
        /// Only flavors in this state: `1` in use, `0` withdrawn.
        status => status: i64,
    }
}

impl Query for ListPhoneModels {
    type Raw = types::PhoneModel;
    type Row = PhoneModel;
    const OPERATION: &'static str = "ListCloudPhoneModels";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let limit = limits::LIST_CLOUD_PHONE_MODELS_PAGE;
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            raw.list_cloud_phone_models(&project, page_size(limit), from.offset(), self.status)
                .await
        });
        Ok(Page::counted(call.await?.body.phone_models, from, limit))
    }
}

views! {
    /// A flavor of phones.
    pub struct PhoneModel from types::PhoneModel {
        /// Its name, at most 64 bytes.
        phone_model_name: Option<String>,
        /// The flavor of the servers that its phones run on.
        server_model_name: Option<String>,
        /// `1` in use, `0` withdrawn: it cannot be bought any more.
        status: Option<i64>,
        /// Processor cores of a phone.
        cpu: Option<f64>,
        /// Memory of a phone in MB.
        memory: Option<i64>,
        /// System disk of a phone in GiB.
        disk: Option<i64>,
        /// The screen, such as `720x1280`.
        resolution: Option<String>,
        /// More about it, as the text of a JSON object; `max_share_disk_size_g` in it means that phones can share storage.
        extend_spec: Option<String>,
        /// Its code.
        spec_code: Option<String>,
        /// How many phones a server holds.
        phone_capacity: Option<i64>,
        /// The kind of image that its phones run, such as `cloud_phone` or `cloud_game`.
        image_label: Option<String>,
        /// `0` cloud phones, `1` cloud gaming.
        product_type: Option<i64>,
        /// Its generation: `0` is 1.0, `1` is 2.0.
        phone_model_version: Option<i64>,
        /// Dots per inch of the screen.
        dpi: Option<i64>,
        /// Frames drawn per second, as text.
        fps: Option<String>,
        /// `1` if each phone has data disks of its own, `0` if not.
        volume_mode: Option<i64>,
        /// Frames drawn per second.
        render_fps: Option<i64>,
        /// Frames streamed per second.
        stream_fps: Option<i64>,
    }
}
