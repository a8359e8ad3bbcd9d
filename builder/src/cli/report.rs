//! Packages in text: what `inspect`, `build` and `verify` print.

mod in_place;
mod simulate;

pub(super) use simulate::{simulated, verdict};

use core::fmt::Write as _;
use std::path::Path;

use sprag_manifest::{ManifestView, RequirementView, Role};

use super::ui::{Align, Table, percent, size, thousands};
use crate::inspect::{Inspection, PayloadInspection, SegmentView, StreamInspection};

/// Columns of a bar that shows a share of the package.
const BAR_LEN: u64 = 32;

/// The whole picture of a package.
pub(super) fn picture(inspection: &Inspection) -> String {
    let manifest = &inspection.manifest;
    let mut text = String::new();
    let mut part = |title: &str, table: &Table| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{title}\n{}\n", indented(table));
    };
    part("package", &package_table(inspection));
    part(
        "signatures (not checked here: sprag verify)",
        &signature_table(inspection),
    );
    part("made for", &binding_table(manifest));
    part("images", &image_table(inspection));
    part("payloads", &payload_table(&inspection.payloads));
    let streams = stream_table(&inspection.payloads);
    if !streams.is_empty() {
        part("what the streams say of the images", &streams);
    }
    let in_place = in_place::table(manifest);
    if !in_place.is_empty() {
        part("on a device with a single slot", &in_place);
    }
    part("where the bytes go", &share_table(inspection));
    text.push_str(&warnings(inspection));
    text
}

/// What `build` says of the package it wrote.
pub(super) fn built(inspection: &Inspection, path: &Path) -> String {
    let full = u64::from(inspection.target.bytes);
    let mut text = format!(
        "{}: {}, {} of the full image\n",
        crate::input::shown(path),
        size(inspection.package_bytes),
        percent(inspection.package_bytes, full),
    );
    text.push_str(&indented(&payload_table(&inspection.payloads)));
    text.push_str(&indented(&stream_table(&inspection.payloads)));
    text.push_str(&indented(&in_place::table(&inspection.manifest)));
    let versions: Vec<&str> = inspection
        .manifest
        .sources
        .iter()
        .map(|source| source.version.as_str())
        .collect();
    let _ = writeln!(
        text,
        "  proven on simulated flash: {} makes {}{}, sha256 {}",
        if versions.is_empty() {
            "any version".into()
        } else {
            versions.join(", ")
        },
        inspection.target.version,
        match in_place::leads_back(&inspection.manifest) {
            true => ", and the way back",
            false => "",
        },
        inspection.target.sha256,
    );
    text
}

/// What `verify` says of a package that passed.
pub(super) fn verified(
    manifest: &ManifestView,
    signer: &str,
    blocks: u64,
    bindings_checked: bool,
    validity: &str,
    minisig_comment: Option<&str>,
    has_lms: bool,
) -> String {
    let bindings = if bindings_checked {
        "checked against the device profile"
    } else {
        "NOT CHECKED: pass --device profile.toml"
    };
    let mut table = Table::new([Align::Left, Align::Left]);
    table.row(["signature", &format!("good, by key {signer}")]);
    if let Some(comment) = minisig_comment {
        table.row([
            "minisign",
            &format!(
                "good, trusted comment: {}",
                crate::printable::printable(comment)
            ),
        ]);
    }
    if has_lms {
        table.row([
            "HSS-LMS",
            "NOT CHECKED: there is a signature, and only devices check it",
        ]);
    }
    table
        .row([
            "blocks",
            &format!(
                "{} of {} have their hash",
                thousands(blocks),
                thousands(blocks)
            ),
        ])
        .row(["bindings", bindings])
        .row(["validity", validity]);
    format!(
        "good\n{}made for\n{}",
        indented(&table),
        indented(&binding_table(manifest))
    )
}

fn package_table(inspection: &Inspection) -> Table {
    let mut table = Table::new([Align::Left, Align::Left]);
    table
        .row(["size", &size(inspection.package_bytes)])
        .row(["sha256", &inspection.package_sha256.to_string()])
        .row(["manifest", &inspection.manifest_sha256.to_string()])
        .row([
            String::new(),
            format!(
                "{} at offset {}",
                size(inspection.manifest_bytes),
                thousands(inspection.manifest_offset)
            ),
        ]);
    table
}

