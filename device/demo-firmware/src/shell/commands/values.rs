//! Commands about what the node measures and controls.

use core::fmt::Write;

use super::{Outcome, Problem, hundredths, number, say};
use crate::channel::KINDS;
use crate::node::{Node, RULES};
use crate::rules::Rule;
use crate::settings;
use crate::telemetry::{self, Hundredths};
use crate::texts::Text;

pub(super) fn air(node: &mut Node, rest: &str) -> Outcome {
    let len: usize = number(rest)?;
    if len > 222 {
        return Err(Problem::Range);
    }
    for spreading in 7..=12 {
        let milliseconds = telemetry::air_time(len, spreading);
        let per_hour = 36_000 / milliseconds.max(1);
        write!(
            node.console,
            "SF{spreading:<2} {milliseconds:>6} ms, {per_hour:>4} an hour at 1 %\r\n"
        )?;
    }
    Ok(())
}

pub(super) fn bands(node: &mut Node, _: &str) -> Outcome {
    for (i, band) in node.spectrum.bands.into_iter().enumerate() {
        write!(node.console, "{i}: {band:>6} ")?;
        for _ in 0..(band / 32).min(60) {
            node.console.write_char('#')?;
        }
        node.console.write_str("\r\n")?;
    }
    match node.spectrum.worst() {
        Some((band, level, limit)) => {
            let text = node.text(Text::BearingWorn);
            write!(node.console, "{text} {band}: {level} > {limit}\r\n")?;
            Ok(())
        }
        None => say(node, Text::BearingGood),
    }
}

#[cfg(feature = "release-1-1")]
pub(super) fn filter(node: &mut Node, rest: &str) -> Outcome {
    if rest.is_empty() {
        for (channel, kind) in node.channels.iter().zip(&KINDS) {
            write!(node.console, "{:<8}{}\r\n", kind.key, channel.median.len())?;
        }
        return Ok(());
    }
    let len: i32 = number(rest)?;
    if len % 2 == 0 || !node.change(settings::MEDIAN, len) {
        return Err(Problem::Range);
    }
    node.note(0x120, len);
    say(node, Text::FilterSet)
}

pub(super) fn heater(node: &mut Node, rest: &str) -> Outcome {
    match rest {
        "" => {}
        "on" => node.heater.enabled = true,
        "off" => node.heater.enabled = false,
        "clear" => node.heater.clear(),
        degrees => {
            if !node.change(settings::HEATER_TARGET, hundredths(degrees)?) {
                return Err(Problem::Range);
            }
        }
    }
    let phase = node.text(node.heater.phase.text());
    let (target, power) = (
        Hundredths(node.heater.target),
        node.heater.power as f32 / 10.0,
    );
    write!(node.console, "{phase}: {target:.1} C, {power:.1} %\r\n")?;
    Ok(())
}

pub(super) fn report(node: &mut Node, _: &str) -> Outcome {
    let mut console = node.console;
    Ok(telemetry::print(node, &mut console)?)
}

pub(super) fn rule(node: &mut Node, rest: &str) -> Outcome {
    if rest.is_empty() {
        for (i, rule) in node.rules.iter().enumerate() {
            write!(
                node.console,
                "{i}: {}\r\n",
                if rule.is_some() { "active" } else { "-" }
            )?;
        }
        return Ok(());
    }
    let (index, expression) = rest.split_once(' ').unwrap_or((rest, ""));
    let index: usize = number(index)?;
    if index >= RULES {
        return Err(Problem::Range);
    }
    if expression.is_empty() {
        node.rules[index] = None;
        return Ok(());
    }
    match Rule::compile(expression) {
        Ok(rule) => {
            node.rules[index] = Some(rule);
            say(node, Text::RuleStored)
        }
        Err(error) => {
            node.note(error.fault(), index as i32);
            say(node, Text::RuleRefused)
        }
    }
}

pub(super) fn screen(node: &mut Node, _: &str) -> Outcome {
    node.draw();
    let mut console = node.console;
    Ok(node.display.print(&mut console)?)
}

pub(super) fn status(node: &mut Node, _: &str) -> Outcome {
    let mut console = node.console;
    for (channel, kind) in node.channels.iter().zip(&KINDS) {
        let (name, level) = (node.text(kind.name), node.text(channel.level.text()));
        let value = Hundredths(channel.value);
        write!(console, "{name:<20}{value:>12} {:<4}{level}", kind.unit)?;
        if channel.failures > 0 {
            write!(console, " ({} failures)", channel.failures)?;
        }
        console.write_str("\r\n")?;
    }
    write!(
        console,
        "{:<20}{:>12} C\r\n",
        node.text(Text::DewPoint),
        Hundredths(node.dew_point())
    )?;
    let phase = node.text(node.heater.phase.text());
    write!(
        console,
        "{phase:<20}{:>12.1} %\r\n",
        node.heater.power as f32 / 10.0
    )?;
    if node.channels[4].value < KINDS[4].low {
        write!(console, "{}\r\n", node.text(Text::BatteryLow))?;
    }
    let seconds = node.uptime() / 1000;
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    write!(
        console,
        "{}: {days} d {hours} h {} min\r\n",
        node.text(Text::Uptime),
        seconds / 60 % 60
    )?;
    Ok(())
}

#[cfg(feature = "release-1-1")]
pub(super) fn trend(node: &mut Node, rest: &str) -> Outcome {
    let mut console = node.console;
    for (i, kind) in KINDS
        .iter()
        .enumerate()
        .filter(|(_, kind)| rest.is_empty() || kind.key == rest)
    {
        let name = node.text(kind.name);
        let Some(slope) = node.slope(i) else {
            write!(console, "{name:<20}{}\r\n", node.text(Text::TrendShort))?;
            continue;
        };
        let slope = slope / 100.0;
        let direction = match slope {
            rising if rising > 0.05 => Text::TrendRising,
            falling if falling < -0.05 => Text::TrendFalling,
            _ => Text::TrendSteady,
        };
        write!(
            console,
            "{name:<20}{slope:>+10.2} {}/h, {}\r\n",
            kind.unit,
            node.text(direction)
        )?;
        if !rest.is_empty() {
            for value in node.trends[i].iter() {
                write!(console, "{}\r\n", Hundredths(value))?;
            }
        }
    }
    Ok(())
}
