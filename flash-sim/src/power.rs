//! When the power fails, and what an interrupted operation leaves behind.

#[cfg(test)]
mod tests;

use crate::geometry::Geometry;
use crate::log::{Operation, OperationKind};

/// What an operation that is cut leaves in the flash.
///
/// A torn style that meets the other kind of operation acts as that kind's torn style with the
/// same numbers, so that a sampled sweep need not know what it will cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CutStyle {
    /// The operation had not begun.
    Clean,
    /// A write programmed its first units, then part of the bits of the next one.
    ///
    /// A torn unit that differs from its erased state counts as written.
    TornWrite {
        /// Units that were programmed whole; if there are no more, the whole write is done.
        units_done: u32,
        /// Seed that picks the bits of the torn unit.
        garble: u64,
    },
    /// An erase cleared its first sectors and was interrupted in the next one.
    ///
    /// The units of that sector still count as written if they were. Some of its bits may be
    /// weak: they read differently from time to time, even where the sector looks erased, until
    /// they are programmed or the sector is erased again.
    PartialErase {
        /// Sectors that were erased whole; if there are no more, the whole erase is done.
        sectors_done: u32,
        /// The seed. Its remainder by 4 tells how far the erase got in the torn sector: 0 while
        /// erased bits were being programmed first, 1 halfway with weak bits, 2 nearly done (all
        /// reads as erased but for a few weak bits), 3 halfway without weak bits.
        seed: u64,
    },
    /// The operation was complete, but its caller never heard of it.
    AfterCompletion,
}

impl CutStyle {
    /// Every style in which a recorded operation can be cut: clean, torn at every write unit or
    /// in every sector in four ways, and after completion. None for a read.
    #[must_use]
    pub fn for_operation(operation: &Operation, geometry: &Geometry, seed: u64) -> Vec<Self> {
        let Operation { address, len, .. } = *operation;
        let torn: Vec<Self> = match operation.kind {
            OperationKind::Read => return Vec::new(),
            OperationKind::Write => (0..len / geometry.write_size())
                .map(|unit| Self::TornWrite {
                    units_done: unit,
                    garble: seed.wrapping_add(u64::from(unit)),
                })
                .collect(),
            OperationKind::Erase => {
                let sectors = geometry
                    .sectors()
                    .filter(|sector| (address..address + len).contains(&sector.start));
                let phase_seed = move |phase| seed.wrapping_mul(4).wrapping_add(phase);
                (0..)
                    .zip(sectors)
                    .flat_map(|(sectors_done, _)| {
                        (0..4).map(move |phase| Self::PartialErase {
                            sectors_done,
                            seed: phase_seed(phase),
                        })
                    })
                    .collect()
            }
        };
        [vec![Self::Clean], torn, vec![Self::AfterCompletion]].concat()
    }
}

/// The power supply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Power {
    #[default]
    On,
    /// Fails at the operation after `left` more.
    Failing {
        left: u64,
        style: CutStyle,
    },
    Off,
}

impl Power {
    /// Lets one operation begin; tells how it is cut if it is.
    pub(crate) fn begin_operation(&mut self) -> Option<CutStyle> {
        match self {
            Self::On | Self::Off => None,
            Self::Failing { left: 0, style } => {
                let style = *style;
                *self = Self::Off;
                Some(style)
            }
            Self::Failing { left, .. } => {
                *left -= 1;
                None
            }
        }
    }
}
