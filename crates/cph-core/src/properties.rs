//! Phone properties by name.

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;

use crate::{PropertyKey, PropertyProblem, PropertyText, redact::mask_under};

/// What to set on a phone: keys with values, in order.
///
/// The setters write the newest key of the vendor's list and every value as a JSON string, as all of the vendor's
/// examples do (assumed: property-values-as-strings). Keys of the old list and keys of your own are written with
/// [`set`](Self::set); they pass [`check`](Self::check) unless a rule is known for them.
///
/// `Debug` masks [personal](crate::is_personal) values; serialising writes them, since that is what is sent.
///
/// ```
/// use cph_core::{BandwidthLimit, Properties};
///
/// let properties = Properties::new()
///     .hide_navigation_keys(true)
///     .bandwidth_limit(BandwidthLimit::KbitPerSec(2048))
///     .set("my.key", "blue");
/// assert_eq!(properties.get("com.cph.bandwidth_limit"), Some("2048"));
/// assert_eq!(properties.check(), Ok(()));
/// assert_eq!(
///     properties.to_text().as_str(),
///     r#"{"com.cph.mainkeys":"1","com.cph.bandwidth_limit":"2048","my.key":"blue"}"#,
/// );
/// ```
#[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Properties(IndexMap<String, Value>);

/// The fastest download that a phone is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BandwidthLimit {
    /// At most this many kilobits per second, 1 to 99,999,999.
    KbitPerSec(u32),
    /// As fast as the server's bandwidth.
    Unlimited,
}

impl Properties {
    /// No properties.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets any key, as a JSON string. A key that is set already keeps its place.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(key.into(), Value::String(value.into()));
        self
    }

    /// Hides the navigation keys, from the next restart on.
    #[must_use]
    pub fn hide_navigation_keys(self, hide: bool) -> Self {
        self.flag("com.cph.mainkeys", hide)
    }

    /// Disables the status bar.
    #[must_use]
    pub fn disable_status_bar(self, disable: bool) -> Self {
        self.flag("disable.status.bar", disable)
    }

    /// Grants an app all permissions it asks for when it is installed.
    #[must_use]
    pub fn grant_all_permissions(self, grant: bool) -> Self {
        self.flag("ro.permission.changed", grant)
    }

    /// Confirms installs without asking.
    #[must_use]
    pub fn auto_install(self, auto: bool) -> Self {
        self.flag("ro.install.auto", auto)
    }

    /// Gives root to all apps; without it they can be given root one by one.
    #[must_use]
    pub fn root(self, root: bool) -> Self {
        self.flag("ro.com.cph.non_root", !root)
    }

    /// Disables notifications.
    #[must_use]
    pub fn disable_notifications(self, disable: bool) -> Self {
        self.flag("ro.com.cph.notification_disable", disable)
    }

    /// Allows screenshots of apps that protect themselves against them.
    #[must_use]
    pub fn allow_screenshots(self, allow: bool) -> Self {
        self.flag("com.cph.disable_fb_permission", allow)
    }

    /// Limits the download speed.
    #[must_use]
    pub fn bandwidth_limit(self, limit: BandwidthLimit) -> Self {
        let value = match limit {
            BandwidthLimit::KbitPerSec(kbit) => kbit.to_string(),
            BandwidthLimit::Unlimited => "-1".to_owned(),
        };
        self.set("com.cph.bandwidth_limit", value)
    }

    /// Shows toasts; matters on phones without [`root`](Self::root).
    #[must_use]
    pub fn toast(self, show: bool) -> Self {
        self.flag("ro.com.cph.toast_enable", show)
    }

    /// Shows the picture at this path of the phone as what its camera sees.
    #[must_use]
    pub fn camera_picture(self, path: impl Into<String>) -> Self {
        self.set("com.cph.cam_local_pic_path", path)
    }

    /// Sets the language of the first start, such as `af-NA`.
    #[must_use]
    pub fn locale(self, tag: impl Into<String>) -> Self {
        self.set("persist.sys.locale", tag)
    }

    /// Sets the IMSI, at most 15 digits.
    #[must_use]
    pub fn imsi(self, imsi: impl Into<String>) -> Self {
        self.set("sys.prop.writeimsi", imsi)
    }

    /// Sets the phone number, at most 20 digits.
    #[must_use]
    pub fn phone_number(self, number: impl Into<String>) -> Self {
        self.set("sys.prop.writephonenum", number)
    }

    /// Sets the name of the Wi-Fi that the phone shows.
    #[must_use]
    pub fn wifi_name(self, name: impl Into<String>) -> Self {
        self.set("sys.prop.writewifissid", name)
    }

    /// Sets the country of the SIM, such as `cn`.
    #[must_use]
    pub fn sim_country(self, country: impl Into<String>) -> Self {
        self.set("gsm.sim.operator.iso-country", country)
    }

    /// Sets the operator number of the SIM, such as `46000`.
    #[must_use]
    pub fn sim_number(self, number: impl Into<String>) -> Self {
        self.set("gsm.sim.operator.numeric", number)
    }

    /// Sets the operator name of the SIM, such as `CMCC`.
    #[must_use]
    pub fn sim_operator(self, name: impl Into<String>) -> Self {
        self.set("gsm.sim.operator.alpha", name)
    }

    /// Sets the country of the network, such as `cn`.
    #[must_use]
    pub fn network_country(self, country: impl Into<String>) -> Self {
        self.set("gsm.operator.iso-country", country)
    }

    /// Sets the operator number of the network, such as `46000`.
    #[must_use]
    pub fn network_number(self, number: impl Into<String>) -> Self {
        self.set("gsm.operator.numeric", number)
    }

    /// Sets the operator name of the network, such as `CMCC`.
    #[must_use]
    pub fn network_operator(self, name: impl Into<String>) -> Self {
        self.set("gsm.operator.alpha", name)
    }

    /// Turns the screen to landscape.
    #[must_use]
    pub fn landscape(self, landscape: bool) -> Self {
        self.flag("ro.horizontal.screen", landscape)
    }

    fn flag(self, key: &str, on: bool) -> Self {
        self.set(key, if on { "1" } else { "0" })
    }

    /// The value of a key, if it is set to a JSON string; other JSON values are seen by [`iter`](Self::iter).
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// Whether the key is set, to whatever value.
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// How many keys are set.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over the keys of `other` that are not set here.
    pub fn extend_missing(&mut self, other: &Self) {
        for (key, value) in &other.0 {
            if !self.0.contains_key(key) {
                self.0.insert(key.clone(), value.clone());
            }
        }
    }

    /// Holds every value against the rule of its key, and names each that breaks it.
    ///
    /// Keys without a rule pass.
    pub fn check(&self) -> Result<(), Vec<PropertyProblem>> {
        let problems: Vec<_> =
            self.iter().filter_map(|(key, value)| PropertyProblem::of_value(key, value)).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// The JSON text that goes into a `property` field.
    pub fn to_text(&self) -> PropertyText {
        PropertyText::new(json(self))
    }
}

