//! Reports: CBOR for the radio, a line of JSON for the console.

use core::fmt::{self, Write};

use crate::cbor::Writer;
use crate::channel::{self, KINDS};
use crate::node::Node;
use crate::{RELEASE_1_1, VERSION};

/// Radio channels by region: name, first frequency in kilohertz, spacing, number, air time per hour in seconds.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) first: u32,
    pub(crate) spacing: u16,
    pub(crate) count: u8,
    pub(crate) air_time: u16,
}

pub(crate) static PLANS: [Plan; 8] = [
    Plan {
        name: "EU863",
        first: 867_100,
        spacing: 200,
        count: 8,
        air_time: 36,
    },
    Plan {
        name: "EU433",
        first: 433_175,
        spacing: 200,
        count: 3,
        air_time: 360,
    },
    Plan {
        name: "US902",
        first: 902_300,
        spacing: 200,
        count: 64,
        air_time: 3_600,
    },
    Plan {
        name: "AU915",
        first: 915_200,
        spacing: 200,
        count: 64,
        air_time: 3_600,
    },
    Plan {
        name: "AS923",
        first: 923_200,
        spacing: 200,
        count: 8,
        air_time: 36,
    },
    Plan {
        name: "KR920",
        first: 922_100,
        spacing: 200,
        count: 7,
        air_time: 3_600,
    },
    Plan {
        name: "IN865",
        first: 865_063,
        spacing: 340,
        count: 3,
        air_time: 3_600,
    },
    Plan {
        name: "CN470",
        first: 470_300,
        spacing: 200,
        count: 96,
        air_time: 3_600,
    },
];

/// Milliseconds on air of a frame of `len` bytes at a spreading factor, 125 kHz wide.
pub(crate) fn air_time(len: usize, spreading: u32) -> u32 {
    let symbol = (1_u32 << spreading) * 8;
    let slow = spreading >= 11;
    let bits = 8 * (len as i32 + 13) - 4 * spreading as i32 + 28 + 16 - 20;
    let per_group = 4 * (spreading as i32 - if slow { 2 } else { 0 });
    let groups = (bits.max(0) + per_group - 1) / per_group;
    let quarters = 49 + 4 * (8 + groups as u32 * 5);
    quarters * symbol / 4 / 1000
}

/// One report in CBOR; nothing if it does not fit.
pub(crate) fn encode<'b>(node: &Node, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut out = Writer::new(buffer);
    out.map(if RELEASE_1_1 { 7 } else { 6 });
    out.text("v");
    out.text(VERSION);
    out.text("t");
    out.uint(node.unix_time());
    out.text("c");
    out.array(channel::COUNT);
    for channel in &node.channels {
        out.array(4);
        out.int(channel.value);
        out.int(channel.summary.mean().unwrap_or(channel.value));
        // Release 1.0.0 sent these two the wrong way round.
        let (first, second) = if RELEASE_1_1 {
            (channel.summary.least, channel.summary.greatest)
        } else {
            (channel.summary.greatest, channel.summary.least)
        };
        out.int(first);
        out.int(second);
    }
    out.text("d");
    out.int(node.dew_point());
    out.text("h");
    out.array(2);
    out.uint(u32::from(node.heater.phase.number()));
    out.uint(node.heater.power);
    out.text("b");
    out.array(node.spectrum.bands.len());
    for band in node.spectrum.bands {
        out.uint(band);
    }
    if RELEASE_1_1 {
        out.text("e");
        out.uint(node.log.total);
    }
    out.finish()
}

/// Hundredths as a decimal number.
pub(crate) struct Hundredths(pub(crate) i32);

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0 as f32 / 100.0;
        match f.precision() {
            Some(precision) => write!(f, "{value:.precision$}"),
            None => write!(f, "{value:.2}"),
        }
    }
}

/// One report as a line of JSON.
pub(crate) fn print(node: &Node, out: &mut impl Write) -> fmt::Result {
    write!(
        out,
        "{{\"version\":\"{VERSION}\",\"time\":{}",
        node.unix_time()
    )?;
    for (channel, kind) in node.channels.iter().zip(&KINDS) {
        let value = Hundredths(channel.value);
        write!(
            out,
            ",\"{}\":{{\"value\":{value},\"unit\":\"{}\"",
            kind.key, kind.unit
        )?;
        if let Some(mean) = channel.summary.mean() {
            let (least, greatest) = (channel.summary.least, channel.summary.greatest);
            write!(
                out,
                ",\"mean\":{},\"least\":{},\"greatest\":{},\"readings\":{}",
                Hundredths(mean),
                Hundredths(least),
                Hundredths(greatest),
                channel.summary.count
            )?;
        }
        out.write_char('}')?;
    }
    write!(
        out,
        ",\"dew_point\":{:.1},\"bands\":[",
        Hundredths(node.dew_point())
    )?;
    for (i, band) in node.spectrum.bands.iter().enumerate() {
        write!(out, "{}{band}", if i == 0 { "" } else { "," })?;
    }
    write!(
        out,
        "],\"heater\":{{\"phase\":{},\"power\":{}}}}}\r\n",
        node.heater.phase.number(),
        node.heater.power
    )
}
