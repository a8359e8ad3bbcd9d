//! The node: everything that has state, and what it does when.

mod pages;

use core::fmt::Write;

use crate::channel::{self, Channel, KINDS, Level};
use crate::clock::{self, Moment};
use crate::control::Heater;
use crate::display::Display;
use crate::events::Log;
use crate::modbus::{self, Bus};
use crate::rules::Rule;
use crate::settings::{self, Loaded, Settings};
use crate::shell::Shell;
use crate::spectrum::Spectrum;
use crate::telemetry::{self, Hundredths};
use crate::texts::Text;
#[cfg(feature = "release-1-1")]
use crate::trend::Trend;
use crate::uart::Uart;
use crate::{VERSION, tables};

pub(crate) const RULES: usize = 4;
const CONTROL_PERIOD: u32 = 100;
const VIBRATION_INPUT: u8 = 12;

/// When each job last ran.
#[derive(Default)]
struct Timers {
    sample: u32,
    control: u32,
    page: u32,
    report: u32,
    #[cfg(feature = "release-1-1")]
    trend: u32,
    last_byte: u32,
}

pub(crate) struct Node {
    pub(crate) console: Uart,
    field_bus: Uart,
    pub(crate) settings: Settings,
    pub(crate) channels: [Channel; channel::COUNT],
    pub(crate) heater: Heater,
    pub(crate) spectrum: Spectrum,
    pub(crate) log: Log,
    pub(crate) bus: Bus,
    pub(crate) display: Display,
    pub(crate) rules: [Option<Rule>; RULES],
    #[cfg(feature = "release-1-1")]
    pub(crate) trends: [Trend; channel::COUNT],
    pub(crate) monitor: bool,
    shell: Shell,
    timers: Timers,
    page: usize,
    /// Seconds to add to the time since reset.
    epoch: Option<u32>,
    loaded: Loaded,
}

impl Node {
    pub(crate) fn new(console: Uart, field_bus: Uart) -> Self {
        let (settings, loaded) = Settings::load();
        let mut node = Self {
            console,
            field_bus,
            settings,
            channels: core::array::from_fn(|i| Channel::new(&KINDS[i])),
            heater: Heater::new(),
            spectrum: Spectrum::new(),
            log: Log::new(),
            bus: Bus::new(),
            display: Display::new(),
            rules: [None; RULES],
            #[cfg(feature = "release-1-1")]
            trends: [Trend::new(); channel::COUNT],
            monitor: false,
            shell: Shell::new(),
            timers: Timers::default(),
            page: 0,
            epoch: None,
            loaded,
        };
        node.adopt_settings();
        node
    }

