//! `Do this: …` and `Plan this: …` on a TODO, FIXME or `lamplighter:` comment: the goal in words, for editors without an input box.

use super::{Kind, Look, Offer, command, title};

pub(super) fn offers(look: &Look<'_>) -> Vec<Offer> {
    let Some(todo) = look.syntax.and_then(|syntax| syntax.comment_at(look.span.start)) else { return Vec::new() };
    let entry = |verb: &str, command| Offer {
        goal: Some(todo.goal.clone()),
        ..Offer::new(format!("{verb} this: {}", title(&todo.goal)), Kind::QuickFix, command, todo.span.clone())
    };
    vec![entry("Do", command::DO), entry("Plan", command::PLAN)]
}
