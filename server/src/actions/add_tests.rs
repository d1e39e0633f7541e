//! `Add tests for <symbol>` and `Add tests for this file`.

use super::{Kind, Look, Offer, command};

pub(super) fn offers(look: &Look<'_>) -> Vec<Offer> {
    let Some(syntax) = look.syntax else { return Vec::new() };
    let symbol = syntax.symbol_at(look.span.start).filter(|item| !item.in_test_scope);
    let on_symbol =
        symbol.map(|item| Offer::new(format!("Add tests for {}", item.qualified), Kind::Refactor, command::ADD_TESTS, item.name_span));
    let whole = Offer::new("Add tests for this file", Kind::Source, command::ADD_TESTS, 0..syntax.text().len_bytes());
    on_symbol.into_iter().chain([whole]).collect()
}