fn signature_table(inspection: &Inspection) -> Table {
    let mut table = Table::new([Align::Left, Align::Left]);
    for signature in &inspection.signatures {
        table.row([
            format!("key {}", signature.minisign_id),
            signature.algorithm.clone(),
        ]);
    }
    table
}

fn binding_table(manifest: &ManifestView) -> Table {
    let mut table = Table::new([Align::Left, Align::Left]);
    table
        .row(["vendor", &manifest.vendor])
        .row(["product", &manifest.product])
        .row(["hardware", &manifest.hardware.join(", ")])
        .row(["isa", manifest.isa.name()])
        .row(["sequence", &manifest.sequence.to_string()])
        .row(["security counter", &manifest.security_counter.to_string()]);
    let mut optional = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            table.row([name, &value]);
        }
    };
    optional("bootloader", manifest.bootloader.as_ref().map(requirement));
    optional("os", manifest.os.as_ref().map(requirement));
    optional("layout", manifest.layout.clone());
    optional(
        "load address",
        manifest.target.load_address.map(|at| format!("{at:#010x}")),
    );
    optional(
        "not before",
        manifest
            .validity
            .not_before
            .map(|at| format!("{at} s Unix time")),
    );
    optional(
        "not after",
        manifest
            .validity
            .not_after
            .map(|at| format!("{at} s Unix time")),
    );
    let preconditions = &manifest.preconditions;
    optional(
        "battery",
        preconditions
            .min_battery_percent
            .map(|min| format!("{min} % or more")),
    );
    optional(
        "storage",
        preconditions
            .min_free_storage
            .map(|min| format!("{} free", size(min.into()))),
    );
    optional(
        "temperature",
        match (preconditions.min_temperature, preconditions.max_temperature) {
            (None, None) => None,
            (Some(min), None) => Some(format!("{min} degrees Celsius or more")),
            (None, Some(max)) => Some(format!("{max} degrees Celsius or less")),
            (Some(min), Some(max)) => Some(format!("{min} to {max} degrees Celsius")),
        },
    );
    optional(
        "free RAM",
        preconditions
            .min_free_ram
            .map(|min| format!("{} beside the update", size(min.into()))),
    );
    optional(
        "time of day",
        preconditions.window.map(|window| format!("{window} UTC")),
    );
    optional(
        "key set",
        manifest
            .keyset_version
            .map(|min| format!("version {min} or later")),
    );
    table
}

fn requirement(requirement: &RequirementView) -> String {
    let bound = |version: Option<sprag_manifest::PackedVersion>| {
        version.map_or_else(String::new, |version| version.to_string())
    };
    match (requirement.min, requirement.max) {
        (None, None) => requirement.id.clone(),
        (min, max) => format!("{} {}..{}", requirement.id, bound(min), bound(max)),
    }
}

fn image_table(inspection: &Inspection) -> Table {
    let mut table = Table::new([Align::Left, Align::Left, Align::Right, Align::Left]);
    let sources = inspection
        .manifest
        .sources
        .iter()
        .map(|source| ("old", source));
    for (side, image) in sources.chain([("new", &inspection.target)]) {
        table.row([
            side,
            &image.version,
            &format!("{} B", thousands(image.bytes.into())),
            &format!("sha256 {}", image.sha256),
        ]);
    }
    table
}

fn payload_table(payloads: &[PayloadInspection]) -> Table {
    let mut table = Table::new([
        Align::Right,
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Left,
        Align::Left,
        Align::Left,
    ]);
    for (number, payload) in payloads.iter().enumerate() {
        let for_whom = match &payload.source_version {
            Some(version) if payload.role == Role::Reverse.name() => format!("to {version}"),
            Some(version) => format!("from {version}"),
            None => "from any".into(),
        };
        let blocks = match payload.blocks {
            1 => "1 block".into(),
            blocks => format!("{} blocks", thousands(blocks.into())),
        };
        let whole = match (payload.missing_bytes, payload.bad_blocks.len()) {
            (0, 0) => "hashes right".into(),
            (0, bad) => format!("{bad} BAD"),
            _ => "CUT OFF".into(),
        };
        table.row([
            format!("{number}"),
            format!("{} {for_whom}", payload.role),
            payload.codec.name().into(),
            format!("{} B", thousands(payload.payload_bytes)),
            format!("{blocks}, {whole}"),
            format!("decoder {} B", thousands(payload.ram_bytes.into())),
            format!("RAM {} B in all", thousands(payload.total_ram_bytes.into())),
        ]);
    }
    table
}

