//! Bandwidths of servers on the system's network.

use cph_core::{BandWidthId, limits};
use cph_raw::types;

use crate::{
    Client, Error, Result,
    paging::{Page, Place, Query, page_size, query},
    view::views,
};

/// What can be asked and done about bandwidths; see [`Client::bandwidths`].
#[derive(Debug, Clone, Copy)]
pub struct Bandwidths<'a> {
    client: &'a Client,
}

impl<'a> Bandwidths<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Lists the bandwidths of servers on the system's network, every page of them.
    /// Documented as [ShowBandwidthDetail](https://support.huaweicloud.com/intl/en-us/api-cph/cph_api_0511.html).
    pub fn list(&self) -> ListBandwidths {
        ListBandwidths::new(self.client)
    }

    /// Changes the size of a shared bandwidth on the system's network. **A larger one costs more.**
    ///
    /// The size is in Mbit/s, in steps: 1 up to 300, 50 from there to 1000, 500 beyond.
    /// Documented as [UpdateBandwidth](https://support.huaweicloud.com/api-cph/cph_api_0512.html).
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// client.bandwidths().resize("70bb40-bef5-0e4a-14b116-a5a527fd7432", 350).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the id is none or the size is between two steps, before
    /// anything is sent.
    pub async fn resize(&self, band_width_id: impl AsRef<str>, mbit_per_sec: u32) -> Result<()> {
        let band_width_id: BandWidthId = Client::id(band_width_id)?;
        if let Some(problem) = size_problem(mbit_per_sec) {
            return Err(Error::invalid(problem));
        }
        let body = types::UpdateBandwidthRequestBody { band_width_size: mbit_per_sec.into() };
        let call = self.client.call("UpdateBandwidth", async |raw, project| {
            raw.update_bandwidth(&project, band_width_id.as_str(), &body).await
        });
        call.await.map(|_| ())
    }
}

/// The steps are documented on page `cph_api_0512`.
fn size_problem(mbit_per_sec: u32) -> Option<String> {
    let step = match mbit_per_sec {
        0..=300 => 1,
        301..=1000 => 50,
        _ => 500,
    };
    (mbit_per_sec == 0 || !mbit_per_sec.is_multiple_of(step)).then(|| {
        format!("band_width_size: {mbit_per_sec} Mbit/s is no step; steps are 1 up to 300, 50 up to 1000, 500 beyond")
    })
}

query! {
    /// A query for bandwidths.
    ///
    /// ```
    /// # async fn example(client: cph::Client) -> cph::Result<()> {
    /// use std::pin::pin;
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut bandwidths = pin!(client.bandwidths().list().stream());
    /// while let Some(bandwidth) = bandwidths.try_next().await? {
    ///     println!("{} {:?} Mbit/s", bandwidth.band_width_id, bandwidth.band_width_size);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ListBandwidths -> BandWidth {}
}

impl Query for ListBandwidths {
    type Raw = types::Bandwidth;
    type Row = BandWidth;
    const OPERATION: &'static str = "ShowBandwidthDetail";

    async fn page(&self, from: &Place) -> Result<Page<Self::Raw>> {
        let call = self.client.call(Self::OPERATION, async |raw, project| {
            let limit = page_size(limits::SHOW_BANDWIDTH_DETAIL_PAGE);
            raw.show_bandwidth_detail(&project, limit, from.offset()).await
        });
        let rows = call.await?.body.band_widths;
        Ok(Page::counted(rows, from, limits::SHOW_BANDWIDTH_DETAIL_PAGE))
    }
}

views! {
    /// A bandwidth.
    pub struct BandWidth from types::Bandwidth {
        /// Its id.
        band_width_id: BandWidthId,
        /// Its name.
        band_width_name: Option<String>,
        /// Its size in Mbit/s.
        band_width_size: Option<i64>,
        /// What is charged: `0` the size, `1` the traffic.
        band_width_charge_mode: Option<i64>,
        /// `0` if one address has it to itself, `1` if several share it.
        band_width_share_type: Option<i64>,
        /// When it was made, in UTC, such as `2021-02-18T11:48:40Z`.
        create_time: Option<String>,
        /// When it was last changed, in UTC.
        update_time: Option<String>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_go_in_the_documented_steps() {
        let bad = |size: &u32| size_problem(*size).is_some();
        let sizes = [0, 1, 299, 300, 301, 350, 999, 1000, 1050, 1500, 2000, 2001];
        assert_eq!(sizes.into_iter().filter(bad).collect::<Vec<_>>(), [0, 301, 999, 1050, 2001]);
        assert_eq!(
            size_problem(301).as_deref(),
            Some(
                "band_width_size: 301 Mbit/s is no step; steps are 1 up to 300, 50 up to 1000, 500 beyond"
            )
        );
    }
}
