//! The register map: what can be read, and the names of it all.

use crate::RELEASE_1_1;
use crate::channel::KINDS;
use crate::node::Node;
use crate::settings;

type Read = fn(&Node) -> i32;

/// A measured or counted value, two registers each, from address 0 on.
pub(super) struct Input {
    name: &'static str,
    unit: &'static str,
    pub(super) read: Read,
}

const fn input(name: &'static str, unit: &'static str, read: Read) -> Input {
    Input { name, unit, read }
}

pub(super) static INPUTS: &[Input] = &[
    input("temperature", "0.01 C", |node| node.channels[0].value),
    input("humidity", "0.01 %", |node| node.channels[1].value),
    input("pressure", "Pa", |node| node.channels[2].value),
    input("illuminance", "0.01 lx", |node| node.channels[3].value),
    input("supply", "0.01 V", |node| node.channels[4].value),
    input("plate", "0.01 C", |node| node.channels[5].value),
    input("temperature.mean", "0.01 C", |node| mean(node, 0)),
    input("humidity.mean", "0.01 %", |node| mean(node, 1)),
    input("pressure.mean", "Pa", |node| mean(node, 2)),
    input("illuminance.mean", "0.01 lx", |node| mean(node, 3)),
    input("temperature.least", "0.01 C", |node| {
        node.channels[0].summary.least
    }),
    input("temperature.greatest", "0.01 C", |node| {
        node.channels[0].summary.greatest
    }),
    input("dew.point", "0.01 C", Node::dew_point),
    input("heater.phase", "", |node| {
        i32::from(node.heater.phase.number())
    }),
    input("heater.power", "0.1 %", |node| {
        node.heater.power.cast_signed()
    }),
    input("vibration.1", "", |node| {
        node.spectrum.bands[0].cast_signed()
    }),
    input("vibration.2", "", |node| {
        node.spectrum.bands[1].cast_signed()
    }),
    input("vibration.3", "", |node| {
        node.spectrum.bands[2].cast_signed()
    }),
    input("vibration.4", "", |node| {
        node.spectrum.bands[3].cast_signed()
    }),
    input("vibration.5", "", |node| {
        node.spectrum.bands[4].cast_signed()
    }),
    input("vibration.6", "", |node| {
        node.spectrum.bands[5].cast_signed()
    }),
    input("vibration.7", "", |node| {
        node.spectrum.bands[6].cast_signed()
    }),
    input("vibration.8", "", |node| {
        node.spectrum.bands[7].cast_signed()
    }),
    input("events", "", |node| node.log.total.cast_signed()),
    input("frames.good", "", |node| node.bus.good.cast_signed()),
    input("frames.bad", "", |node| node.bus.bad.cast_signed()),
    input("time", "s", |node| node.unix_time().cast_signed()),
    input("uptime", "s", |node| (node.uptime() / 1000).cast_signed()),
    #[cfg(feature = "release-1-1")]
    input("temperature.slope", "0.01 C/h", |node| {
        node.slope(0).map_or(i32::MIN, |slope| slope as i32)
    }),
    #[cfg(feature = "release-1-1")]
    input("pressure.slope", "Pa/h", |node| {
        node.slope(2).map_or(i32::MIN, |slope| slope as i32)
    }),
];

fn mean(node: &Node, channel: usize) -> i32 {
    node.channels[channel].summary.mean().unwrap_or(i32::MIN)
}

/// Objects of function 43: vendor, product, version, address of more, name.
#[cfg(feature = "release-1-1")]
pub(super) static IDENTIFICATION: [&str; 5] = [
    "Imaginary Instruments",
    "SN-4",
    crate::VERSION,
    "https://sensor-node.example",
    "Sensor node SN-4",
];

/// The register map, as the shell prints it.
pub(crate) fn print_map(node: &Node, out: &mut impl core::fmt::Write) -> core::fmt::Result {
    for (i, input) in INPUTS.iter().enumerate() {
        write!(
            out,
            "input   {:>5}  {:<22}{:>12} {}\r\n",
            i * 2,
            input.name,
            (input.read)(node),
            input.unit
        )?;
    }
    for (i, setting) in settings::SETTINGS.iter().enumerate() {
        write!(
            out,
            "holding {:>5}  {:<22}{:>12} {}\r\n",
            i * 2,
            setting.key,
            node.settings.get(i),
            setting.help
        )?;
    }
    for (i, kind) in KINDS.iter().enumerate() {
        write!(out, "bit     {i:>5}  alarm of {}\r\n", kind.key)?;
    }
    if RELEASE_1_1 {
        out.write_str("functions 1 2 3 4 5 6 8 16 17 23 43\r\n")
    } else {
        out.write_str("functions 1 2 3 4 5 6 8 16 17\r\n")
    }
}
