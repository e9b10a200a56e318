//! Which targets are down: sent, and not known to be up again.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::SystemTime,
};

/// Counts targets that are down, in total and on each physical server.
#[derive(Debug)]
pub(super) struct Down {
    servers: Vec<Option<usize>>,
    total: usize,
    on: HashMap<usize, usize>,
    /// Targets whose answer was lost: they may be down until then, though nothing more will be heard of them.
    may_be: BinaryHeap<Reverse<(SystemTime, usize)>>,
}

impl Down {
    pub(super) fn new(servers: &[Option<usize>]) -> Self {
        Self { servers: servers.to_vec(), total: 0, on: HashMap::new(), may_be: BinaryHeap::new() }
    }

    pub(super) fn add(&mut self, target: usize) {
        self.total += 1;
        if let Some(server) = self.servers[target] {
            *self.on.entry(server).or_default() += 1;
        }
    }

    /// The target is up again, or will be taken to be so at that time.
    pub(super) fn remove(&mut self, target: usize, at: Option<SystemTime>) {
        if let Some(at) = at {
            self.may_be.push(Reverse((at, target)));
            return;
        }
        self.total -= 1;
        if let Some(on) = self.servers[target].and_then(|server| self.on.get_mut(&server)) {
            *on -= 1;
        }
    }

    /// Takes those for up again whose time has come.
    pub(super) fn forget(&mut self, now: SystemTime) {
        while let Some(&Reverse((at, target))) = self.may_be.peek()
            && at <= now
        {
            self.may_be.pop();
            self.remove(target, None);
        }
    }

    /// When the next of those is taken to be up.
    pub(super) fn frees_at(&self) -> Option<SystemTime> {
        self.may_be.peek().map(|Reverse((at, _))| *at)
    }

    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// How many are down on the target's server, and which it is.
    pub(super) fn beside(&self, target: usize) -> (Option<usize>, usize) {
        let server = self.servers[target];
        (server, server.and_then(|server| self.on.get(&server)).copied().unwrap_or(0))
    }
}
