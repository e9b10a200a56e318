//! What identifies a person, a SIM or a device stays out of logs and output.

use serde_json::Value;

use crate::{PropertyKey, PropertyText};

pub(crate) const MASK: &str = "***";

/// Names of answer fields and of property keys that no list has a rule for.
const PERSONAL: [&str; 9] = [
    "android_id",
    "iccid",
    "imei",
    "imsi",
    "mac_address",
    "msisdn",
    "phone_num",
    "phone_number",
    "serial_num",
];

/// Whether the value under this name identifies a person, a SIM or a device: a field of an answer or a property key, or a
/// key that nobody documents but ends in such a name.
///
/// ```
/// assert!(cph_core::is_personal("imei") && !cph_core::is_personal("phone_id"));
/// ```
pub fn is_personal(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    PERSONAL.iter().any(|name| name.eq_ignore_ascii_case(last))
        || PropertyKey::find(key).is_some_and(|property| property.personal)
}

/// A copy of `value` with `***` in place of every personal value, at any depth and inside `property` texts.
///
/// ```
/// use serde_json::json;
///
/// let phone = json!({"phone_id": "a7f3", "imei": 356938035643809_i64, "property": "{\"imsi\":\"460021624617113\"}"});
/// let masked = json!({"phone_id": "a7f3", "imei": "***", "property": "{\"imsi\":\"***\"}"});
/// assert_eq!(cph_core::mask_json(&phone), masked);
/// ```
pub fn mask_json(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), mask_under(key, value))).collect()
        }
        Value::Array(items) => items.iter().map(mask_json).collect(),
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => mask_text(text),
        _ => value.clone(),
    }
}

/// A text that may be JSON; one that hides nothing stays as it is.
fn mask_text(text: &str) -> Value {
    let masked = serde_json::from_str::<Value>(text).ok().and_then(|inner| {
        let masked = mask_json(&inner);
        (masked != inner).then(|| masked.to_string())
    });
    masked.unwrap_or_else(|| text.to_owned()).into()
}

/// `value` as it may be shown under `key`.
pub(crate) fn mask_under(key: &str, value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        _ if is_personal(key) => MASK.into(),
        // Nobody knows what these hold.
        Value::Object(fields) if key == "custom_property" => {
            Value::Object(fields.keys().map(|key| (key.clone(), MASK.into())).collect())
        }
        Value::String(text) if key == "property" => PropertyText::new(text).masked().into(),
        _ => mask_json(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn masks_at_any_depth() {
        let request = json!({
            "image_id": "1564567b8bab40f34711234cb80d8574",
            "phones": [{
                "phone_id": "a7f3a1c5258347d6b6f1def79e11f2bc",
                "property": r#"{"phone_num":"13666666666","wifi_name":"test_wifi"}"#,
                "custom_property": {"sys.prop.writeimsi": "460021624617113", "my.key": "blue"},
                "imei": null,
                "IMSI": ["460021624617113"],
            }],
        });
        let masked = json!({
            "image_id": "1564567b8bab40f34711234cb80d8574",
            "phones": [{
                "phone_id": "a7f3a1c5258347d6b6f1def79e11f2bc",
                "property": r#"{"phone_num":"***","wifi_name":"test_wifi"}"#,
                "custom_property": {"sys.prop.writeimsi": "***", "my.key": "***"},
                "imei": null,
                "IMSI": "***",
            }],
        });
        assert_eq!(mask_json(&request), masked);
    }

    #[test]
    fn keys_that_nobody_documents_and_texts_in_texts_hide_what_their_names_tell() {
        let property = r#"{"gsm.sim.imsi":"1","a":"{\"imsi\":\"2\"}","b":"{\"c\": 3}"}"#;
        let masked = r#"{"gsm.sim.imsi":"***","a":"{\"imsi\":\"***\"}","b":"{\"c\": 3}"}"#;
        assert_eq!(mask_json(&json!({ "property": property })), json!({ "property": masked }));
    }

    #[test]
    fn a_broken_property_text_is_hidden_whole() {
        let answer = json!({"property": r#"{"sys.prop.writephonenum":"13666666666",}"#});
        assert_eq!(mask_json(&answer), json!({"property": "***"}));
    }
}
