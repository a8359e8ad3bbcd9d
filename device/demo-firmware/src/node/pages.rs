//! What the display shows, a page at a time.

use core::fmt::Write;

use crate::channel::{self, KINDS};
use crate::display::{Display, Size};
use crate::faults::Severity;
use crate::node::Node;
use crate::telemetry::Hundredths;
use crate::texts::Text;
use crate::{RELEASE_1_1, VERSION};

impl Node {
    /// Draws the current page.
    pub(crate) fn draw(&mut self) {
        let pages = channel::COUNT + 3;
        let page = self.page % pages;
        let mut display = core::mem::replace(&mut self.display, Display::new());
        display.clear();
        // Writing to the frame cannot fail.
        let _ = match page.checked_sub(channel::COUNT) {
            None => self.draw_channel(&mut display, page),
            Some(0) => self.draw_heater(&mut display),
            Some(1) => self.draw_spectrum(&mut display),
            Some(_) => self.draw_state(&mut display),
        };
        display.show();
        self.display = display;
    }

    fn draw_channel(&self, display: &mut Display, page: usize) -> core::fmt::Result {
        let (channel, kind) = (&self.channels[page], &KINDS[page]);
        write!(display, "{}", self.text(kind.name))?;
        display.move_to(0, 14, Size::Large);
        write!(display, "{:>6.1}", Hundredths(channel.value))?;
        display.move_to(0, 50, Size::Small);
        write!(display, "{} {}", kind.unit, self.text(channel.level.text()))
    }

    fn draw_heater(&self, display: &mut Display) -> core::fmt::Result {
        writeln!(display, "{}", self.text(self.heater.phase.text()))?;
        writeln!(display, "{} C", Hundredths(self.heater.target))?;
        display.bar(30, 12, self.heater.power);
        display.move_to(0, 50, Size::Small);
        write!(
            display,
            "{}.{} %",
            self.heater.power / 10,
            self.heater.power % 10
        )
    }

    fn draw_spectrum(&self, display: &mut Display) -> core::fmt::Result {
        write!(display, "{}", self.text(Text::Vibration))?;
        for (i, band) in (0_i32..).zip(self.spectrum.bands) {
            let height = (band / 24).min(48).cast_signed();
            for x in i * 16..i * 16 + 12 {
                display.line((x, 63), (x, 63 - height));
            }
        }
        Ok(())
    }

    fn draw_state(&self, display: &mut Display) -> core::fmt::Result {
        writeln!(display, "SN-4 {VERSION}")?;
        match self.local_time() {
            Some(moment) => writeln!(display, "{moment}")?,
            None => writeln!(display, "{}", self.text(Text::ClockUnset))?,
        }
        match self.log.worst() {
            Some(Severity::Stop | Severity::Warning) => {
                writeln!(display, "{}", self.text(Text::ServiceNeeded))?
            }
            _ => writeln!(display, "{}", self.text(Text::NoFaults))?,
        }
        if RELEASE_1_1 {
            writeln!(
                display,
                "{} {}",
                self.text(Text::DewPoint),
                Hundredths(self.dew_point())
            )?;
        }
        Ok(())
    }
}
