//! The fault library as a page: docs/FAULTS.md.

use core::fmt::Write as _;

use super::{Explanation, Stage, explanations, shown};
use crate::diagnose::FIELD_CAUSES;

const HEAD: &str = "\
# Fault library

What can go wrong with an update, stage by stage: every code with its symptom, cause and remedy, and the command of this repository
that brings it about. `sprag explain CODE` prints one entry, `sprag explain --json` all of them, `sprag diagnose LOG` ranks those that
a log speaks for. This page is made from the same tables; a test compares them, and with `SPRAG_BLESS=1` writes it.

Stages are those that an update goes through: *release* before a package leaves the pipeline, *download* for the bytes and the room for
them, *integrity* for whether they are whole, ours and for this device, *backup* for the old image and what is staged, *write* for the
new image in flash, *boot* for choosing and starting it, *operation* for the new image at work. Codes never move (docs/FORMAT.md).
";

/// The page.
#[must_use]
pub fn fault_library() -> String {
    let mut page = String::from(HEAD);
    for stage in Stage::ALL {
        let _ = write!(page, "\n## Stage {stage}\n");
        for e in explanations().iter().filter(|e| Stage::of(e.code) == stage) {
            push(&mut page, e);
        }
        for field in FIELD_CAUSES.iter().filter(|field| field.stage == stage) {
            let _ = write!(
                page,
                "\n### {}\n\n{} It has no code: it befalls devices around an update.\n\n- *Cause:* {}\n- *Remedy:* {}\n- *Shown by:* `cargo test -p sprag --lib diagnose::tests::every_wording_has_its_line`\n",
                field.name, field.meaning, field.cause, field.remedy,
            );
        }
    }
    page
}

fn push(page: &mut String, e: &Explanation) {
    use super::Shown;
    let how = match shown(e.code) {
        Some(how @ Shown::Test { .. }) => format!("`{how}`"),
        Some(how @ Shown::Not(_)) => how.to_string(),
        None => "nothing yet".into(),
    };
    let _ = write!(
        page,
        "\n### {} {}\n\n{}\n\n- *Cause:* {}\n- *Remedy:* {}\n- *Shown by:* {how}\n",
        e.code, e.name, e.meaning, e.cause, e.remedy,
    );
}
