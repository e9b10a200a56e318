//! What no page says, but client or simulator rely on.

/// One thing taken for granted until a real call shows otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Assumption {
    /// Its name, such as `old-property-keys-are-taken`.
    pub name: &'static str,
    /// What is assumed.
    pub statement: &'static str,
    /// Who relies on it: `client`, `simulator`.
    pub relied_on_by: &'static [&'static str],
    /// What a real call would show.
    pub would_show: &'static str,
    /// The field of the simulator's `Assumptions` that has it behave otherwise.
    pub switch: Option<&'static str>,
}

impl Assumption {
    /// Every assumption.
    ///
    /// ```
    /// assert!(cph_core::Assumption::all().iter().all(|assumption| !assumption.relied_on_by.is_empty()));
    /// ```
    pub fn all() -> &'static [Self] {
        crate::tables::ASSUMPTIONS
    }
}
