//! What an update waits for.

use sprag_verifier::Reason;

/// The reason, and when to try again.
pub(super) fn deferral(reason: &Reason, retry_after: u32) -> String {
    format!("{}; try again in {}", wait(reason), duration(retry_after))
}

fn wait(reason: &Reason) -> String {
    match *reason {
        Reason::Battery { need, have: 0 } => format!(
            "the update waits for {need} % of battery charge, this device has none or cannot tell"
        ),
        Reason::Battery { need, have } => {
            format!("the update waits for {need} % of battery charge, this device has {have} %")
        }
        Reason::Storage { need, have: 0 } => format!(
            "the update waits for {need} B of free storage, this device has none or cannot tell"
        ),
        Reason::Storage { need, have } => {
            format!("the update waits for {need} B of free storage, this device has {have} B")
        }
        Reason::Ram { need, have: 0 } => format!(
            "the update waits for {need} B of free RAM, this device has none or cannot tell"
        ),
        Reason::Ram { need, have } => {
            format!("the update waits for {need} B of free RAM, this device has {have} B")
        }
        Reason::Temperature { min, max, have } => {
            let range = match (min, max) {
                (i8::MIN, max) => format!("{max} degrees Celsius or less"),
                (min, i8::MAX) => format!("{min} degrees Celsius or more"),
                (min, max) => format!("{min} to {max} degrees Celsius"),
            };
            match have {
                Some(have) => format!("the update waits for {range}, this device has {have}"),
                None => format!("the update waits for {range}, this device cannot tell"),
            }
        }
        Reason::Window { need, have } => match have {
            Some(minute) => format!(
                "the update waits for {need} UTC, this device's clock says {:02}:{:02}",
                minute / 60,
                minute % 60
            ),
            None => format!("the update waits for {need} UTC, this device cannot tell the time"),
        },
        Reason::Link { tries } => format!("the link failed {tries} times"),
        _ => "the update waits for a reason that this build does not know".into(),
    }
}

fn duration(seconds: u32) -> String {
    let count = |number: u32, unit: &str| match number {
        1 => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    };
    match seconds {
        0..120 => count(seconds, "second"),
        120..7200 => count(seconds / 60, "minute"),
        _ => count(seconds / 3600, "hour"),
    }
}
