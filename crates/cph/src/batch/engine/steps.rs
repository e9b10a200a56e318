//! Canary steps: how far the run may go, and when it has seen too many errors.

use crate::{Share, batch::plan::Plan};

/// The step that the run is at. A step is over when all of its targets and those before have settled.
#[derive(Debug)]
pub(super) struct Steps {
    step_of: Vec<usize>,
    /// How many targets the steps up to each have.
    reach: Vec<usize>,
    /// Targets of each step that have not settled.
    unsettled: Vec<usize>,
    present: usize,
    errors: usize,
    max_errors: Option<Share>,
}

impl Steps {
    pub(super) fn new(plan: Plan, max_errors: Option<Share>) -> Self {
        let Plan { step_of, reach, order } = plan;
        // Targets that are no part of the plan belong to no step.
        let mut steps = Self {
            step_of: vec![usize::MAX; step_of.len()],
            unsettled: vec![0; reach.len()],
            reach,
            present: 0,
            errors: 0,
            max_errors,
        };
        for target in order {
            steps.step_of[target] = step_of[target];
            steps.unsettled[step_of[target]] += 1;
        }
        steps
    }

    /// Whether the target may be sent by now.
    pub(super) fn is_open(&self, target: usize) -> bool {
        self.step_of[target] <= self.present
    }

    /// A target has settled, which may end the step.
    pub(super) fn settled(&mut self, target: usize, is_error: bool) {
        self.errors += usize::from(is_error);
        if let Some(unsettled) = self.unsettled.get_mut(self.step_of[target]) {
            *unsettled -= 1;
        }
        while self.unsettled.get(self.present) == Some(&0)
            && self.present + 1 < self.unsettled.len()
            && self.too_many_errors().is_none()
        {
            self.present += 1;
            tracing::info!(step = self.present + 1, upto = self.reach[self.present], "canary step");
        }
    }

    /// The errors so far, if they are more than may be among the targets of the steps so far.
    pub(super) fn too_many_errors(&self) -> Option<usize> {
        let reached = self.reach.get(self.present).copied().unwrap_or(0);
        let most = self.max_errors?.within(reached);
        (self.errors > most).then_some(self.errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(max_errors: &str) -> Steps {
        let canary = [Share::Count(1), Share::Percent(50.0)];
        let plan = Plan::new(&[0, 1, 2, 3], &[0; 5], &[None; 5], &canary);
        Steps::new(plan, Some(max_errors.parse().unwrap()))
    }

    #[test]
    fn a_step_opens_when_those_before_have_settled() {
        let mut steps = steps("100%");
        let open = |steps: &Steps| (0..5).filter(|&target| steps.is_open(target)).count();
        assert_eq!(open(&steps), 1);
        steps.settled(4, false);
        assert_eq!(open(&steps), 1);
        steps.settled(0, true);
        assert_eq!(open(&steps), 2);
        steps.settled(1, true);
        assert_eq!(open(&steps), 4);
    }

    #[test]
    fn a_share_of_errors_is_one_of_the_steps_so_far() {
        let mut few = steps("50%");
        few.settled(0, true);
        assert_eq!(few.too_many_errors(), Some(1));
        let mut later = steps("50%");
        later.settled(0, false);
        later.settled(1, true);
        assert_eq!(later.too_many_errors(), None);
        later.settled(2, true);
        assert_eq!(later.too_many_errors(), None);
        later.settled(3, true);
        assert_eq!(later.too_many_errors(), Some(3));
    }
}
