//! Error codes: what the service answers when it refuses, and what to do about it.

use std::{cmp::Ordering, convert::Infallible, fmt, str::FromStr};

use crate::tables::CODES;

/// A code of the service (`CPS.0004`), of the gateway before it (`APIGW.0308`, `APIG.0308`), or any other text, such as a code
/// of the identity service (`IAM.0066`).
///
/// Open: a code that no table lists is kept and printed as it came. Decide on the code and never on the message or the
/// HTTP status, both of which the vendor varies.
///
/// ```
/// use cph_core::ErrorCode;
///
/// let code = ErrorCode::parse("CPS.0005");
/// let next = match Some(&code) {
///     Some(&ErrorCode::PHONE_NOT_FOUND) => "forget the phone",
///     Some(code) => code.advice(),
///     None => "nothing to do",
/// };
/// assert_eq!(next, "forget the phone");
/// assert_eq!(ErrorCode::parse("CPS0005"), code);
/// assert_eq!(code.to_string(), "CPS.0005");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ErrorCode(Repr);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Repr {
    Cps(u16),
    Apigw(u16),
    Apig(u16),
    Other(Box<str>),
}

impl ErrorCode {
    /// `CPS.` and a number: the service itself.
    pub const fn cps(number: u16) -> Self {
        Self(Repr::Cps(number))
    }

    /// `APIGW.` and a number: the gateway before the service.
    pub const fn apigw(number: u16) -> Self {
        Self(Repr::Apigw(number))
    }

    /// `APIG.` and a number: the same gateway under its other prefix.
    pub const fn apig(number: u16) -> Self {
        Self(Repr::Apig(number))
    }

    /// Reads a code. The vendor's slip `CPS0005` is read as `CPS.0005`.
    pub fn parse(text: &str) -> Self {
        let number = |prefix| number_after(prefix, text);
        let repr = number("CPS")
            .map(Repr::Cps)
            .or_else(|| number("APIGW").map(Repr::Apigw))
            .or_else(|| number("APIG").map(Repr::Apig));
        Self(repr.unwrap_or_else(|| Repr::Other(text.into())))
    }

    /// Its row in the error table.
    ///
    /// A gateway code listed under one of its two prefixes is found under the other as well.
    pub fn entry(&self) -> Option<&'static CodeEntry> {
        let twin = match self.0 {
            Repr::Apigw(number) => Some(Self::apig(number)),
            Repr::Apig(number) => Some(Self::apigw(number)),
            Repr::Cps(_) | Repr::Other(_) => None,
        };
        listed(self).or_else(|| listed(&twin?))
    }

    /// What it means, in our words.
    pub fn meaning(&self) -> &'static str {
        self.entry().map_or("a code that no known page explains", |entry| entry.meaning)
    }

    /// What to do next.
    pub fn advice(&self) -> &'static str {
        self.entry().map_or(
            "Look it up on the vendor's error code page, or give the request id to the vendor's support.",
            |entry| entry.advice,
        )
    }

    /// What kind of problem it is.
    pub fn class(&self) -> Class {
        match self.entry() {
            Some(entry) => entry.class,
            None if self.is_gateway() => Class::Gateway,
            None => Class::Other,
        }
    }

    /// Whether a call that ended with it may have done something. An unlisted code promises nothing.
    ///
    /// For an unlisted gateway code the HTTP status says more.
    pub fn effect(&self) -> Effect {
        self.entry().map_or(Effect::Possible, |entry| entry.effect)
    }

    /// How much of a batch it speaks of. An unlisted code speaks of the whole call.
    pub fn scope(&self) -> Scope {
        self.entry().map_or(Scope::Call, |entry| entry.scope)
    }

    /// Whether the service itself said it: a `CPS` code.
    pub fn is_service(&self) -> bool {
        matches!(self.0, Repr::Cps(_))
    }

    /// Whether the gateway said it: an `APIGW` or `APIG` code.
    pub fn is_gateway(&self) -> bool {
        matches!(self.0, Repr::Apigw(_) | Repr::Apig(_))
    }

    /// Whether calls come too fast: the request was not passed on, so wait and send it again.
    pub fn is_throttling(&self) -> bool {
        matches!(self.0, Repr::Apigw(308) | Repr::Apig(308))
    }
}

