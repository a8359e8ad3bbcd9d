//! The heater: a PID controller in fixed point and the state machine around it.

use crate::RELEASE_1_1;
use crate::registers::Register;
use crate::texts::Text;

const TIMER_COMPARE: Register = Register::at(0x4000_0034);
const TIMER_RELOAD: Register = Register::at(0x4000_002C);
const TIMER_CONTROL: Register = Register::at(0x4000_0000);
const PERIOD: u32 = 1_000;

/// Gains in Q16; errors are in hundredths of a degree, the output in thousandths of full power.
pub(crate) struct Pid {
    pub(crate) proportional: i32,
    pub(crate) integral: i32,
    pub(crate) derivative: i32,
    sum: i64,
    last: Option<i32>,
    slope: i64,
}

impl Pid {
    const LIMIT: i64 = (PERIOD as i64) << 16;

    pub(crate) const fn new(proportional: i32, integral: i32, derivative: i32) -> Self {
        Self {
            proportional,
            integral,
            derivative,
            sum: 0,
            last: None,
            slope: 0,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.sum = 0;
        self.last = None;
        self.slope = 0;
    }

    /// One step: the power, 0 to 1000.
    pub(crate) fn step(&mut self, target: i32, measured: i32) -> u32 {
        let error = i64::from(target) - i64::from(measured);
        let change = self
            .last
            .map_or(0, |last| i64::from(last) - i64::from(measured));
        self.last = Some(measured);
        // The slope is smoothed over four steps, for it amplifies noise.
        self.slope = if RELEASE_1_1 {
            self.slope + (change * 256 - self.slope) / 4
        } else {
            change * 256
        };
        let proportional = i64::from(self.proportional) * error;
        let derivative = i64::from(self.derivative) * self.slope / 256;
        let trial = self.sum + i64::from(self.integral) * error;
        let output = proportional + trial + derivative;
        // The integral stands still while the output is saturated and the error would drive it further.
        let winding_up = (output > Self::LIMIT && error > 0) || (output < 0 && error < 0);
        if !(RELEASE_1_1 && winding_up) {
            self.sum = trial.clamp(-Self::LIMIT, Self::LIMIT);
        }
        let output = (proportional + self.sum + derivative).clamp(0, Self::LIMIT);
        (output >> 16) as u32
    }
}

/// What the heater is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Off,
    WarmUp { since: u32 },
    Holding { since: u32 },
    CoolDown { since: u32 },
    Locked { fault: u16 },
}

impl Phase {
    pub(crate) fn text(self) -> Text {
        match self {
            Self::Off => Text::HeaterOff,
            Self::WarmUp { .. } => Text::HeaterWarmUp,
            Self::Holding { .. } => Text::HeaterHolding,
            Self::CoolDown { .. } => Text::HeaterCoolDown,
            Self::Locked { .. } => Text::HeaterLocked,
        }
    }

    pub(crate) fn number(self) -> u16 {
        match self {
            Self::Off => 0,
            Self::WarmUp { .. } => 1,
            Self::Holding { .. } => 2,
            Self::CoolDown { .. } => 3,
            Self::Locked { fault } => 0x8000 | fault,
        }
    }
}

/// The heater under control.
pub(crate) struct Heater {
    pub(crate) pid: Pid,
    pub(crate) phase: Phase,
    pub(crate) target: i32,
    pub(crate) power: u32,
    pub(crate) enabled: bool,
    /// Above this a heater is locked until a person clears it, in hundredths of a degree.
    pub(crate) cut_out: i32,
}

/// Longest time from cold to warm, in milliseconds.
const WARM_UP_LIMIT: u32 = if RELEASE_1_1 { 900_000 } else { 600_000 };
const COOL_DOWN: u32 = 60_000;
const FAULT_OVER_TEMPERATURE: u16 = 0x101;
const FAULT_NEVER_WARM: u16 = 0x102;
const FAULT_SENSOR: u16 = 0x103;

impl Heater {
    pub(crate) const fn new() -> Self {
        Self {
            pid: Pid::new(24_000, 310, 98_000),
            phase: Phase::Off,
            target: 4_000,
            power: 0,
            enabled: false,
            cut_out: 9_500,
        }
    }

    pub(crate) fn start() {
        TIMER_RELOAD.write(PERIOD);
        TIMER_CONTROL.set(1);
    }

    /// One step at `now`; tells a new fault.
    pub(crate) fn step(&mut self, now: u32, plate: Option<i32>) -> Option<u16> {
        let before = self.phase;
        self.phase = self.next_phase(now, plate);
        self.power = match (self.phase, plate) {
            (Phase::WarmUp { .. } | Phase::Holding { .. }, Some(plate)) => {
                self.pid.step(self.target, plate)
            }
            _ => {
                self.pid.reset();
                0
            }
        };
        TIMER_COMPARE.write(self.power);
        match self.phase {
            Phase::Locked { fault } if before != self.phase => Some(fault),
            _ => None,
        }
    }

    fn next_phase(&self, now: u32, plate: Option<i32>) -> Phase {
        if let Phase::Locked { .. } = self.phase {
            return self.phase;
        }
        let Some(plate) = plate else {
            return if self.enabled {
                Phase::Locked {
                    fault: FAULT_SENSOR,
                }
            } else {
                Phase::Off
            };
        };
        if plate > self.cut_out {
            return Phase::Locked {
                fault: FAULT_OVER_TEMPERATURE,
            };
        }
        match self.phase {
            Phase::Off if self.enabled => Phase::WarmUp { since: now },
            Phase::WarmUp { .. } | Phase::Holding { .. } if !self.enabled => {
                Phase::CoolDown { since: now }
            }
            Phase::WarmUp { since } if now.wrapping_sub(since) > WARM_UP_LIMIT => Phase::Locked {
                fault: FAULT_NEVER_WARM,
            },
            Phase::WarmUp { .. } if (self.target - plate).abs() < 100 => {
                Phase::Holding { since: now }
            }
            Phase::Holding { .. } if self.target - plate > 1_000 => Phase::WarmUp { since: now },
            Phase::CoolDown { since } if now.wrapping_sub(since) > COOL_DOWN => Phase::Off,
            phase => phase,
        }
    }

    pub(crate) fn clear(&mut self) {
        if let Phase::Locked { .. } = self.phase {
            self.phase = Phase::Off;
            self.enabled = false;
        }
    }
}
