//! What the checker itself suggests: rustc, clippy, pyflakes, ruff.

use super::Proposal;
use crate::proof::{Diagnostic, Severity};

/// One proposal per suggestion; those a tool calls machine-applicable come first, errors before warnings.
pub fn tool_fixes(diagnostics: &[Diagnostic]) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for diagnostic in diagnostics {
        let severity = match diagnostic.severity {
            Severity::Error => 1.0,
            Severity::Warning => 0.02,
            Severity::Note => 0.01,
        };
        for (rank, fix) in diagnostic.fixes.iter().filter(|fix| !fix.edits.is_empty()).enumerate() {
            let sure = if fix.machine_applicable { 12.0 } else { 5.0 };
            let title = format!("{} (suggested for: {})", fix.title, diagnostic.message.lines().next().unwrap_or_default());
            proposals.push(Proposal {
                edits: fix.edits.clone(),
                title,
                family: "fixes",
                weight: severity * sure / (1.0 + rank as f32 * 0.3),
            });
        }
    }
    proposals
}
