//! What `sprag simulate` prints.

use sprag_manifest::DeviceProfile;

use crate::cli::ui::{Align, Table, size, thousands};
use crate::error::Error;
use crate::simulate::Simulation;

/// Exit code 9 if the package must not ship.
pub(in crate::cli) fn verdict(result: &Simulation) -> Result<(), Error> {
    match result.failures.first() {
        None => Ok(()),
        Some(reason) => Err(Error::Gate {
            reason: reason.clone(),
        }),
    }
}

/// The tables.
pub(in crate::cli) fn simulated(result: &Simulation, profile: &DeviceProfile) -> String {
    let run = &result.uninterrupted;
    let cuts = &result.cuts;
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    let mut row = |label: &str, value: String, more: String| {
        table.row([label.to_owned(), value, more]);
    };
    row(
        "update",
        seconds(run.milliseconds),
        "without a fault, on a link that takes no time".into(),
    );
    row(
        "operations",
        thousands(run.operations),
        format!(
            "{} sectors erased, {} written",
            thousands(run.sectors_erased),
            size(run.bytes_written)
        ),
    );
    row(
        "wear",
        times(run.image_erases.into()),
        format!(
            "erased, a sector of the image ({} stated); behind it {}, record {}, staging {}",
            run.image_erases_bound, run.tail_erases, run.record_erases, run.staging_erases
        ),
    );
    row(
        "longest step",
        format!(
            "{}.{:01} ms",
            run.worst_step_us / 1000,
            run.worst_step_us % 1000 / 100
        ),
        format!(
            "{}, {} operations at most",
            run.worst_step, run.worst_step_operations
        ),
    );
    row(
        "task beside",
        format!("{} late", thousands(run.task_late)),
        format!(
            "of {} runs, each due within {} ms",
            thousands(run.task_runs),
            profile.task.period_ms
        ),
    );
    if run.millijoules > 0 {
        row(
            "energy",
            format!("{} mJ", thousands(run.millijoules)),
            String::new(),
        );
    }
    let sample = match cuts.operations_cut == cuts.operations {
        true => format!(
            "every one of {} operations, clean and torn",
            thousands(cuts.operations)
        ),
        false => format!(
            "{} of {} operations (seed {}), clean and torn",
            thousands(cuts.operations_cut),
            thousands(cuts.operations),
            cuts.seed
        ),
    };
    row("cuts", thousands(cuts.single), sample);
    row(
        "cut twice",
        thousands(cuts.double),
        "the second in the recovery from the first".into(),
    );
    row(
        "booted",
        thousands(cuts.booted_old),
        "times the old image".into(),
    );
    row("", thousands(cuts.booted_new), "times the new image".into());
    if cuts.went_on > 0 {
        let what = "times neither yet: the bootloader went on";
        row("", thousands(cuts.went_on), what.into());
    }
    row("", thousands(cuts.bricks), "times nothing".into());
    row(
        "no end",
        thousands(cuts.stuck),
        "updates that did not complete after a cut".into(),
    );
    row(
        "fetched again",
        size(cuts.refetched_bytes),
        "at most, after one cut".into(),
    );
    row(
        "recovery",
        seconds(cuts.recovery_ms),
        format!(
            "at most; a sector of the image erased {}",
            times(cuts.image_erases.into())
        ),
    );
    if let Some(back) = &result.way_back {
        row(
            "way back",
            thousands(back.single + back.double),
            format!(
                "cuts while the old image was made again: {} times nothing booted, {} without an end",
                back.bricks, back.stuck
            ),
        );
    }
    for (label, counts) in [
        ("bad sector", &result.flaws.bad_sectors),
        ("flaky read", &result.flaws.flaky_reads),
    ] {
        if counts.lives == 0 {
            continue;
        }
        let codes: Vec<String> = counts.codes.iter().map(|code| format!("E{code}")).collect();
        let codes = match codes.is_empty() {
            true => String::new(),
            false => format!(" ({})", codes.join(", ")),
        };
        let rest = match counts.unfinished {
            0 => String::new(),
            n => format!(", {n} with an only slot that cannot be made"),
        };
        row(
            label,
            thousands(counts.lives),
            format!(
                "updates: {} completed, {} refused with an image that boots{rest}, {} with none{codes}",
                counts.completed, counts.refused, counts.bricks
            ),
        );
    }
    let progress = &result.progress;
    row(
        "least power",
        progress
            .least_operations
            .map_or_else(|| "-".into(), thousands),
        match progress.operations_exact {
            true => "operations between cuts, and the update completes".into(),
            false => "operations between cuts, the least tried".into(),
        },
    );
    row(
        "",
        progress
            .least_milliseconds
            .map_or_else(|| "-".into(), seconds),
        match progress.power_ms {
            0 => "between cuts".into(),
            have => format!("between cuts; the device has {}", seconds(have)),
        },
    );
    if let Some(suffices) = progress.work_suffices {
        let holds = match suffices {
            true => "between cuts, as the manifest states; enough",
            false => "between cuts, as the manifest states; not enough",
        };
        row(
            "",
            format!("{} KiB", thousands(progress.stated_work.into())),
            format!("of work {holds}"),
        );
    }
    if let Some(link) = &result.link {
        let [lost, duplicated, reordered, corrupted] = link.datagrams;
        row(
            "over the link",
            seconds(link.milliseconds),
            format!(
                "{} requests, {} unanswered, {} parts refused",
                thousands(link.requests),
                thousands(link.unanswered),
                thousands(link.refused_parts)
            ),
        );
        row(
            "",
            size(link.extra_bytes),
            format!(
                "beyond the package; broken off {} times, {} tokens renewed",
                link.link_cuts, link.tokens
            ),
        );
        row(
            "",
            thousands(lost),
            format!(
                "datagrams lost, {} repeated, {} late, {} corrupted",
                thousands(duplicated),
                thousands(reordered),
                thousands(corrupted)
            ),
        );
    }
    let verdict = match result.may_ship {
        true => "may ship to this device\n".to_owned(),
        false => result
            .failures
            .iter()
            .map(|reason| format!("must not ship: {reason}\n"))
            .collect(),
    };
    format!("{table}\n{verdict}")
}

fn times(count: u64) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        _ => format!("{count} times"),
    }
}

fn seconds(milliseconds: u64) -> String {
    format!(
        "{}.{:03} s",
        thousands(milliseconds / 1000),
        milliseconds % 1000
    )
}
