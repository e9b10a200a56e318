//! Keeps a bad key from being locked: five bad signatures in a row lock it for five minutes, for all who use it.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use crate::Error;

/// So many refused signatures in a row, and no more is sent with this key: two clients together do not lock it.
const MOST_REFUSALS: u32 = 2;

/// Until the gateway has taken one signature, signed calls go one at a time.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    passed: AtomicBool,
    refusals: Mutex<u32>,
}

/// The right to send a signed call.
pub(super) struct Turn<'a> {
    trial: &'a Trial,
    /// `None` once a signature was taken: nobody has to wait.
    refusals: Option<MutexGuard<'a, u32>>,
}

impl Trial {
    pub(super) async fn turn(&self) -> Result<Turn<'_>, Error> {
        let alone = || !self.passed.load(Ordering::SeqCst);
        let refusals = if alone() { Some(self.refusals.lock().await) } else { None };
        // While this one waited, another may have passed.
        let refusals = refusals.filter(|_| alone());
        match refusals.as_deref() {
            Some(&refusals) if refusals >= MOST_REFUSALS => Err(Error::credentials(format_args!(
                "the gateway refused {refusals} signatures in a row, and five lock the access key: no more are sent; \
                 check access key, secret key and clock, then build the client anew",
            ))),
            _ => Ok(Turn { trial: self, refusals }),
        }
    }

    /// Forgets what came before, since the key is another.
    pub(super) async fn restart(&self) {
        *self.refusals.lock().await = 0;
        self.passed.store(false, Ordering::SeqCst);
    }
}

impl Turn<'_> {
    /// The gateway took the signature.
    pub(super) fn passed(mut self) {
        if let Some(refusals) = self.refusals.as_deref_mut() {
            *refusals = 0;
        }
        self.trial.passed.store(true, Ordering::SeqCst);
    }

    /// The gateway refused the signature.
    pub(super) async fn refused(mut self) {
        self.trial.passed.store(false, Ordering::SeqCst);
        match self.refusals.as_deref_mut() {
            Some(refusals) => *refusals += 1,
            None => *self.trial.refusals.lock().await += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_at_a_time_until_one_has_passed() {
        let trial = Trial::default();
        let first = trial.turn().await.unwrap();
        assert!(trial.turn().now_or_never().is_none());
        first.passed();
        let (_one, _other) = (trial.turn().await.unwrap(), trial.turn().await.unwrap());
    }

    #[tokio::test]
    async fn a_key_that_is_refused_again_and_again_is_not_sent() {
        let trial = Trial::default();
        for _ in 0..MOST_REFUSALS {
            trial.turn().await.unwrap().refused().await;
        }
        let error = trial.turn().await.err().unwrap();
        assert!(error.to_string().contains("five lock the access key"), "{error}");
        trial.restart().await;
        trial.turn().await.unwrap().passed();
        // One that goes bad later is tried alone again.
        trial.turn().await.unwrap().refused().await;
        let _alone = trial.turn().await.unwrap();
        assert!(trial.turn().now_or_never().is_none());
    }
}
