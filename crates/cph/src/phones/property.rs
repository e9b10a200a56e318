//! Changing properties of phones while they run.

use std::collections::BTreeMap;

use cph_core::{PropertyKey, PropertyText, limits};
use cph_raw::types::{PropertyToUpdate, UpdateCloudPhonePropertyRequestBody};

use crate::{
    Batch, Client, Outcome, Personal, Result, Target,
    batch::{
        Answer,
        builder::{BatchKind, sealed::Sealed},
        jobs,
    },
};

/// A phone, and the properties that it gets. Debug output masks the values.
///
/// ```
/// use cph::{Properties, PropertyUpdate};
///
/// let plain = PropertyUpdate::from(("1234567b8bab40ffb711234cb80d0234", Properties::new().wifi_name("test_wifi")));
/// let own = PropertyUpdate::new("1678567b8bab40f93711234cb80d0764", Properties::new()).custom_property([("my.shop", "7")]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyUpdate {
    phone_id: String,
    property: PropertyText,
    custom_property: BTreeMap<String, Personal>,
}

impl PropertyUpdate {
    /// A phone by its id, and what to set. A [`PropertyText`] is sent byte for byte; it must be a JSON object whose keys keep
    /// their rules.
    pub fn new(phone_id: impl Into<String>, properties: impl Into<PropertyText>) -> Self {
        Self {
            phone_id: phone_id.into(),
            property: properties.into(),
            custom_property: BTreeMap::new(),
        }
    }

    /// Adds properties of your own naming. A key that the vendor lists has to follow its rule here too.
    ///
    /// With the others at most 7,800 bytes: those of the property text, and those of these as a JSON object.
    #[must_use]
    pub fn custom_property(
        mut self,
        properties: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let properties = properties.into_iter();
        self.custom_property
            .extend(properties.map(|(key, value)| (key.into(), Personal::new(value.into()))));
        self
    }

    /// The phone's id, as given.
    pub fn phone_id(&self) -> &str {
        &self.phone_id
    }

    /// The property text that will be sent.
    pub fn property(&self) -> &PropertyText {
        &self.property
    }

    fn custom(&self) -> BTreeMap<String, String> {
        let custom = self.custom_property.iter();
        custom.map(|(key, value)| (key.clone(), value.reveal().to_owned())).collect()
    }

    /// Bytes of the property text, and of the custom properties as JSON if there are any
    /// (assumed: custom-property-counts-as-json).
    fn bytes(&self) -> usize {
        let custom = self.custom();
        let custom =
            if custom.is_empty() { 0 } else { serde_json::json!(custom).to_string().len() };
        self.property.len() + custom
    }
}

impl<I: Into<String>, P: Into<PropertyText>> From<(I, P)> for PropertyUpdate {
    fn from((phone_id, properties): (I, P)) -> Self {
        Self::new(phone_id, properties)
    }
}

impl Target for PropertyUpdate {
    fn id(&self) -> &str {
        &self.phone_id
    }

    fn problems(&self) -> Vec<String> {
        let (bytes, max) = (self.bytes(), limits::UPDATE_CLOUD_PHONE_PROPERTY_PROPERTY_BYTES);
        let mut problems = Vec::new();
        if bytes > max {
            problems.push(format!(
                "property and custom_property have {bytes} bytes together, at most {max} are allowed"
            ));
        }
        // Its size is part of the sum.
        let property = self.property.check(usize::MAX).err().into_iter().flatten();
        problems.extend(property.map(|problem| problem.to_string()));
        for (key, value) in &self.custom_property {
            if let Some(listed) = PropertyKey::find(key).filter(|key| !key.matches(value.reveal()))
            {
                let expects = listed.expects;
                problems.push(format!(
                    "custom property {key:?} takes {expects}, not the value given (not shown)"
                ));
            }
        }
        let sets_nothing = self.property.parse().is_ok_and(|properties| properties.is_empty());
        if sets_nothing && self.custom_property.is_empty() {
            problems.push("it sets nothing; name a property".to_owned());
        }
        problems
    }
}

/// A change of properties in the making; see [`Phones::update_property`](crate::Phones::update_property).
pub type UpdateProperty = Batch<UpdatePhoneProperties>;

/// A change of properties takes nothing but its targets.
#[derive(Debug)]
pub struct UpdatePhoneProperties;

impl Sealed for UpdatePhoneProperties {}

impl BatchKind for UpdatePhoneProperties {
    type Target = PropertyUpdate;
    type Outcome = Outcome;
    type Body = UpdateCloudPhonePropertyRequestBody;

    const OPERATION: &'static str = "UpdateCloudPhoneProperty";

    fn body(&self, part: &[&PropertyUpdate]) -> UpdateCloudPhonePropertyRequestBody {
        let phone = |target: &&PropertyUpdate| PropertyToUpdate {
            phone_id: target.phone_id.clone(),
            property: target.property.as_str().to_owned(),
            custom_property: target.custom(),
        };
        UpdateCloudPhonePropertyRequestBody { phones: part.iter().map(phone).collect() }
    }

    async fn send(client: Client, body: UpdateCloudPhonePropertyRequestBody) -> Result<Answer> {
        let call = client.call(Self::OPERATION, async |raw, project| {
            raw.update_cloud_phone_property(&project, &body).await
        });
        Ok(jobs!(call.await?, phone_id))
    }
}

#[cfg(test)]
mod tests {
    use cph_core::Properties;

    use super::*;

    #[test]
    fn what_sets_nothing_is_a_mistake() {
        let nothing = PropertyUpdate::new("p", Properties::new());
        assert_eq!(nothing.problems(), ["it sets nothing; name a property"]);
        assert_eq!(PropertyUpdate::new("p", PropertyText::new(" { } ")).problems().len(), 1);
        assert!(nothing.custom_property([("my.shop", "7")]).problems().is_empty());
    }

    #[test]
    fn both_together_have_at_most_7800_bytes() {
        let update = |bytes: usize| {
            // {"k":""} and {"my.é":"é"} have 8 and 14 bytes besides.
            let property =
                PropertyText::new(format!(r#"{{"k":"{}"}}"#, "x".repeat(bytes - 8 - 14)));
            PropertyUpdate::new("p", property).custom_property([("my.é", "é")])
        };
        assert_eq!(update(7_800).bytes(), 7_800);
        assert!(update(7_800).problems().is_empty());
        assert_eq!(
            update(7_801).problems(),
            ["property and custom_property have 7801 bytes together, at most 7800 are allowed"]
        );
    }

    #[test]
    fn listed_keys_keep_their_rule_and_values_stay_hidden() {
        let update = PropertyUpdate::new("p", PropertyText::new(r#"{"imsi":"12x"}"#))
            .custom_property([("com.cph.mainkeys", "secret"), ("my.key", "secret")]);
        let problems = update.problems();
        assert_eq!(problems.len(), 2, "{problems:?}");
        let shown = format!("{problems:?} {update:?}");
        assert!(!shown.contains("secret") && !shown.contains("12x"), "{shown}");
        assert!(shown.contains(r#""my.key": ***"#), "{shown}");
    }
}
