//! The vocabulary of Huawei Cloud's Cloud Phone Host: ids, error codes, statuses, phone properties, operations and limits.
//!
//! Plain values without input or output; the client, the simulator and the command line all speak in them.
//!
//! ```
//! use cph_core::{ErrorCode, PhoneId, Properties};
//!
//! let phone: PhoneId = "a7f3a1c5258347d6b6f1def79e11f2bc".parse()?;
//! let property = Properties::new().hide_navigation_keys(true).to_text();
//! assert_eq!(property.as_str(), r#"{"com.cph.mainkeys":"1"}"#);
//! assert_eq!(ErrorCode::parse("CPS.0005"), ErrorCode::PHONE_NOT_FOUND);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[macro_use]
mod text;

mod assumption;
mod code;
mod event_state;
mod ids;
mod operation;
mod properties;
mod property;
mod property_text;
mod redact;
mod region;
mod status;
#[rustfmt::skip]
#[allow(clippy::pedantic, reason = "generated")]
mod tables;

pub use assumption::Assumption;
pub use code::{Class, CodeEntry, Effect, ErrorCode, Scope};
pub use event_state::EventState;
pub use ids::{
    BandWidthId, EncodeServerId, EventId, ImageId, InvalidId, JobId, PhoneId, ProjectId, RequestId,
    ServerId,
};
pub use operation::{Asks, Basis, Batch, JobFamily, Limit, Operation, RateLimit};
pub use properties::{BandwidthLimit, Properties};
pub use property::{PropertyKey, PropertyKind, TakesEffect, Vintage};
pub use property_text::{PropertyError, PropertyProblem, PropertyText};
pub use redact::{is_personal, mask_json};
pub use region::{Region, UnknownRegion};
pub use status::{
    EncodeServerFilter, EncodeServerStatus, ImageStatus, JobStatus, PhoneStatus, ReceiveStatus,
    ServerStatus, UnknownStatus,
};
pub use tables::limits;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_say_what_each_text_may_be() {
        let mut generator = schemars::SchemaGenerator::default();
        generator.subschema_for::<PhoneId>();
        generator.subschema_for::<ErrorCode>();
        generator.subschema_for::<JobStatus>();
        generator.subschema_for::<PropertyText>();
        insta::assert_json_snapshot!(generator.definitions());
    }
}
