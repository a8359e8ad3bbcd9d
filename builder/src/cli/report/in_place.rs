//! What payloads for a device with a single slot do there.

use sprag_manifest::{ManifestView, Role};

use crate::cli::ui::{Align, Table, size, thousands};

/// A line for each payload that may be applied over the old image.
pub(super) fn table(manifest: &ManifestView) -> Table {
    let mut table = Table::new([
        Align::Right,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
    ]);
    for (number, payload) in manifest.payloads.iter().enumerate() {
        if payload.in_place_group == 0 {
            continue;
        }
        table.row([
            number.to_string(),
            format!(
                "in place, groups of {}",
                size(payload.in_place_group.into())
            ),
            format!("old image up {}", size(payload.in_place_shift.into())),
            format!("scratch {}", size(payload.scratch_bytes.into())),
            match payload.erases {
                1 => "1 erase of a sector".into(),
                erases => format!("{erases} erases of a sector"),
            },
            match payload.min_operations {
                0 => String::new(),
                least => format!("{} operations between cuts", thousands(least.into())),
            },
        ]);
    }
    table
}

/// Whether devices with a single slot can go back with it.
pub(super) fn leads_back(manifest: &ManifestView) -> bool {
    manifest
        .payloads
        .iter()
        .any(|payload| payload.role == Role::Reverse)
}
