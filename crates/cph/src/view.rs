//! From the generated types of answers to this crate's own: ids and statuses typed, everything else as it came.

use cph_core::{
    BandWidthId, EncodeServerId, EncodeServerStatus, EventId, ImageId, ImageStatus, InvalidId,
    JobId, PhoneId, PhoneStatus, ProjectId, ServerId, ServerStatus,
};

use crate::Error;

/// What this crate makes of a part of an answer. The only thing that cannot be made good is an unusable id.
pub(crate) trait View<Raw>: Sized {
    fn view(raw: Raw) -> Result<Self, InvalidId>;

    /// The same of a field that may be missing.
    fn optional(raw: Raw) -> Result<Option<Self>, InvalidId> {
        Self::view(raw).map(Some)
    }
}

/// What this crate makes of a whole answer.
pub(crate) fn view<V: View<Raw>, Raw>(raw: Raw, operation: &'static str) -> crate::Result<V> {
    // The id itself is not quoted: nobody knows what stands there instead of one.
    V::view(raw)
        .map_err(|_| Error::unreadable(200, "an id that is unusable").with_operation(operation))
}

impl<V: View<Raw>, Raw> View<Option<Raw>> for Option<V> {
    fn view(raw: Option<Raw>) -> Result<Self, InvalidId> {
        raw.map_or(Ok(None), V::optional)
    }
}

/// A list that is missing is empty.
impl<V: View<Raw>, Raw> View<Option<Vec<Raw>>> for Vec<V> {
    fn view(raw: Option<Vec<Raw>>) -> Result<Self, InvalidId> {
        raw.unwrap_or_default().into_iter().map(V::view).collect()
    }
}

macro_rules! as_it_comes {
    ($($type:ty),+) => {
        $(impl View<Self> for $type {
            fn view(raw: Self) -> Result<Self, InvalidId> {
                Ok(raw)
            }
        })+
    };
}

as_it_comes!(String, i64, f64, bool, serde_json::Value);

/// A thing's own id must be there; ids of other things may be missing, and an empty text is none.
macro_rules! ids {
    ($($id:ty),+) => {
        $(
            impl View<String> for $id {
                fn view(raw: String) -> Result<Self, InvalidId> {
                    raw.try_into()
                }

                fn optional(raw: String) -> Result<Option<Self>, InvalidId> {
                    if raw.is_empty() { Ok(None) } else { Self::view(raw).map(Some) }
                }
            }

            impl View<Option<String>> for $id {
                fn view(raw: Option<String>) -> Result<Self, InvalidId> {
                    raw.unwrap_or_default().try_into()
                }
            }
        )+
    };
}

ids!(BandWidthId, EncodeServerId, EventId, ImageId, JobId, PhoneId, ProjectId, ServerId);

macro_rules! statuses {
    ($($status:ty),+) => {
        $(impl View<i64> for $status {
            fn view(raw: i64) -> Result<Self, InvalidId> {
                Ok(Self::from_code(raw))
            }
        })+
    };
}

statuses!(EncodeServerStatus, ImageStatus, PhoneStatus, ServerStatus);

/// Declares a type of this crate with the vendor's field names, and how it is made from the generated one.
///
/// `kind as "type" from type_` is for a field that is called otherwise here.
macro_rules! views {
    ($(
        $(#[$doc:meta])*
        pub struct $name:ident from $raw:ty {
            $($(#[$field_doc:meta])* $field:ident $(as $wire:literal from $raw_field:ident)?: $type:ty,)+
        }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, serde::Serialize)]
            #[non_exhaustive]
            pub struct $name {
                $($(#[$field_doc])* $(#[serde(rename = $wire)])? pub $field: $type,)+
            }

            impl $name {
                /// The names of its fields, as they are serialised.
                pub const FIELDS: &'static [&'static str] =
                    &[$($crate::view::name!($field $(, $wire)?)),+];
            }

            impl $crate::view::View<$raw> for $name {
                fn view(raw: $raw) -> Result<Self, cph_core::InvalidId> {
                    Ok(Self {
                        $($field: $crate::view::View::view($crate::view::field!(raw, $field $(, $raw_field)?))?,)+
                    })
                }
            }
        )+
    };
}

/// The field of a generated type under its name there.
macro_rules! field {
    ($raw:ident, $field:ident) => {
        $raw.$field
    };
    ($raw:ident, $field:ident, $raw_field:ident) => {
        $raw.$raw_field
    };
}

/// The vendor's name of a field.
macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident, $wire:literal) => {
        $wire
    };
}

pub(crate) use {field, name, views};
