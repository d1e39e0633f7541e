//! `Plan & fix <symbol>` on a function, method or class, and `Plan & fix this file`.

use super::{Kind, Look, Offer, command};

pub(super) fn offers(look: &Look<'_>) -> Vec<Offer> {
    let Some(syntax) = look.syntax else { return Vec::new() };
    let symbol = syntax.symbol_at(look.span.start).filter(|item| !item.is_test);
    let on_symbol = symbol.map(|item| Offer::new(format!("Plan & fix {}", item.qualified), Kind::QuickFix, command::FIX, item.name_span));
    let whole = Offer::new("Plan & fix this file", Kind::Source, command::FIX, 0..syntax.text().len_bytes());
    on_symbol.into_iter().chain([whole]).collect()
}
