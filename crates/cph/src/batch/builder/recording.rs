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
        let (mut groups, mut common) = (vec![0; self.len()], Vec::new());
        for (number, places) in self.groups().into_iter().enumerate() {
            common.extend(places.first().map(|&place| alone(place).0));
            for place in places {
                groups[place] = number;
            }
        }
        let targets = groups.into_iter().enumerate().map(move |(place, group)| RecordedTarget {
            id: self.targets[place].id().to_owned(),
            group,
            element: alone(place).1,
            server: None,
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
