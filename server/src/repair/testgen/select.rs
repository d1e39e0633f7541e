//! Which cases to keep: the fewest that tell the code from the most mutants, and one of each way it behaves.

use std::collections::BTreeSet;

/// What is known of one case when choosing.
#[derive(Debug, Clone, Default)]
pub(super) struct Choice {
    /// Mutants it tells apart, by number.
    pub(super) kills: BTreeSet<usize>,
    /// The way the code behaves here (`raises ValueError`, `int negative`): one of each is kept.
    pub(super) behaviour: String,
    /// Rank of where the inputs come from; the lower wins a tie.
    pub(super) origin: usize,
}

/// Numbers of the cases to keep, in their order, at most `most`. `known` are mutants that existing tests tell apart already.
///
/// Greedy set cover: each step takes the case with the most new mutants; then one case for each behaviour not shown yet.
pub(super) fn choose(cases: &[Choice], known: &BTreeSet<usize>, most: usize) -> Vec<usize> {
    let mut covered = known.clone();
    let mut kept: Vec<usize> = Vec::new();
    while kept.len() < most {
        let gain = |at: &usize| cases.get(*at).map_or(0, |case| case.kills.difference(&covered).count());
        let cost = |at: &usize| cases.get(*at).map(|case| (case.origin, *at)).unwrap_or_default();
        let open = (0..cases.len()).filter(|at| !kept.contains(at));
        let Some(best) = open.max_by_key(|at| (gain(at), std::cmp::Reverse(cost(at)))).filter(|at| gain(at) > 0) else {
            break;
        };
        covered.extend(cases.get(best).into_iter().flat_map(|case| case.kills.iter().copied()));
        kept.push(best);
    }
    let mut shown: BTreeSet<&str> = kept.iter().filter_map(|at| cases.get(*at)).map(|case| case.behaviour.as_str()).collect();
    let mut rest: Vec<usize> = (0..cases.len()).filter(|at| !kept.contains(at)).collect();
    rest.sort_by_key(|at| cases.get(*at).map(|case| (case.kills.is_empty(), case.origin, *at)));
    for at in rest {
        if kept.len() < most && cases.get(at).is_some_and(|case| shown.insert(&case.behaviour)) {
            kept.push(at);
        }
    }
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(kills: &[usize], behaviour: &str, origin: usize) -> Choice {
        Choice { kills: kills.iter().copied().collect(), behaviour: behaviour.into(), origin }
    }

    #[test]
    fn the_fewest_cases_cover_all_mutants_and_behaviours() {
        let cases = [case(&[1], "int", 3), case(&[1, 2], "int", 9), case(&[3], "int", 5), case(&[], "raises", 4), case(&[3], "int", 2)];
        assert_eq!(choose(&cases, &BTreeSet::new(), 8), [1, 3, 4]);
        assert_eq!(choose(&cases, &BTreeSet::from([1, 2]), 8), [3, 4]);
        assert_eq!(choose(&cases, &BTreeSet::new(), 1), [1]);
    }
}
