//! Regions and their endpoints.

use std::{cmp::Reverse, fmt};

use crate::tables::REGIONS;

/// A region where the service is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Region {
    /// Its id, such as `cn-north-4`.
    pub id: &'static str,
    /// Base URL of the service there, without a trailing slash.
    pub endpoint: &'static str,
    /// What people call it, where the vendor says.
    pub name: Option<&'static str>,
}

impl Region {
    /// Finds a region by its id.
    ///
    /// ```
    /// use cph_core::Region;
    ///
    /// assert_eq!(Region::find("cn-north-4")?.endpoint, "https://cph.cn-north-4.myhuaweicloud.com");
    /// # Ok::<(), cph_core::UnknownRegion>(())
    /// ```
    pub fn find(id: &str) -> Result<&'static Self, UnknownRegion> {
        REGIONS.iter().find(|region| region.id == id).ok_or_else(|| UnknownRegion(id.to_owned()))
    }

    /// Every known region.
    pub fn all() -> &'static [Self] {
        REGIONS
    }
}

/// A region id that is not listed; its message lists those that are, the likeliest first.
///
/// A region that is newer than the list is reached by its endpoint instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRegion(String);

impl std::error::Error for UnknownRegion {}

impl fmt::Display for UnknownRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let common = |id: &str| {
            id.chars().zip(self.0.chars()).take_while(|(left, right)| left == right).count()
        };
        let mut ids: Vec<_> = REGIONS.iter().map(|region| region.id).collect();
        ids.sort_by_key(|id| Reverse(common(id)));
        write!(f, "region {:?} is unknown; known are {}", self.0, ids.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_the_likeliest_region_first() {
        let error = Region::find("cn-north4").unwrap_err().to_string();
        assert!(
            error.starts_with(r#"region "cn-north4" is unknown; known are cn-north-"#),
            "{error}"
        );
        for region in Region::all() {
            assert!(error.contains(region.id), "{error}");
        }
    }

    #[test]
    fn every_endpoint_is_a_base_url() {
        for region in Region::all() {
            assert_eq!(Region::find(region.id), Ok(region));
            assert!(
                region.endpoint.starts_with("https://") && !region.endpoint.ends_with('/'),
                "{}",
                region.endpoint
            );
        }
    }
}
