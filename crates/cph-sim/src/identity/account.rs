//! The account that the simulator knows.

use crate::chance;

/// The region that the simulator pretends to be in, and the name of its projects.
pub(crate) const REGION: &str = "cn-north-4";

/// One account with one user, who has one permanent access key.
pub(crate) struct Account {
    pub(crate) domain: Named,
    pub(crate) user: Named,
    pub(crate) password: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    /// A token of the project that never expires.
    pub(crate) token: String,
    /// The project of the phones.
    pub(crate) project: String,
    /// The ids of the projects that IAM knows; all have the name of the region.
    pub(super) projects: Vec<String>,
}

pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Account {
    pub(crate) fn new(seed: u64, projects: usize) -> Self {
        let named =
            |what, name: &str| Named { id: chance::id(seed, what, 0), name: name.to_owned() };
        let project = |number| chance::id(seed, "project", number);
        Self {
            domain: named("domain", "simulated-account"),
            user: named("user", "simulated-user"),
            password: chance::key(seed, "password", 20),
            access_key: chance::key(seed, "access key", 20),
            secret_key: chance::key(seed, "secret key", 40),
            token: chance::key(seed, "token", 64),
            project: project(0),
            projects: (0..projects as u64).map(project).collect(),
        }
    }
}
