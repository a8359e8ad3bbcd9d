//! Firmware of an imaginary sensor node, built in two releases so that Sprag has an honest update to show.
//!
//! The node measures temperature, humidity, pressure and vibration, drives a heater, answers Modbus RTU on
//! one line and a command shell on another, shows a page on a small display and sends telemetry. Its registers
//! are those of a common Cortex-M4 part; nothing else about it is real. Release 1.1.0 (feature `release-1-1`)
//! corrects a calibration table, adds a median filter with its command, two Modbus functions and a trend
//! store, and rewords some texts: the kind of change that moves code and shifts pointers.

#![no_std]
#![no_main]

mod calibration;
mod cbor;
mod channel;
mod clock;
mod control;
mod crc;
mod display;
mod events;
mod faults;
mod filter;
mod font;
mod modbus;
mod node;
mod registers;
mod rules;
mod settings;
mod sha256;
mod shell;
mod spectrum;
mod start;
mod tables;
mod telemetry;
mod texts;
#[cfg(feature = "release-1-1")]
mod trend;
mod uart;

use crate::node::Node;

/// Whether this is release 1.1.0; the code of the other release folds away.
pub(crate) const RELEASE_1_1: bool = cfg!(feature = "release-1-1");

/// The version that the banner, the shell, Modbus and telemetry report.
pub(crate) const VERSION: &str = if RELEASE_1_1 { "1.1.0" } else { "1.0.0" };

/// Runs for ever; called by the reset handler once memory is initialised.
fn main() -> ! {
    let console = uart::Uart::console();
    let field_bus = uart::Uart::field_bus();
    console.start(115_200);
    field_bus.start(19_200);
    clock::start();
    let mut node = Node::new(console, field_bus);
    node.greet();
    loop {
        node.poll();
    }
}
