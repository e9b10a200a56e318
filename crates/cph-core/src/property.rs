//! The keys inside the JSON-in-a-string `property`.

use std::{collections::HashMap, sync::LazyLock};

use regex_lite::Regex;

use crate::tables::PROPERTIES;

/// A documented property key: see [`PropertyKey::find`].
///
/// What the vendor says of no single key stands in no field: phones whose flavor begins with `aphs1`, and those of
/// `rx1.cp.c60.d32.e1v1.qemu`, support only a few keys; some keys need a recent image, and some cannot be changed on
/// images of the CPUI kind; on a phone that is abnormal a change takes effect once it runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct PropertyKey {
    /// The key, such as `sys.prop.writephonenum`.
    pub key: &'static str,
    /// What it sets, in one line.
    pub summary: &'static str,
    /// The type that the list of keys prints; on the wire every value is a JSON string.
    pub kind: PropertyKind,
    /// Which generation of the list it stands in.
    pub vintage: Vintage,
    /// A value, as a string, must match this whole (assumed: operator-numbers-take-digits, old-lengths-are-maxima).
    pub pattern: &'static str,
    /// The rule in words, such as `at most 15 decimal digits`.
    pub expects: &'static str,
    /// Where the rule comes from.
    pub basis: crate::Basis,
    /// The documented default, of the newest list where lists differ.
    pub default: Option<&'static str>,
    /// Defaults that older lists gave, each with where it stood. On a phone of that time it may still hold.
    pub default_history: &'static [(&'static str, &'static str)],
    /// Values with their meanings, where they are listed.
    pub values: &'static [(&'static str, &'static str)],
    /// What a change waits for, where a document says so of this key; others may wait too.
    pub takes_effect: Option<TakesEffect>,
    /// Flavors whose phones do not take it, where a document names one for this key.
    pub refused_by: &'static [&'static str],
    /// Whether the vendor advises against it.
    pub deprecated: bool,
    /// The key to use instead.
    pub replaced_by: Option<&'static str>,
    /// Whether it identifies a person or a SIM, so that it is masked in output.
    pub personal: bool,
    /// The code of a refused value, where it is known.
    pub code: Option<&'static str>,
}

impl PropertyKey {
    /// Finds a documented key; custom keys are not listed, and are allowed.
    ///
    /// ```
    /// use cph_core::PropertyKey;
    ///
    /// let key = PropertyKey::find("com.cph.mainkeys").unwrap();
    /// assert!(key.matches("1") && !key.matches("yes"));
    /// ```
    pub fn find(key: &str) -> Option<&'static Self> {
        PROPERTIES.iter().find(|property| property.key == key)
    }

    /// Every documented key.
    pub fn all() -> &'static [Self] {
        PROPERTIES
    }

    /// Whether the rule of this key takes `value`.
    pub fn matches(&self, value: &str) -> bool {
        RULES[self.key].is_match(value)
    }
}

static RULES: LazyLock<HashMap<&str, Regex>> = LazyLock::new(|| {
    let compile = |pattern| Regex::new(pattern).expect("generate takes only patterns that compile");
    PROPERTIES.iter().map(|property| (property.key, compile(property.pattern))).collect()
});

/// The type that the vendor's list prints for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PropertyKind {
    /// A number, written as a JSON string all the same.
    Integer,
    /// A text.
    Text,
}

words!(PropertyKind { Integer => "integer", Text => "text" });

/// What a changed property waits for before it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TakesEffect {
    /// The next restart of the phone.
    Restart,
}

words!(TakesEffect { Restart => "restart" });

/// The generation of the vendor's list that a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Vintage {
    /// The list of 2019; whether the service still takes these keys is not documented.
    Old,
    /// The list since 2020.
    New,
}

words!(Vintage { Old => "old", New => "new" });

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rule_is_whole_and_takes_its_defaults_and_listed_values() {
        for property in PROPERTIES {
            assert!(
                property.pattern.starts_with('^') && property.pattern.ends_with('$'),
                "{}",
                property.key
            );
            let former = property.default_history.iter().map(|(value, _)| *value);
            let listed = property.values.iter().map(|(value, _)| *value);
            for value in property.default.into_iter().chain(former).chain(listed) {
                assert!(property.matches(value), "{} refuses {value}", property.key);
            }
            assert!(
                property.values.is_empty() || !property.matches("neither"),
                "{} takes more than it lists",
                property.key
            );
        }
    }

    #[test]
    fn a_default_that_flipped_is_known_with_both_its_values() {
        let root = PropertyKey::find("ro.com.cph.non_root").unwrap();
        assert_eq!(
            (root.default, root.default_history),
            (Some("1"), &[("0", "docs 2021-09-15")][..])
        );
    }

    #[test]
    fn every_key_stands_once_and_names_listed_keys_and_codes() {
        let mut seen = HashSet::new();
        for property in PROPERTIES {
            assert!(seen.insert(property.key), "{} twice", property.key);
            assert!(
                property.replaced_by.is_none_or(|key| PropertyKey::find(key).is_some()),
                "{property:?}"
            );
            assert!(
                property.code.is_none_or(|code| crate::ErrorCode::parse(code).is_service()),
                "{property:?}"
            );
        }
    }
}