/// A line for each stream of a native codec.
fn stream_table(payloads: &[PayloadInspection]) -> Table {
    let mut table = Table::new([
        Align::Right,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Left,
    ]);
    for (number, payload) in payloads.iter().enumerate() {
        let Some(stream) = &payload.stream else {
            continue;
        };
        let ram = match (stream.ram_address, stream.ram_bytes) {
            (_, 0) => String::new(),
            (start, len) => format!("RAM {start:#x}..{:#x}", u64::from(start) + u64::from(len)),
        };
        let regions = match stream.regions {
            0 => String::new(),
            more => format!("{} regions", thousands(u64::from(more) + 1)),
        };
        table.row([
            format!("{number}"),
            format!("profile {}", size(stream.profile_bytes)),
            format!("isa {}", stream.isa),
            segments(stream),
            ram,
            regions,
        ]);
    }
    table
}

/// Where the images lie in memory; once, if both lie alike.
fn segments(stream: &StreamInspection) -> String {
    let list = |segments: &[SegmentView]| {
        let places = segments.iter().map(|segment| match segment.offset {
            0 => format!("{:#x}", segment.address),
            offset => format!(
                "{:#x} from byte {}",
                segment.address,
                thousands(offset.into())
            ),
        });
        places.collect::<Vec<_>>().join(", ")
    };
    let (old, new) = (list(&stream.old_segments), list(&stream.new_segments));
    match (old.is_empty(), old == new) {
        (true, _) => String::new(),
        (_, true) => format!("at {old}"),
        _ => format!("old at {old}; new at {new}"),
    }
}

/// A line for each part of the file, with a bar.
fn share_table(inspection: &Inspection) -> Table {
    let whole = inspection.package_bytes;
    let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Left]);
    let mut row = |name: String, bytes: u64| {
        let filled = (bytes.saturating_mul(BAR_LEN) + whole / 2)
            .checked_div(whole)
            .unwrap_or(0);
        let bar: String = (0..filled).map(|_| '#').collect();
        table.row([
            name,
            format!("{} B", thousands(bytes)),
            percent(bytes, whole),
            bar,
        ]);
    };
    row("header".into(), inspection.header_bytes);
    let around = inspection
        .envelope_bytes
        .saturating_sub(inspection.manifest_bytes);
    row("envelope".into(), around);
    row("manifest".into(), inspection.manifest_bytes);
    for (number, payload) in inspection.payloads.iter().enumerate() {
        let stored = payload.page_bytes.saturating_add(payload.payload_bytes);
        if payload.missing_bytes > 0 {
            let there = stored.saturating_sub(payload.missing_bytes);
            row(format!("payload {number}, cut off"), there);
            continue;
        }
        if payload.page_bytes > 0 {
            row(format!("payload {number} index"), payload.page_bytes);
        }
        row(format!("payload {number}"), payload.payload_bytes);
    }
    if inspection.trailing_bytes > 0 {
        row("behind the end".into(), inspection.trailing_bytes);
    }
    table
}

fn warnings(inspection: &Inspection) -> String {
    let mut text = String::new();
    for (number, payload) in inspection.payloads.iter().enumerate() {
        if let Some(first) = payload.bad_blocks.first() {
            let _ = writeln!(
                text,
                "warning: payload {number} is damaged: {} of {} blocks, the first is block {first}",
                payload.bad_blocks.len(),
                payload.blocks,
            );
        }
    }
    for (number, payload) in inspection.payloads.iter().enumerate() {
        if payload.missing_bytes > 0 {
            let missing = thousands(payload.missing_bytes);
            let _ = writeln!(
                text,
                "warning: payload {number} is cut off: {missing} B are missing"
            );
        }
    }
    if inspection.trailing_bytes > 0 {
        let _ = writeln!(
            text,
            "warning: {} B follow the end of the package; every device refuses it",
            thousands(inspection.trailing_bytes)
        );
    }
    text
}

fn indented(table: &Table) -> String {
    table
        .to_string()
        .lines()
        .map(|line| format!("  {line}\n"))
        .collect()
}