    pub(crate) fn text(&self, text: Text) -> &'static str {
        text.in_language(self.settings.language())
    }

    pub(crate) fn uptime(&self) -> u32 {
        clock::now()
    }

    pub(crate) fn unix_time(&self) -> u32 {
        self.epoch.unwrap_or(0).wrapping_add(clock::now() / 1000)
    }

    /// Local time, once the clock has been set.
    pub(crate) fn local_time(&self) -> Option<Moment> {
        self.epoch?;
        let zone = self.settings.get(settings::TIME_ZONE) * 60;
        Some(Moment::from_unix(
            self.unix_time().saturating_add_signed(zone),
        ))
    }

    pub(crate) fn set_time(&mut self, unix: u32) {
        self.epoch = Some(unix.wrapping_sub(clock::now() / 1000));
    }

    pub(crate) fn note(&mut self, fault: u16, detail: i32) {
        let now = self.unix_time();
        self.log.push(now, fault, detail);
    }

    pub(crate) fn dew_point(&self) -> i32 {
        let temperature = self.channels[channel::TEMPERATURE].value;
        let humidity = self.channels[channel::HUMIDITY].value;
        tables::dew_point(temperature, humidity)
    }

    #[cfg(feature = "release-1-1")]
    pub(crate) fn slope(&self, channel: usize) -> Option<f32> {
        let period = self.settings.get(settings::TREND_PERIOD).unsigned_abs();
        self.trends[channel].slope(period)
    }

    /// Changes a setting and what depends on it; false if the value is out of bounds.
    pub(crate) fn change(&mut self, index: usize, value: i32) -> bool {
        let changed = self.settings.set(index, value);
        if changed {
            self.adopt_settings();
        }
        changed
    }

    fn adopt_settings(&mut self) {
        self.heater.target = self.settings.get(settings::HEATER_TARGET);
        self.heater.cut_out = self.settings.get(settings::HEATER_CUT_OUT);
        self.heater.pid.proportional = self.settings.get(settings::HEATER_CUT_OUT + 1);
        self.heater.pid.integral = self.settings.get(settings::HEATER_CUT_OUT + 2);
        self.heater.pid.derivative = self.settings.get(settings::HEATER_CUT_OUT + 3);
        for (i, channel) in self.channels.iter_mut().take(4).enumerate() {
            channel.offset = self.settings.get(settings::FIRST_OFFSET + i);
        }
        #[cfg(feature = "release-1-1")]
        {
            let median = usize::try_from(self.settings.get(settings::MEDIAN)).unwrap_or(1);
            for (channel, kind) in self.channels.iter_mut().zip(&KINDS) {
                if channel.median.len() != median | 1 {
                    channel.reset_filters(kind, median);
                }
            }
        }
    }

    /// Starts the hardware and says hello.
    pub(crate) fn greet(&mut self) {
        channel::start_converter();
        Heater::start();
        Display::start();
        match self.loaded {
            Loaded::Both => {}
            Loaded::One => self.note(0x011, 0),
            Loaded::Older => self.note(0x012, 0),
            Loaded::None => {
                self.note(0x010, 0);
                let text = self.text(Text::SettingsDamaged);
                let _ = write!(self.console, "\r\n{text}.");
            }
        }
        let (welcome, help) = (self.text(Text::Welcome), self.text(Text::TypeHelp));
        let _ = write!(
            self.console,
            "\r\nSN-4 {VERSION}: {welcome}\r\n{help}\r\n> "
        );
    }

    /// One turn of the main loop: whatever is due.
    pub(crate) fn poll(&mut self) {
        let period = |node: &Self, index: usize| node.settings.get(index).unsigned_abs();
        if let Some(byte) = self.console.receive() {
            self.take_console_byte(byte);
        }
        self.poll_field_bus();
        let (sample, report) = (
            period(self, settings::SAMPLE_PERIOD),
            period(self, settings::REPORT_PERIOD),
        );
        if clock::due(&mut self.timers.sample, sample) {
            self.sample();
        }
        if clock::due(&mut self.timers.control, CONTROL_PERIOD) {
            self.control();
        }
        let page = period(self, settings::FIRST_OFFSET + 4);
        if clock::due(&mut self.timers.page, page.max(1) * 1000) {
            self.page = if page == 0 { 0 } else { self.page + 1 };
            self.draw();
        }
        #[cfg(feature = "release-1-1")]
        self.poll_trends();
        if clock::due(&mut self.timers.report, report * 1000) {
            self.report();
        }
    }

    fn take_console_byte(&mut self, byte: u8) {
        // The shell is lent out so that its commands may use the whole node.
        let mut shell = core::mem::replace(&mut self.shell, Shell::new());
        shell.push(self, byte);
        self.shell = shell;
    }

    fn poll_field_bus(&mut self) {
        if let Some(byte) = self.field_bus.receive() {
            self.bus.push(byte);
            self.timers.last_byte = clock::now();
            return;
        }
        let silence = self.settings.get(settings::BUS_ADDRESS + 1).unsigned_abs();
        if !self.bus.is_receiving() || clock::now().wrapping_sub(self.timers.last_byte) < silence {
            return;
        }
        let address = u8::try_from(self.settings.get(settings::BUS_ADDRESS)).unwrap_or(1);
        if let Some(request) = self.bus.take(address)
            && let Some(reply) = modbus::answer(self, address, &request)
        {
            self.field_bus.send(reply.bytes());
        }
    }

    #[cfg(feature = "release-1-1")]
    fn poll_trends(&mut self) {
        let period = self.settings.get(settings::TREND_PERIOD).unsigned_abs();
        if clock::due(&mut self.timers.trend, period * 1000) {
            for (trend, channel) in self.trends.iter_mut().zip(&self.channels) {
                trend.push(channel.value);
            }
        }
    }

    fn sample(&mut self) {
        for (i, kind) in KINDS.iter().enumerate() {
            let failures = self.channels[i].failures;
            let crossing = self.channels[i].sample(kind);
            if self.channels[i].failures > failures && failures.is_multiple_of(1000) {
                self.note(0x020 + i as u16, i32::from(failures));
            }
            if let Some(crossing) = crossing {
                self.tell_crossing(i, &crossing);
            }
        }
        if let Some(counts) = channel::convert(VIBRATION_INPUT)
            && self.spectrum.push(counts)
            && let Some((band, level, limit)) = self.spectrum.worst()
        {
            let fault = if level > limit * 3 {
                0x042
            } else if level > limit * 2 {
                0x041
            } else {
                0x040
            };
            self.note(fault, band as i32);
        }
        let values = core::array::from_fn(|i| self.channels[i].value);
        for i in 0..RULES {
            let Some(rule) = self.rules[i] else { continue };
            match rule.run(&values) {
                Ok(0) => {}
                Ok(_) if self.monitor => {
                    let _ = write!(self.console, "rule {i} holds\r\n");
                }
                Ok(_) => {}
                Err(error) => {
                    self.rules[i] = None;
                    self.note(error.fault(), i as i32);
                }
            }
        }
    }

    fn tell_crossing(&mut self, i: usize, crossing: &channel::Crossing) {
        let value = self.channels[i].value;
        let fault = 0x030 + 2 * i as u16;
        match crossing.to {
            Level::Low => self.note(fault, value),
            Level::High => self.note(fault + 1, value),
            Level::Normal | Level::Unknown => {}
        }
        if self.monitor && crossing.from != Level::Unknown {
            let (name, level) = (self.text(KINDS[i].name), self.text(crossing.to.text()));
            let _ = write!(
                self.console,
                "{name}: {} {}, {level}\r\n",
                Hundredths(value),
                KINDS[i].unit
            );
        }
    }

    fn control(&mut self) {
        let plate = &self.channels[channel::COUNT - 1];
        let plate = if plate.summary.count == 0 {
            None
        } else {
            Some(plate.value)
        };
        if let Some(fault) = self.heater.step(clock::now(), plate) {
            self.note(fault, plate.unwrap_or(0));
        }
    }

    fn report(&mut self) {
        let mut buffer = [0; 222];
        let len = telemetry::encode(self, &mut buffer).map(<[u8]>::len);
        if let Some(len) = len {
            let spreading = if len < 51 {
                12
            } else if len < 115 {
                9
            } else {
                7
            };
            let air = telemetry::air_time(len, spreading);
            if self.monitor {
                let _ = write!(self.console, "report: {len} bytes, {air} ms on air\r\n");
            }
        } else {
            self.note(0x062, 0);
        }
        for channel in &mut self.channels {
            channel.summary = crate::filter::Summary::EMPTY;
        }
    }
}
