//! Changes that are soon told: stopping phones, their route, the size of their disks.

use cph_core::limits;
use cph_raw::types::{
    ExpandPhoneDataVolumeSizeRequestBody, ImportTrafficRequestBody, PhoneDataVolumeSize,
    StopCloudPhoneRequestBody,
};

use super::words::words;
use crate::{
    Batch, Client, Outcome, Result, Target,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
};

/// A shut-down of phones in the making; see [`Phones::stop`](crate::Phones::stop).
pub type Stop = Batch<StopPhones>;

/// A shut-down takes nothing but the phones' ids.
#[derive(Debug)]
pub struct StopPhones;

impl Sealed for StopPhones {}

impl BatchKind for StopPhones {
    type Target = String;
    type Outcome = Outcome;
    type Body = StopCloudPhoneRequestBody;

    const OPERATION: &'static str = "StopCloudPhone";

    fn body(&self, part: &[&String]) -> StopCloudPhoneRequestBody {
        StopCloudPhoneRequestBody { phone_ids: part.iter().map(ToString::to_string).collect() }
    }

    async fn send(client: Client, body: StopCloudPhoneRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.stop_cloud_phone(&project, &body).await
        });
        Ok(jobs!(call.await?, phone_id))
    }
}

words! {
    /// The way that the traffic of a phone takes.
    ///
    /// ```
    /// assert_eq!("routing".parse::<cph::TrafficType>()?, cph::TrafficType::Routing);
    /// # Ok::<(), cph::Error>(())
    /// ```
    pub enum TrafficType, "traffic type" {
        /// The default route.
        Direct = "direct",
        /// Through the encoding container.
        Routing = "routing",
    }
}

/// A change of route in the making; see [`Phones::set_traffic`](crate::Phones::set_traffic).
pub type SetTraffic = Batch<SetPhoneTraffic>;

/// The route that all phones of the batch are to have.
#[derive(Debug)]
pub struct SetPhoneTraffic {
    pub(super) traffic_type: TrafficType,
}

impl Sealed for SetPhoneTraffic {}

impl BatchKind for SetPhoneTraffic {
    type Target = String;
    type Outcome = Outcome;
    type Body = ImportTrafficRequestBody;

    const OPERATION: &'static str = "ImportTraffic";

    fn body(&self, part: &[&String]) -> ImportTrafficRequestBody {
        ImportTrafficRequestBody {
            phone_ids: part.iter().map(ToString::to_string).collect(),
            traffic_type: self.traffic_type.to_string(),
        }
    }

    async fn send(client: Client, body: ImportTrafficRequestBody) -> Result<Answer> {
        let call = client
            .call(Self::OPERATION, async |raw, project| raw.import_traffic(&project, &body).await);
        Ok(jobs!(call.await?, phone_id))
    }
}

/// A phone, and the size that its data disk is to have.
///
/// ```
/// use cph::ExpandTarget;
///
/// assert_eq!(ExpandTarget::from(("ca6ae3158406452696deade1a1091250", 100)), ExpandTarget::new("ca6ae3158406452696deade1a1091250", 100));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpandTarget {
    phone_id: String,
    new_size: u32,
}

impl ExpandTarget {
    /// A phone by its id, and the whole size in GiB: 1 to 32768, and no less than the present one.
    pub fn new(phone_id: impl Into<String>, new_size: u32) -> Self {
        Self { phone_id: phone_id.into(), new_size }
    }

    /// The phone's id, as given.
    pub fn phone_id(&self) -> &str {
        &self.phone_id
    }

    /// The size in GiB.
    pub fn new_size(&self) -> u32 {
        self.new_size
    }
}

impl<I: Into<String>> From<(I, u32)> for ExpandTarget {
    fn from((phone_id, new_size): (I, u32)) -> Self {
        Self::new(phone_id, new_size)
    }
}

impl Target for ExpandTarget {
    fn id(&self) -> &str {
        &self.phone_id
    }

    fn problems(&self) -> Vec<String> {
        let max = limits::EXPAND_PHONE_DATA_VOLUME_SIZE_VOLUME_GIB;
        let size = self.new_size;
        let fits = size > 0 && usize::try_from(size).is_ok_and(|size| size <= max);
        let problem = || format!("the new size is {size} GiB; allowed are 1 to {max}");
        (!fits).then(problem).into_iter().collect()
    }
}

/// An enlargement of data disks in the making; see [`Phones::expand_volume`](crate::Phones::expand_volume).
pub type ExpandVolume = Batch<ExpandPhoneVolumes>;

/// An enlargement takes nothing but its targets.
#[derive(Debug)]
pub struct ExpandPhoneVolumes;

impl Sealed for ExpandPhoneVolumes {}

impl BatchKind for ExpandPhoneVolumes {
    type Target = ExpandTarget;
    type Outcome = Outcome;
    type Body = ExpandPhoneDataVolumeSizeRequestBody;

    const OPERATION: &'static str = "ExpandPhoneDataVolumeSize";

    fn body(&self, part: &[&ExpandTarget]) -> ExpandPhoneDataVolumeSizeRequestBody {
        let phone = |target: &&ExpandTarget| PhoneDataVolumeSize {
            phone_id: target.phone_id.clone(),
            new_size: target.new_size.into(),
        };
        ExpandPhoneDataVolumeSizeRequestBody { phones: part.iter().map(phone).collect() }
    }

    async fn send(client: Client, body: ExpandPhoneDataVolumeSizeRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.expand_phone_data_volume_size(&project, &body).await
        });
        Ok(jobs!(call.await?, phone_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_1_to_32768_gib() {
        for (size, fits) in [(0, false), (1, true), (32_768, true), (32_769, false)] {
            assert_eq!(ExpandTarget::new("p", size).problems().is_empty(), fits, "{size}");
        }
        assert_eq!(
            ExpandTarget::new("p", 40_000).problems(),
            ["the new size is 40000 GiB; allowed are 1 to 32768"]
        );
    }

    #[test]
    fn a_traffic_type_is_read_in_any_case() {
        for traffic in TrafficType::ALL {
            assert_eq!(
                traffic.to_string().to_uppercase().parse::<TrafficType>().unwrap(),
                *traffic
            );
        }
        assert_eq!(
            "tunnel".parse::<TrafficType>().unwrap_err().to_string(),
            "`tunnel` is no traffic type; known are direct, routing"
        );
    }
}
