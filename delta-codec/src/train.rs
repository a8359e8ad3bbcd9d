//! For the trainer of the priors: what a decoder's tables hold after a stream. Devices link none of
//! this.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::fifo::FIFO_LEN;
use crate::logistic;
use crate::machine::WINDOW_LEN;
use crate::map::Widths;
use crate::model::{BITS_FIXED, FLAGS_FIXED, WEIGHT_COUNT};
use crate::profile::Profile;
use crate::tables::{Counter, Tables};

/// Counters and weights that every profile has.
#[expect(missing_debug_implementations, reason = "a view of tables")]
pub struct State<'a> {
    tables: Tables<'a>,
}

/// A counter: probability of a one in 1/65536, and how many bits it has seen, up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Probability of a one, in 1/65536.
    pub one: u16,
    /// Bits seen, up to the counter's limit.
    pub count: u8,
}

impl Seen {
    fn of(counter: &Counter) -> Self {
        let [low, _] = *counter;
        Self {
            one: u16::from_le_bytes(*counter) & 0xfff0 | 8,
            count: low & 15,
        }
    }
}

impl<'a> State<'a> {
    /// Reads the workspace of a decoder of `profile`.
    #[must_use]
    pub fn of(workspace: &'a mut [u8], profile: Profile) -> Option<Self> {
        let slab = workspace.get_mut(FIFO_LEN.checked_add(WINDOW_LEN)?..)?;
        // The widths matter to the map only, which lies behind.
        let widths = Widths::of_lengths(1 << 20, 1 << 20, 1 << 20);
        let tables = Tables::split(slab, profile, widths)?;
        Some(Self { tables })
    }

    /// The counters of bits, numbers first.
    pub fn bits(&self) -> impl Iterator<Item = Seen> {
        self.tables
            .learned_values()
            .0
            .iter()
            .take(BITS_FIXED)
            .map(Seen::of)
    }

    /// The counters of flags.
    pub fn flags(&self) -> impl Iterator<Item = Seen> {
        self.tables
            .learned_values()
            .1
            .iter()
            .take(FLAGS_FIXED)
            .map(Seen::of)
    }

    /// The mixer weights, 16.16 fixed point.
    pub fn weights(&self) -> impl Iterator<Item = i32> {
        self.tables
            .learned_values()
            .2
            .iter()
            .take(WEIGHT_COUNT)
            .map(|weight| i32::from_le_bytes(*weight))
    }
}

/// The logit of a probability of one, as the coder takes it.
#[must_use]
pub fn stretch(one: u16) -> i32 {
    logistic::stretch(one)
}

static BLANK: AtomicBool = AtomicBool::new(false);

/// From now on, encoders and decoders begin without priors.
pub fn forget_priors() {
    BLANK.store(true, Ordering::Relaxed);
}

pub(crate) fn is_blank() -> bool {
    BLANK.load(Ordering::Relaxed)
}
