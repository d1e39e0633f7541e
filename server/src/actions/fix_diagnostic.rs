//! `Plan & fix: <diagnostic message>` — on any diagnostic, whichever server published it.

use super::{Kind, Look, Offer, command, title};

pub(super) fn offers(look: &Look<'_>) -> Vec<Offer> {
    let one = |(at, finding): (usize, &super::Finding)| {
        let mut offer = Offer::new(format!("Plan & fix: {}", title(&finding.message)), Kind::QuickFix, command::FIX, finding.span.clone());
        offer.diagnostics = vec![at];
        offer
    };
    look.diagnostics.iter().enumerate().map(one).collect()
}
