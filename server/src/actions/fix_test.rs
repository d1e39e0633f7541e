//! `Fix failing test <name>` — on a test function.

use super::{Kind, Look, Offer, command};

pub(super) fn offers(look: &Look<'_>) -> Vec<Offer> {
    let test = look.syntax.and_then(|syntax| syntax.symbol_at(look.span.start)).filter(|item| item.is_test);
    test.map(|item| Offer::new(format!("Fix failing test {}", item.name), Kind::QuickFix, command::FIX, item.name_span))
        .into_iter()
        .collect()
}
