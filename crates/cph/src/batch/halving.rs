//! Finding the bad target of a refused part: it is halved until the culprit is alone.

use cph_core::ErrorCode;

/// The search within one refused part. It hands out pieces one at a time and is told what came of each.
///
/// It ends when every piece was accepted or is a single target, and gives up when that is hopeless: after
/// `4 + 2·log2(n)` refusals in a row, or when twice in a row both halves of a piece were refused with the same code.
#[derive(Debug)]
pub(crate) struct Halving {
    /// Refused pieces of more than one target, to be halved.
    refused: Vec<Vec<usize>>,
    /// The halves of the piece that is being looked into, the next one last.
    halves: Vec<Vec<usize>>,
    /// Codes with which halves of that piece were refused.
    codes: Vec<ErrorCode>,
    barren: u32,
    limit: u32,
    equal_pairs: u32,
}

/// What to do with a piece that was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It will be halved.
    Halve,
    /// It is a single target: the culprit.
    Culprit(usize),
    /// The search ends: it and the [`rest`](Halving::rest) stay refused.
    GiveUp,
}

impl Halving {
    /// Starts from a part of at least two targets that was refused.
    pub(crate) fn new(part: Vec<usize>) -> Self {
        let limit = 4 + 2 * part.len().ilog2();
        Self {
            refused: vec![part],
            halves: Vec::new(),
            codes: Vec::new(),
            barren: 0,
            limit,
            equal_pairs: 0,
        }
    }

    /// The next piece to send; `None` when the search is over.
    pub(crate) fn next(&mut self) -> Option<Vec<usize>> {
        if self.halves.is_empty() {
            let mut first = self.refused.pop()?;
            let second = first.split_off(first.len() / 2);
            self.halves = vec![second, first];
            self.codes.clear();
        }
        self.halves.pop()
    }

    /// A piece was accepted, or ended in any way but a refusal.
    pub(crate) fn not_refused(&mut self) {
        self.barren = 0;
        self.equal_pairs = 0;
    }

    /// A piece was refused.
    pub(crate) fn refused(&mut self, piece: Vec<usize>, code: ErrorCode) -> Verdict {
        self.barren += 1;
        self.codes.push(code);
        if let [first, second] = self.codes.as_slice() {
            self.equal_pairs = if first == second { self.equal_pairs + 1 } else { 0 };
        }
        if self.equal_pairs == 2 || self.barren >= self.limit {
            return Verdict::GiveUp;
        }
        if let [culprit] = piece.as_slice() {
            return Verdict::Culprit(*culprit);
        }
        self.refused.push(piece);
        Verdict::Halve
    }

    /// Every target that the search has not decided about; ends the search.
    pub(crate) fn rest(&mut self) -> Vec<usize> {
        self.refused.drain(..).chain(self.halves.drain(..)).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Plays the service: a piece is refused when it holds a bad target. Returns calls made, targets accepted, refused.
    fn search(n: usize, bad: &BTreeSet<usize>) -> (u32, BTreeSet<usize>, BTreeSet<usize>) {
        let mut halving = Halving::new((0..n).collect());
        let (mut calls, mut accepted, mut refused) = (1, BTreeSet::new(), BTreeSet::new());
        while let Some(piece) = halving.next() {
            calls += 1;
            if piece.iter().any(|target| bad.contains(target)) {
                match halving.refused(piece.clone(), ErrorCode::INVALID_PHONE_ID) {
                    Verdict::Halve => {}
                    Verdict::Culprit(target) => assert!(refused.insert(target)),
                    Verdict::GiveUp => refused.extend(piece.into_iter().chain(halving.rest())),
                }
            } else {
                halving.not_refused();
                accepted.extend(piece);
            }
        }
        (calls, accepted, refused)
    }

    #[test]
    fn one_culprit_among_a_hundred_is_found_within_the_bound() {
        for culprit in 0..100 {
            let (calls, accepted, refused) = search(100, &BTreeSet::from([culprit]));
            assert!(f64::from(calls) <= 4.0 + 2.0 * 100_f64.log2(), "{calls} calls");
            assert_eq!((accepted.len(), refused), (99, BTreeSet::from([culprit])));
        }
    }

    #[test]
    fn a_fault_of_all_is_given_up_after_two_pairs() {
        let (calls, accepted, refused) = search(100, &(0..100).collect());
        assert_eq!((calls, accepted.len(), refused.len()), (5, 0, 100));
    }

    proptest! {
        #[test]
        fn every_target_is_decided_once_and_no_bad_one_is_accepted(n in 2_usize..200, bad in prop::collection::btree_set(0_usize..200, 0..6)) {
            let bad: BTreeSet<usize> = bad.into_iter().filter(|target| *target < n).collect();
            prop_assume!(!bad.is_empty());
            let (_, accepted, refused) = search(n, &bad);
            prop_assert!(accepted.is_disjoint(&refused));
            prop_assert_eq!(accepted.len() + refused.len(), n);
            prop_assert!(bad.is_subset(&refused));
        }
    }
}
