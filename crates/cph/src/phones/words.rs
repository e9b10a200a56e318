//! Enums that are a word on the wire.

/// Declares an enum with the vendor's word for each variant, read in any case.
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident, $what:literal {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every one of them, in the vendor's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The vendor's word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        /// The vendor's word.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// Reads the vendor's word in any case.
        impl std::str::FromStr for $name {
            type Err = $crate::Error;

            fn from_str(text: &str) -> $crate::Result<Self> {
                let found = Self::ALL.iter().find(|word| word.as_str().eq_ignore_ascii_case(text));
                found.copied().ok_or_else(|| {
                    let known = [$($word),+].join(", ");
                    let text = $crate::text::shown(text);
                    $crate::Error::invalid(format!("{text} is no {}; known are {known}", $what))
                })
            }
        }
    };
}

pub(super) use words;