/// The number in `text` after `prefix` and an optional dot, if it prints the same again.
fn number_after(prefix: &str, text: &str) -> Option<u16> {
    let rest = text.strip_prefix(prefix)?;
    let digits = rest.strip_prefix('.').unwrap_or(rest);
    digits.parse().ok().filter(|number: &u16| format!("{number:04}") == digits)
}

fn listed(code: &ErrorCode) -> Option<&'static CodeEntry> {
    let text = code.to_string();
    CODES.binary_search_by(|entry| entry.code.cmp(&text)).ok().map(|index| &CODES[index])
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Cps(number) => f.pad(&format!("CPS.{number:04}")),
            Repr::Apigw(number) => f.pad(&format!("APIGW.{number:04}")),
            Repr::Apig(number) => f.pad(&format!("APIG.{number:04}")),
            Repr::Other(text) => f.pad(text),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ErrorCode {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(text))
    }
}

impl From<&str> for ErrorCode {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

/// By its text.
impl Ord for ErrorCode {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for ErrorCode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

text_form!(ErrorCode, {
    "type": "string",
    "description": "An error code, such as CPS.0004 or APIGW.0308.",
});

/// One row of the error table: see [`ErrorCode::entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CodeEntry {
    /// The code as printed, such as `CPS.0004`.
    pub code: &'static str,
    /// Name of its constant on [`ErrorCode`], if it has one.
    pub name: Option<&'static str>,
    /// The vendor's message text; texts vary, so show them and never parse them.
    pub message: &'static str,
    /// What it means, in our words.
    pub meaning: &'static str,
    /// What to do next.
    pub advice: &'static str,
    /// What kind of problem it is.
    pub class: Class,
    /// Whether a call that ended with it may have done something.
    pub effect: Effect,
    /// Where `effect` comes from.
    pub basis: crate::Basis,
    /// How much of a batch it speaks of.
    pub scope: Scope,
}

impl CodeEntry {
    /// Every row, by code.
    pub fn all() -> &'static [Self] {
        CODES
    }

    /// The code as a value.
    pub fn error_code(&self) -> ErrorCode {
        ErrorCode::parse(self.code)
    }
}

/// The kind of problem that a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The caller may not do this.
    Permission,
    /// The account is restricted, suspended or not verified.
    Account,
    /// The signature or token was not accepted.
    Authentication,
    /// Calls come too fast.
    Throttled,
    /// What the call names does not exist.
    NotFound,
    /// A field of the request is wrong.
    InvalidInput,
    /// A phone property is wrong.
    InvalidProperty,
    /// The target is not in a state that allows it.
    Precondition,
    /// The service or the target is occupied.
    Busy,
    /// A quota is used up.
    Quota,
    /// The request is larger than one call may be.
    Limit,
    /// The service failed.
    ServerFault,
    /// The gateway failed or found no service.
    Gateway,
    /// None of these.
    Other,
}

words!(Class {
    Permission => "permission",
    Account => "account",
    Authentication => "authentication",
    Throttled => "throttled",
    NotFound => "not-found",
    InvalidInput => "invalid-input",
    InvalidProperty => "invalid-property",
    Precondition => "precondition",
    Busy => "busy",
    Quota => "quota",
    Limit => "limit",
    ServerFault => "server-fault",
    Gateway => "gateway",
    Other => "other",
});

/// Whether a refused call may have done something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing was done.
    None,
    /// Something may have been done: look before sending it again.
    Possible,
}

words!(Effect { None => "none", Possible => "possible" });

/// How much of a batch a code speaks of (assumed: scope-is-our-reading).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// One target is at fault; the others may pass without it.
    Target,
    /// The call carries too many targets.
    Size,
    /// No call like it will pass.
    Call,
}

