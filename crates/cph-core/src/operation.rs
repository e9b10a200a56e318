//! The vendor's operations and the limits that stand with them.

/// One documented operation of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Operation {
    /// The vendor's name, such as `RestartCloudPhone`.
    pub name: &'static str,
    /// HTTP method in capitals.
    pub method: &'static str,
    /// Path template, such as `/v1/{project_id}/cloud-phone/phones`.
    pub path: &'static str,
    /// What the operations of this method and path are called together, such as `SendPhoneCommand`; `None` where it is the
    /// only one.
    pub shared: Option<&'static str>,
    /// One line on what it does.
    pub summary: &'static str,
    /// Whether it answers before the work is done.
    pub asynchronous: bool,
    /// What its jobs are about, if it starts any.
    pub job_family: Option<JobFamily>,
    /// How many targets one call may carry, if it takes several.
    pub batch: Option<Batch>,
    /// How often one user may call it, where a page says so.
    pub rate_limit: Option<RateLimit>,
    /// Whether sending it twice does no more than sending it once (assumed: idempotent-is-our-judgement).
    pub idempotent: bool,
    /// Why a tool asks a person before it makes such a call; `None` where it need not.
    pub asks: Option<Asks>,
    /// Ids of the documentation pages it was transcribed from.
    pub pages: &'static [&'static str],
    /// The IAM action a caller needs, where it is known; no page names that of a restart (assumed: restart-iam-action).
    pub iam_action: Option<&'static str>,
}

/// How many targets one call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Batch {
    /// The body field that lists the targets.
    pub field: &'static str,
    /// The documented maximum; `None` where no page states one.
    pub maximum: Option<usize>,
    /// How many we send in one call unless told otherwise.
    pub part: usize,
    /// Where `part` comes from.
    pub basis: Basis,
}

/// So many calls in so long a time.
///
/// ```
/// let limit = cph_core::Operation::find("RunSyncCommand").unwrap().rate_limit.unwrap();
/// assert_eq!((limit.calls, limit.seconds), (6, 60));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct RateLimit {
    /// How many calls.
    pub calls: u32,
    /// In how many seconds.
    pub seconds: u64,
}

/// What the jobs of an operation are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobFamily {
    /// One job per phone.
    Phone,
    /// One job per server.
    Server,
    /// One job per encoding service.
    Encoder,
}

words!(JobFamily { Phone => "phone", Server => "server", Encoder => "encoder" });

/// Why a tool asks a person before it makes a call. The number of targets is no reason here; a tool counts them itself.
///
/// ```
/// use cph_core::{Asks, Operation};
///
/// assert_eq!(Operation::find("ResetCloudPhone").unwrap().asks, Some(Asks::Erases));
/// assert_eq!(Operation::find("ListJobs").unwrap().asks, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asks {
    /// It erases or overwrites what phones, servers or stores hold.
    Erases,
    /// It spends money.
    Spends,
    /// It takes all phones of a server away for a while, or what they work with.
    Interrupts,
}

words!(Asks { Erases => "erases", Spends => "spends", Interrupts => "interrupts" });

/// Where a number or rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Basis {
    /// The vendor documents it.
    Documented,
    /// Nobody documents it; it is our reading, listed in `openapi/assumptions.toml`.
    Assumed,
}

words!(Basis { Documented => "documented", Assumed => "assumed" });

/// A documented or assumed limit of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Limit {
    /// The operation it belongs to.
    pub operation: &'static str,
    /// What is limited, such as `request_ids`.
    pub name: &'static str,
    /// The number.
    pub value: usize,
    /// What is counted, such as `ids` or `bytes`.
    pub unit: &'static str,
    /// Where the number comes from.
    pub basis: Basis,
}

impl Operation {
    /// Finds an operation by the vendor's name.
    ///
    /// ```
    /// assert_eq!(cph_core::Operation::find("ListJobs").unwrap().method, "GET");
    /// ```
    pub fn find(name: &str) -> Option<&'static Self> {
        crate::tables::OPERATIONS.iter().find(|operation| operation.name == name)
    }

    /// Every operation, by name.
    pub fn all() -> &'static [Self] {
        crate::tables::OPERATIONS
    }
}

impl Limit {
    /// Every limit, by operation and name.
    pub fn all() -> &'static [Self] {
        crate::tables::LIMITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_belongs_to_an_operation() {
        for limit in Limit::all() {
            assert!(Operation::find(limit.operation).is_some(), "{limit:?}");
        }
    }

    #[test]
    fn operations_stand_in_order_of_their_names() {
        assert!(Operation::all().is_sorted_by(|left, right| left.name < right.name));
        assert_eq!(Operation::find("RestartAllPhones"), None);
    }

    #[test]
    fn a_part_is_never_larger_than_the_maximum() {
        for batch in Operation::all().iter().filter_map(|operation| operation.batch) {
            assert!(
                batch.part > 0 && batch.maximum.is_none_or(|maximum| batch.part <= maximum),
                "{batch:?}"
            );
        }
    }
}