/// JSON without spaces, of what always can be written as JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("string keys and JSON values are JSON")
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(key, value)| (key, mask_under(key, value))))
            .finish()
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Properties {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl schemars::JsonSchema for Properties {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Properties".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let keys: serde_json::Map<_, _> =
            PropertyKey::all().iter().map(|key| (key.key.to_owned(), schema_of(key))).collect();
        schemars::json_schema!({
            "type": "object",
            "description": "Phone properties by key; keys that are not listed are allowed.",
            "properties": keys,
            "additionalProperties": { "type": "string" },
        })
    }
}

fn schema_of(key: &PropertyKey) -> Value {
    let mut schema = serde_json::json!({
        "type": "string",
        "description": format!("{} ({})", key.summary, key.expects),
    });
    if let Some(default) = key.default {
        schema["default"] = default.into();
    }
    if key.deprecated {
        schema["deprecated"] = true.into();
    }
    schema
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<String>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                vec((any::<String>(), inner), 0..4)
                    .prop_map(|entries| entries.into_iter().collect()),
            ]
        })
    }

    #[test]
    fn setters_write_the_newest_keys_and_pass_their_rules() {
        let properties = Properties::new()
            .hide_navigation_keys(true)
            .disable_status_bar(true)
            .grant_all_permissions(false)
            .auto_install(true)
            .root(true)
            .disable_notifications(false)
            .allow_screenshots(true)
            .bandwidth_limit(BandwidthLimit::Unlimited)
            .toast(true)
            .camera_picture("/sdcard/DCIM/cat_1.png")
            .locale("af-NA")
            .imsi("460021624617113")
            .phone_number("13666666666")
            .wifi_name("test_wifi")
            .sim_country("cn")
            .sim_number("46000")
            .sim_operator("CMCC")
            .network_country("cn")
            .network_number("46000")
            .network_operator("CMCC")
            .landscape(true);
        let expected = concat!(
            r#"{"com.cph.mainkeys":"1","disable.status.bar":"1","ro.permission.changed":"0","ro.install.auto":"1","#,
            r#""ro.com.cph.non_root":"0","ro.com.cph.notification_disable":"0","com.cph.disable_fb_permission":"1","#,
            r#""com.cph.bandwidth_limit":"-1","ro.com.cph.toast_enable":"1","#,
            r#""com.cph.cam_local_pic_path":"/sdcard/DCIM/cat_1.png","persist.sys.locale":"af-NA","#,
            r#""sys.prop.writeimsi":"460021624617113","sys.prop.writephonenum":"13666666666","#,
            r#""sys.prop.writewifissid":"test_wifi","gsm.sim.operator.iso-country":"cn","gsm.sim.operator.numeric":"46000","#,
            r#""gsm.sim.operator.alpha":"CMCC","gsm.operator.iso-country":"cn","gsm.operator.numeric":"46000","#,
            r#""gsm.operator.alpha":"CMCC","ro.horizontal.screen":"1"}"#,
        );
        assert_eq!(properties.to_text().as_str(), expected);
        assert_eq!(properties.check(), Ok(()));
        assert_eq!(properties.len(), 21);
    }

    #[test]
    fn a_key_set_again_keeps_its_place() {
        let properties = Properties::new().set("b", "1").set("a", "2").set("b", "3");
        assert_eq!(properties.to_text().as_str(), r#"{"b":"3","a":"2"}"#);
    }

    #[test]
    fn missing_keys_are_filled_in_under_those_that_are_set() {
        let mut own = Properties::new().imsi("460021624617113");
        own.extend_missing(&Properties::new().hide_navigation_keys(true).imsi("123456789012345"));
        assert_eq!(own, Properties::new().imsi("460021624617113").hide_navigation_keys(true));
    }

    #[test]
    fn every_broken_rule_is_named_and_no_personal_value_is_told() {
        let problems = Properties::new()
            .set("com.cph.mainkeys", "yes")
            .phone_number("+49 170 1234567")
            .set("my.key", "anything")
            .check()
            .unwrap_err();
        let keys: Vec<_> = problems.iter().map(PropertyProblem::key).collect();
        assert_eq!(keys, [Some("com.cph.mainkeys"), Some("sys.prop.writephonenum")]);
        let said: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert!(
            said[0].starts_with(r#"property "com.cph.mainkeys" takes "#)
                && said[0].ends_with(r#", not "yes""#),
            "{said:?}"
        );
        assert!(!format!("{problems:?}{said:?}").contains("1234567"), "{problems:?}");
    }

    #[test]
    fn a_value_that_is_no_string_is_held_against_the_rule_as_text() {
        let of = |value: Value| Properties::from_iter([("com.cph.mainkeys", value)]).check();
        assert_eq!(of(1.into()), Ok(()));
        for refused in [Value::from(2), true.into(), Value::Null, vec!["1"].into()] {
            assert!(of(refused.clone()).is_err(), "{refused}");
        }
    }

    #[test]
    fn the_schema_documents_every_key() {
        let schema = schemars::schema_for!(Properties).to_value();
        for key in PropertyKey::all() {
            let described = schema["properties"][key.key]["description"].as_str().unwrap();
            assert!(described.contains(key.expects), "{described}");
        }
    }

    proptest! {
        #[test]
        fn text_and_back_keeps_everything_in_order(entries in vec((any::<String>(), value()), 0..12)) {
            let properties: Properties = entries.into_iter().collect();
            let back = properties.to_text().parse().unwrap();
            prop_assert!(properties.iter().eq(back.iter()), "{:?} became {:?}", properties, back);
            prop_assert_eq!(back.to_text(), properties.to_text());
            let json = serde_json::to_string(&properties).unwrap();
            prop_assert!(serde_json::from_str::<Properties>(&json).unwrap().iter().eq(properties.iter()));
        }

        #[test]
        fn a_personal_value_is_never_shown(number in "[0-9]{9,15}", key in "imsi|sys\\.prop\\.writephonenum|imei", deep: bool) {
            let personal = (key, Value::from(number.clone()));
            let properties: Properties = if deep {
                [("my.key", serde_json::json!([{ personal.0: personal.1 }]))].into_iter().collect()
            } else {
                [personal].into_iter().collect()
            };
            let text = properties.to_text();
            prop_assert!(text.as_str().contains(&number));
            let shown = format!("{properties:?} {properties:#?} {text:?} {text} {:?}", properties.check());
            prop_assert!(!shown.contains(&number), "{}", shown);
        }
    }
}
