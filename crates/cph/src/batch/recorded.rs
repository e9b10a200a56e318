//! A batch taken apart: what its calls have in common, and what each target adds. So it can be written down and put
//! together again.

use cph_core::{JobFamily, Operation};
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Answer, Options, builder::BatchKind, outcome::TargetOutcome as _};
use crate::{Client, Result};

/// A checked batch, as it is written down.
pub(crate) struct Recording<'a> {
    pub(crate) client: &'a Client,
    pub(crate) operation: &'static Operation,
    pub(crate) options: Options,
    /// The common bodies.
    pub(crate) common: Vec<Value>,
    pub(crate) targets: Box<dyn ExactSizeIterator<Item = RecordedTarget> + 'a>,
}

/// What a target adds to a call. There is no debug output: an element may hold personal values.
pub(crate) struct RecordedTarget {
    pub(crate) id: String,
    /// Which of the common bodies its call has.
    pub(crate) group: usize,
    /// Its element of the operation's batch field, as it goes on the wire.
    pub(crate) element: Value,
    /// The server that it is on, where that is known.
    pub(crate) server: Option<String>,
}

/// The body of a call for one target, as what is common and the target's own element.
pub(crate) fn take_apart(operation: &Operation, mut body: Value) -> (Value, Value) {
    let elements = operation
        .batch
        .and_then(|batch| body.as_object_mut()?.get_mut(batch.field)?.as_array_mut());
    let element = elements.and_then(Vec::pop).unwrap_or_default();
    (body, element)
}

/// The body of a call for these elements.
pub(crate) fn put_together<'a>(
    operation: &Operation,
    common: &Value,
    elements: impl IntoIterator<Item = &'a Value>,
) -> Value {
    let mut body = common.clone();
    let place = operation
        .batch
        .and_then(|batch| body.as_object_mut()?.get_mut(batch.field)?.as_array_mut());
    if let Some(place) = place {
        place.extend(elements.into_iter().cloned());
    }
    body
}

/// Makes the call whose body was put together, for these targets.
pub(crate) type Resend = fn(Client, Vec<String>, Value) -> BoxFuture<'static, Result<Answer>>;

fn resend<K: BatchKind>(
    client: Client,
    targets: Vec<String>,
    body: Value,
) -> BoxFuture<'static, Result<Answer>> {
    Box::pin(async move {
        let body = K::recorded(&targets, body).map_err(crate::Error::invalid)?;
        K::send(client, body).await
    })
}

/// How a call of this operation is made again from what was written down, and whose jobs tell of its targets; `None` if it
/// is no batch operation that changes anything.
pub(crate) fn resend_of(operation: &str) -> Option<(Resend, JobFamily)> {
    fn kind<K: BatchKind>() -> (&'static str, Resend, JobFamily) {
        (K::OPERATION, resend::<K>, K::Outcome::FAMILY)
    }
    macro_rules! kinds {
        ($($kind:ident)+) => { [$(kind::<crate::$kind>()),+] };
    }
    let kinds = kinds! {
        RestartPhones ResetPhones StopPhones UpdatePhoneProperties SetPhoneTraffic ExpandPhoneVolumes
        PushFileToPhones InstallApkOnPhones UninstallApkFromPhones RunShellOnPhones RunSyncOnPhones
        ExportPhoneData ImportPhoneData
        RestartServers ChangeServer DeleteServers AttachFilesystem DetachFilesystem UpdateKeypairs
        PushSharedApp DeleteSharedApp PushSharedFiles DeleteSharedFiles
        RestartEncodeServers
    };
    let found = kinds.into_iter().find(|(name, ..)| *name == operation);
    found.map(|(_, resend, family)| (resend, family))
}
