//! In which order targets go, and how far each canary step reaches. Knows no HTTP.

use std::collections::BTreeMap;

use super::share::Share;

/// The order of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Targets in sending order, step by step; those of a group stand together within a step.
    pub(crate) order: Vec<usize>,
    /// The canary step of each target.
    pub(crate) step_of: Vec<usize>,
    /// How many targets the steps up to each have.
    pub(crate) reach: Vec<usize>,
}

impl Plan {
    /// Plans `targets`, given the group and server of every target. Each canary step takes its share of every group, since a
    /// group has an image of its own to try; what the steps leave is the last one. Within a group the servers take turns.
    pub(crate) fn new(
        targets: &[usize],
        groups: &[usize],
        servers: &[Option<usize>],
        canary: &[Share],
    ) -> Self {
        let mut by_group: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &target in targets {
            by_group.entry(groups[target]).or_default().push(target);
        }
        let by_group: Vec<Vec<usize>> =
            by_group.into_values().map(|group| in_turns(&group, servers)).collect();
        let mut plan = Self { step_of: vec![0; groups.len()], ..Self::default() };
        let mut taken = vec![0; by_group.len()];
        for share in canary.iter().copied().chain([Share::Percent(100.0)]) {
            let before = plan.order.len();
            for (group, taken) in by_group.iter().zip(&mut taken) {
                let upto = share.of(group.len()).max(*taken);
                for &target in &group[*taken..upto] {
                    plan.step_of[target] = plan.reach.len();
                    plan.order.push(target);
                }
                *taken = upto;
            }
            if plan.order.len() > before {
                plan.reach.push(plan.order.len());
            }
        }
        plan
    }
}

/// One target of each server after the other; those whose server is unknown are one server more.
fn in_turns(targets: &[usize], servers: &[Option<usize>]) -> Vec<usize> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    let mut seen: BTreeMap<Option<usize>, usize> = BTreeMap::new();
    for &target in targets {
        let round = seen.entry(servers[target]).or_default();
        if *round == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[*round].push(target);
        *round += 1;
    }
    rounds.concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn servers_take_turns_and_steps_take_their_share_of_each_group() {
        let groups = [0, 0, 0, 0, 1, 1];
        let servers = [Some(7), Some(7), Some(7), Some(8), None, Some(8)];
        let steps = [Share::Count(1), Share::Percent(50.0)];
        let plan = Plan::new(&[0, 1, 2, 3, 4, 5], &groups, &servers, &steps);
        assert_eq!(plan.order, [0, 4, 3, 1, 2, 5]);
        assert_eq!(plan.reach, [2, 3, 6]);
        assert_eq!(plan.step_of, [0, 2, 2, 1, 0, 2]);
    }

    #[test]
    fn steps_that_add_nobody_are_none() {
        let plan =
            Plan::new(&[0, 1], &[0; 2], &[None; 2], &[Share::Count(2), Share::Percent(10.0)]);
        assert_eq!((plan.order, plan.reach), (vec![0, 1], vec![2]));
        assert!(Plan::new(&[], &[0; 2], &[None; 2], &[]).reach.is_empty());
    }

    fn share() -> impl Strategy<Value = Share> {
        prop_oneof![(0_usize..40).prop_map(Share::Count), (0.0..=100.0).prop_map(Share::Percent),]
    }

    proptest! {
        #[test]
        fn every_target_is_planned_once_and_groups_stand_together(
            places in prop::collection::vec((any::<bool>(), 0_usize..4, prop::option::of(0_usize..5)), 0..60),
            canary in prop::collection::vec(share(), 0..4),
        ) {
            let targets: Vec<usize> = (0..places.len()).filter(|&target| places[target].0).collect();
            let groups: Vec<usize> = places.iter().map(|place| place.1).collect();
            let servers: Vec<Option<usize>> = places.iter().map(|place| place.2).collect();
            let plan = Plan::new(&targets, &groups, &servers, &canary);
            let mut sorted = plan.order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(&sorted, &targets);
            prop_assert_eq!(plan.reach.last().copied().unwrap_or(0), targets.len());
            prop_assert!(plan.reach.is_sorted());
            let steps = plan.order.iter().map(|&target| (plan.step_of[target], groups[target]));
            prop_assert!(steps.is_sorted());
        }
    }
}
