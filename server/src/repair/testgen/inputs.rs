//! Inputs as source text, and how values for single parameters become whole calls: one parameter varied at a time around a typical
//! call, then a few diagonals, so that the number of calls grows with the parameters and not with their product.

/// Where an input comes from; earlier ones are nearer to real use and win ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Origin {
    /// An example in the documentation.
    Doc,
    /// A call elsewhere in the workspace.
    CallSite,
    /// A value of the declared type.
    #[default]
    Typed,
    /// A value guessed from names and use, so that a failure may be our own fault.
    Guess,
}

/// A parameter and what may be passed for it, the most typical value first.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    /// Name to pass it by; `None` for by position.
    pub(super) keyword: Option<String>,
    /// Whether it may be left out.
    pub(super) optional: bool,
    /// Values as source text.
    pub(super) values: Vec<String>,
    /// Where they come from.
    pub(super) origin: Origin,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Call {
    /// The object, for a method.
    pub(super) receiver: Option<String>,
    /// Positional arguments.
    pub(super) args: Vec<String>,
    /// Keyword arguments.
    pub(super) kwargs: Vec<(String, String)>,
    /// Where the inputs come from.
    pub(super) origin: Origin,
    /// What the documentation says comes out.
    pub(super) expected: Option<String>,
    /// Whether an existing test makes this very call.
    pub(super) tested: bool,
    /// Which argument makes this call special (index over `args`, then `kwargs`).
    pub(super) varied: Option<usize>,
}

impl Call {
    /// All argument texts, positional ones first.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.args.iter().map(String::as_str).chain(self.kwargs.iter().map(|(_, text)| text.as_str()))
    }

    /// `1, 2, key=3`.
    pub(super) fn list(&self) -> String {
        let keywords = self.kwargs.iter().map(|(name, text)| format!("{name}={text}"));
        self.args.iter().cloned().chain(keywords).collect::<Vec<_>>().join(", ")
    }

    /// Whether both make the same call, however it was found.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.receiver == other.receiver && self.args == other.args && self.kwargs == other.kwargs
    }
}

/// Calls from pools, at most `most`, no two alike. For a method the first pool is the receiver's.
pub(super) fn combine(pools: &[Pool], method: bool, most: usize) -> Vec<Call> {
    let mut picks: Vec<(Vec<Option<usize>>, Option<usize>)> = Vec::new();
    let base: Vec<Option<usize>> = pools.iter().map(|pool| (!pool.optional).then_some(0)).collect();
    picks.push((base.clone(), None));
    let longest = pools.iter().map(|pool| pool.values.len()).max().unwrap_or_default();
    for value in 0..longest {
        for (at, pool) in pools.iter().enumerate() {
            if value < pool.values.len() && (value > 0 || pool.optional) {
                let mut pick = base.clone();
                if let Some(place) = pick.get_mut(at) {
                    *place = Some(value);
                }
                picks.push((pick, Some(at)));
            }
        }
    }
    for step in 1..=longest.max(3) * usize::from(pools.len() > 1) {
        let diagonal = |(at, pool): (usize, &Pool)| (step * (at + 1) + at).checked_rem(pool.values.len());
        picks.push((pools.iter().enumerate().map(diagonal).collect(), None));
    }
    let mut calls: Vec<Call> = Vec::new();
    for (pick, varied) in picks {
        let Some(call) = build(pools, &pick, varied, method) else { continue };
        if calls.len() < most && !calls.iter().any(|old| old.same(&call)) {
            calls.push(call);
        }
    }
    calls
}

fn build(pools: &[Pool], pick: &[Option<usize>], varied: Option<usize>, method: bool) -> Option<Call> {
    let mut call = Call { origin: Origin::Doc, ..Call::default() };
    for (at, (pool, value)) in pools.iter().zip(pick).enumerate() {
        let Some(value) = value else { continue };
        let text = pool.values.get(*value)?.clone();
        call.origin = call.origin.max(pool.origin);
        if at == 0 && method {
            call.receiver = Some(text);
            continue;
        }
        if varied == Some(at) {
            call.varied = Some(call.args.len() + call.kwargs.len());
        }
        match &pool.keyword {
            Some(name) => call.kwargs.push((name.clone(), text)),
            None => call.args.push(text),
        }
    }
    call.origin = call.origin.max(Origin::Typed);
    Some(call)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(values: &[&str], keyword: Option<&str>) -> Pool {
        let values = values.iter().map(|text| (*text).to_owned()).collect();
        Pool { keyword: keyword.map(str::to_owned), optional: keyword.is_some(), values, origin: Origin::Typed }
    }

    #[test]
    fn one_parameter_varies_at_a_time_and_no_call_comes_twice() {
        let calls = combine(&[pool(&["1", "0"], None), pool(&["'a'", "''"], None), pool(&["True"], Some("strict"))], false, 50);
        let lists: Vec<String> = calls.iter().map(Call::list).collect();
        assert_eq!(lists.first().unwrap(), "1, 'a'");
        for wanted in ["0, 'a'", "1, ''", "1, 'a', strict=True"] {
            assert!(lists.iter().any(|list| list == wanted), "{wanted} is missing from {lists:?}");
        }
        let unique: std::collections::BTreeSet<&String> = lists.iter().collect();
        assert_eq!(unique.len(), lists.len());
        assert_eq!(calls.iter().find(|call| call.list() == "0, 'a'").unwrap().varied, Some(0));
    }

    #[test]
    fn a_method_takes_its_receiver_from_the_first_pool() {
        let calls = combine(&[pool(&["Cart()", "Cart(1)"], None), pool(&["2"], None)], true, 50);
        assert_eq!((calls[0].receiver.as_deref(), calls[0].list()), (Some("Cart()"), "2".into()));
        assert!(calls.iter().any(|call| call.receiver.as_deref() == Some("Cart(1)")));
    }
}
