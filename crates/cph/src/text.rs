//! Rules for texts that a call carries.

/// What a text may be made of, and how long it may be.
///
/// Lengths are counted in characters: where the vendor counts bytes, only ASCII is allowed, which comes to the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextRule {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) unit: &'static str,
    pub(crate) allows: fn(char) -> bool,
    /// What it allows, in words.
    pub(crate) allowed: &'static str,
}

impl TextRule {
    /// Everything that is wrong with `text`, which is called `what`; `text` itself is not quoted.
    pub(crate) fn problems(&self, what: &str, text: &str) -> Vec<String> {
        let Self { min, max, unit, allowed, .. } = self;
        let length = text.chars().count();
        let mut problems = Vec::new();
        if length < *min {
            problems.push(format!("{what} has {length} {unit}, at least {min} are needed"));
        }
        if length > *max {
            problems.push(format!("{what} has {length} {unit}, at most {max} are allowed"));
        }
        if let Some(char) = text.chars().find(|&char| !(self.allows)(char)) {
            problems.push(format!("{what} contains {char:?}; allowed are {allowed}"));
        }
        problems
    }
}

/// As much of a text as an error message shows, with quotes.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN: usize = 64;
    let start: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("`{start}{more}`")
}

/// The name of a phone or a server, documented on the pages `cph_api_0508` and `cph_api_0551`.
pub(crate) const NAME: TextRule = TextRule {
    min: 1,
    max: 60,
    unit: "characters",
    allows: |char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_') || is_chinese(char),
    allowed: "the letters a to z and A to Z, digits, Chinese characters, - and _",
};

/// Ideographs of every block; the page names no range (assumed: chinese-characters-are-ideographs).
fn is_chinese(char: char) -> bool {
    matches!(char, '\u{3007}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_counted_in_characters() {
        assert!(NAME.problems("the name", &"机".repeat(60)).is_empty());
        assert!(NAME.problems("the name", "Ab-9_云手机").is_empty());
        let problems = |name: &str| NAME.problems("the name", name).join("; ");
        assert_eq!(problems(""), "the name has 0 characters, at least 1 are needed");
        assert_eq!(problems(&"x".repeat(61)), "the name has 61 characters, at most 60 are allowed");
        for name in ["a b", "ü", "a.b", "あ", "手机，", "a\nb"] {
            assert!(problems(name).starts_with("the name contains "), "{name}");
        }
        assert_eq!(
            problems("a b"),
            "the name contains ' '; allowed are the letters a to z and A to Z, digits, Chinese characters, - and _"
        );
    }

    #[test]
    fn a_shown_text_is_short_and_one_line() {
        assert_eq!(shown("a\nb"), r"`a\nb`");
        assert_eq!(shown(&"x".repeat(65)), format!("`{}…`", "x".repeat(64)));
    }
}