words!(Scope { Target => "target", Size => "size", Call => "call" });

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_families_and_keeps_the_rest() {
        for (text, code, printed) in [
            ("CPS.0004", ErrorCode::cps(4), "CPS.0004"),
            ("CPS0005", ErrorCode::cps(5), "CPS.0005"),
            ("CPS.1073", ErrorCode::cps(1073), "CPS.1073"),
            ("APIGW.0308", ErrorCode::apigw(308), "APIGW.0308"),
            ("APIG.0308", ErrorCode::apig(308), "APIG.0308"),
        ] {
            assert_eq!(ErrorCode::parse(text), code);
            assert_eq!(code.to_string(), printed);
        }
        for text in [
            "",
            "CPS",
            "CPS.",
            "CPS.4",
            "CPS.+004",
            "CPS..0004",
            "CPS.99999",
            "AS.0001",
            "KOOPHONE.API.0001",
        ] {
            let code = ErrorCode::parse(text);
            assert_eq!(code.to_string(), text);
            assert!(!code.is_service() && !code.is_gateway(), "{text}");
        }
    }

    #[test]
    fn constants_are_patterns() {
        fn is_unknown_phone(code: Option<&ErrorCode>) -> bool {
            matches!(code, Some(&ErrorCode::PHONE_NOT_FOUND))
        }
        assert!(is_unknown_phone(Some(&"CPS.0005".into())));
        assert!(!is_unknown_phone(Some(&"CPS.0004".into())));
        assert!(!is_unknown_phone(Some(&"AS.0001".into())));
    }

    #[test]
    fn the_table_can_be_searched() {
        assert!(CODES.is_sorted_by(|left, right| left.code < right.code));
        for row in CODES {
            assert_eq!(row.error_code().to_string(), row.code);
            assert_eq!(row.error_code().entry(), Some(row));
        }
    }

    #[test]
    fn an_unlisted_code_promises_nothing() {
        for (code, class) in [
            (ErrorCode::cps(9999), Class::Other),
            (ErrorCode::apig(9999), Class::Gateway),
            (ErrorCode::apigw(9999), Class::Gateway),
            (ErrorCode::parse("AS.0001"), Class::Other),
        ] {
            assert_eq!(code.entry(), None);
            assert_eq!(
                (code.class(), code.effect(), code.scope()),
                (class, Effect::Possible, Scope::Call)
            );
            assert!(!code.advice().is_empty() && !code.meaning().is_empty());
        }
    }

    #[test]
    fn codes_of_the_identity_service_are_listed_and_kept_as_text() {
        let expired = ErrorCode::parse("IAM.0066");
        assert_eq!(expired.class(), Class::Authentication);
        assert!(!expired.is_service() && !expired.is_gateway());
    }

    #[test]
    fn both_gateway_prefixes_are_one_family() {
        for code in [ErrorCode::apig(308), ErrorCode::apigw(308)] {
            assert!(code.is_throttling());
            assert_eq!((code.class(), code.effect()), (Class::Throttled, Effect::None));
        }
        assert!(!ErrorCode::cps(308).is_throttling());
    }

    proptest! {
        #[test]
        fn any_text_is_a_code_that_prints_itself(text in ".{0,12}|(CPS|APIGW|APIG)\\.[0-9]{1,6}") {
            let code = ErrorCode::parse(&text);
            prop_assert_eq!(code.to_string(), text.clone());
            prop_assert_eq!(serde_json::to_value(&code).unwrap(), serde_json::Value::from(text));
        }

        #[test]
        fn every_number_survives_its_text(number: u16) {
            for code in [ErrorCode::cps(number), ErrorCode::apigw(number), ErrorCode::apig(number)] {
                prop_assert_eq!(ErrorCode::parse(&code.to_string()), code.clone());
                prop_assert_eq!(ErrorCode::parse(&code.to_string().replace('.', "")), code);
            }
        }
    }
}
