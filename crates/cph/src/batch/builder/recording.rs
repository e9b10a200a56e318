//! A batch as it is written down before it starts.

use serde_json::json;

use super::{Batch, BatchKind, Target as _};
use crate::{
    Result,
    batch::recorded::{RecordedTarget, Recording, take_apart},
};

impl<K: BatchKind> Batch<K> {
    /// Checks everything and takes the calls apart. Targets are made one by one, as they are asked for.
    pub(crate) fn recording(&self) -> Result<Recording<'_>> {
        let (_, options) = self.check()?;
        let operation = self.operation();
        let alone = move |place: usize| {
            take_apart(operation, json!(self.kind.body(&[&self.targets[place]])))
        };
        let groups = self.groups();
        let mut common = Vec::new();
        for (place, &group) in groups.iter().enumerate() {
            if group == common.len() {
                common.push(alone(place).0);
            }
        }
        let targets = groups.into_iter().enumerate().map(move |(place, group)| RecordedTarget {
            id: self.targets[place].id().to_owned(),
            group,
            element: alone(place).1,
            server: self.server(place).map(str::to_owned),
        });
        Ok(Recording {
            client: &self.client,
            operation,
            options,
            common,
            targets: Box::new(targets),
        })
    }
}
